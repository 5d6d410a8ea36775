import { join } from 'node:path'
import type { StepContext } from '../model/runbook.ts'
import { isolated, keyFiles, keysDir, stopped } from './subjects.ts'

/** Stops the isolated daemon the polite way and removes what only it needed. */
export async function tearDown(context: StepContext): Promise<void> {
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
