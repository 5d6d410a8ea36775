import type { ParamConflict, ParamSpec, PlanInput, Way } from '../../model/runbook.ts'
import { isIsolated, suiteConflict, suiteParams } from '../../suite/params.ts'
import { consumerParams } from '../consumers.ts'
import { deliverConflict, deliverParams } from '../deliver.ts'

const { 'token-file': _reading, 'state-root': _root, 'allow-write': _write, ...reaching } = suiteParams

/** What a rotation of something that lies in a slot of the daemon takes, whatever it is. */
export const slotRotationParams: Readonly<Record<string, ParamSpec>> = {
  ...reaching,
  'admin-token-file': { ...reaching['admin-token-file']!, describe: 'its admin token: only that may set slots' },
  binary: {
    ...reaching['binary']!,
    describe: 'the daemon’s binary, whose client sets the slot; the stand-in brings its own',
  },
  ...deliverParams,
  ...consumerParams,
}

export const RUNNING: Readonly<Record<string, string>> = {
  'base-url': 'http://127.0.0.1:4000',
  'admin-token-file': '/keys/admin-token',
  binary: '/usr/local/bin/daemon',
}

export const wayOnRunning = (params: Readonly<Record<string, string>>): readonly Way[] => [
  { title: 'On a running daemon', params: { ...RUNNING, ...params } },
]

/**
 * Why these parameters do not go together, or undefined.
 *
 * @param wanted - parameters without which nothing says what is rotated on a running daemon
 * @param others - parameters that only a running daemon has a use for
 */
export function slotRotationConflict(
  input: PlanInput,
  wanted: readonly string[],
  others: readonly string[] = [],
): ParamConflict | undefined {
  const { params, target } = input
  if (isIsolated(input)) {
    const stray = [...wanted, ...others].find(name => params[name] !== undefined)
    if (stray !== undefined)
      return {
        message: `${stray}= belongs to a running daemon, and no base-url= says which`,
        hint: '--param base-url=URL',
      }
    return deliverConflict(input) ?? suiteConflict(input)
  }
  const named = params['base-url'] !== undefined
  const missing = ['admin-token-file', ...wanted].find(name => params[name] === undefined)
  if (named && missing !== undefined)
    return { message: `${missing}= is not given for a daemon that runs`, hint: `--param ${missing}=…` }
  if (named && params.binary === undefined && target.bundledBinary === undefined)
    return { message: 'the slot is set by the daemon’s own client', hint: '--param binary=/usr/local/bin/daemon' }
  return deliverConflict(input) ?? suiteConflict(input)
}
