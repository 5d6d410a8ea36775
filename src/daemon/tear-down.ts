import { join } from 'node:path'
import type { AnyCheck } from '../model/check.ts'
import type { Step, StepContext } from '../model/runbook.ts'
import { isolated, keyFiles, keysDir, stopped } from './subjects.ts'

/** The step that does so, and asks for proof. */
export function tearDownStep(nothingLeft: AnyCheck): Step {
  return {
    id: 'tear-down',
    title: 'Stop the isolated daemon and remove its keys, with proof',
    effect: 'read',
    timeoutMs: 60_000,
    yields: [stopped, keyFiles],
    afterFailure: [isolated],
    run: { describe: 'SIGTERM, grace, end of the namespaces; remove key and token files', execute: tearDown },
    verify: [nothingLeft],
  }
}

/** Stops the isolated daemon the polite way and removes what only it needed. */
async function tearDown(context: StepContext): Promise<void> {
  const { files } = context.tools
  const keys = context.values.get(keysDir)
  const { instance } = context.values.get(isolated)
  // Looked up first: a directory that is gone has no files, whatever became of them.
  context.set(
    keyFiles,
    (await files.walk(keys)).map(name => join(keys, name)),
  )
  context.set(stopped, await instance.stop({ graceMs: 10_000 }))
  await files.remove(keys)
}
