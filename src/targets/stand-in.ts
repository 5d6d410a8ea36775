import { join } from 'node:path'
import type { Target } from '../model/target.ts'
import kheish from './kheish.ts'

/** The embedded reference daemon. Speaks the same contract, is never called real, and can seed itself and misbehave on request. */
const standIn: Target = {
  ...kheish,
  id: 'stand-in',
  title: 'stand-in daemon',
  real: false,
  capabilities: [...kheish.capabilities, 'seed', 'faults'],
  bundledBinary: join(import.meta.dirname, '..', '..', 'fixtures', 'kheish-daemon', 'kheish-daemon'),
}

export default standIn
