import { join } from 'node:path'
import type { StepContext } from '../model/runbook.ts'
import { type Incoming, incoming, type Restored, restorePlace } from './subjects.ts'

/** Reads every archive strictly and unpacks what was accepted, each part into a directory of its own. */
export async function unpackParts(context: StepContext): Promise<Restored> {
  const { directory } = context.values.get(restorePlace)
  const { state, workspace } = context.values.get(incoming)
  const stateRoot = join(directory, 'state')
  const workspaceRoot = join(directory, 'workspace')
  for (const path of [stateRoot, workspaceRoot]) await context.tools.files.makeDirectory(path)

  const unpack = (archive: Incoming, into: string) =>
    context.tools.archives.unpack({
      open: archive.open,
      name: archive.path,
      into,
      signal: context.signal,
      ...archive.reading,
    })
  const unpackedState = await unpack(state, stateRoot)
  const unpackedWorkspace = workspace === undefined ? undefined : await unpack(workspace, workspaceRoot)
  for (const finding of [...unpackedState.findings, ...(unpackedWorkspace?.findings ?? [])]) {
    context.run.assume(`archive: ${finding.path}: ${finding.detail}`)
  }
  return { stateRoot, workspaceRoot, state: unpackedState, workspace: unpackedWorkspace }
}
