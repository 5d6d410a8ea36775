import { join } from 'node:path'
import type { CreatedArchive } from '../model/archive.ts'
import type { StepContext } from '../model/runbook.ts'
import { packing } from './backup-params.ts'
import { deployment } from './backup-subjects.ts'
import { backupDir, made, type Part } from './subjects.ts'

/** Archives both roots at the same time. Where one fails, the other one's archive goes too: half a backup is none. */
export async function archiveRoots(context: StepContext): Promise<void> {
  const { params, tools, run, signal } = context
  const { stateRoot, workspaceRoot, outDir } = context.values.get(deployment)
  const { compression, recipients, extension } = packing(params)
  const create = (sourceDir: string, part: Part) =>
    tools.archives.create({
      sourceDir,
      archivePath: join(outDir, `${part}${extension}`),
      compression,
      recipients,
      signal,
    })

  await tools.files.makeDirectory(outDir)
  const [state, workspace] = await Promise.allSettled([
    create(stateRoot, 'state'),
    workspaceRoot === undefined ? undefined : create(workspaceRoot, 'workspace'),
  ])
  if (state.status === 'rejected' || workspace.status === 'rejected') {
    for (const one of [state, workspace])
      if (one.status === 'fulfilled' && one.value !== undefined) await tools.files.remove(one.value.archivePath)
    throw state.status === 'rejected' ? state.reason : (workspace as PromiseRejectedResult).reason
  }
  const archives: readonly CreatedArchive[] = [state.value, ...(workspace.value === undefined ? [] : [workspace.value])]
  for (const finding of archives.flatMap(archive => archive.findings))
    run.assume(`archive: ${finding.path}: ${finding.detail}`)
  context.set(backupDir, outDir)
  context.set(made, { state: state.value, ...(workspace.value === undefined ? {} : { workspace: workspace.value }) })
}
