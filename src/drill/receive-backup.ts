import { join } from 'node:path'
import type { CreatedArchive } from '../model/archive.ts'
import type { StepContext } from '../model/runbook.ts'
import { type Incoming, incoming, keysDir, made, offLimits, restorePlace, site, source } from './subjects.ts'

/** Unpacked trees may share nothing with archives; counterproofs link files, so they cost little more. */
const ROOM_FACTOR = 1.2

/** Takes over what the backup in this same run made. */
export async function receiveBackup(context: StepContext): Promise<void> {
  const { run, tools, values } = context
  const origin = values.get(source)
  const parts = values.get(made)
  const keys = join(run.scratchDir, 'keys')
  const directory = join(run.scratchDir, 'restored')
  for (const path of [keys, directory]) await tools.files.makeDirectory(path)

  const receive = (archive: CreatedArchive): Incoming => ({
    path: archive.archivePath,
    open: () => tools.archives.alteredStream(archive.archivePath, {}),
    expectedSha256: archive.sha256,
    manifest: archive.manifest,
    reading: {},
  })
  const treeBytes = parts.state.manifest.totals.sizeBytes + parts.workspace.manifest.totals.sizeBytes
  context.set(incoming, { state: receive(parts.state), workspace: receive(parts.workspace) })
  context.set(site, { binary: origin.binary, routesFile: origin.routesFile, masterKeyFile: origin.masterKeyFile })
  context.set(keysDir, keys)
  context.set(offLimits, [origin.stateRoot, origin.workspaceRoot])
  context.set(restorePlace, {
    directory,
    neededBytes: Math.ceil(treeBytes * ROOM_FACTOR),
    live: [origin.stateRoot, origin.workspaceRoot],
  })
  run.fact('archive.state.sha256', parts.state.sha256)
  run.fact('archive.workspace.sha256', parts.workspace.sha256)
}
