import type { StepContext } from '../model/runbook.ts'
import { isolated, keysDir, stopped } from './subjects.ts'

/** Stops the isolated daemon the polite way and removes what only it needed. */
export async function tearDown(context: StepContext): Promise<void> {
  const { instance } = context.values.get(isolated)
  context.set(stopped, await instance.stop({ graceMs: 10_000 }))
  await context.tools.files.remove(context.values.get(keysDir))
}
