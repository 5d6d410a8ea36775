import { join } from 'node:path'
import type { Manifest } from '../model/archive.ts'
import type { StepContext } from '../model/runbook.ts'
import { type Incoming, incoming, type Part, type Restored, restorePlace, snapshot } from './subjects.ts'

/** Puts each part into a directory of its own, out of an archive or a snapshot, whose every entry was accepted. */
export async function unpackParts(context: StepContext): Promise<Restored> {
  const { tools, values } = context
  const { directory } = values.get(restorePlace)
  const { state, workspace } = values.get(incoming)
  const stateRoot = join(directory, 'state')
  const workspaceRoot = join(directory, 'workspace')
  const mounted = values.find(snapshot)

  const readSha256: Partial<Record<Part, string>> = {}

  const place = async (part: Part, archive: Incoming, into: string): Promise<Manifest> => {
    if (mounted !== undefined) {
      const copied = await tools.archives.copyTree({ sourceDir: archive.path, into, signal: context.signal })
      for (const finding of copied.findings) context.run.assume(`snapshot: ${finding.path}: ${finding.detail}`)
      return copied.manifest
    }
    await tools.files.makeDirectory(into)
    const unpack = () =>
      tools.archives.unpack({
        open: archive.open,
        name: archive.path,
        into,
        signal: context.signal,
        ...archive.reading,
      })
    const { decrypt } = archive.reading
    const byCommand = decrypt !== undefined && 'command' in decrypt
    const unpacked = await (byCommand ? context.recorded({ argv: decrypt.command }, unpack) : unpack())
    for (const finding of unpacked.findings) context.run.assume(`archive: ${finding.path}: ${finding.detail}`)
    readSha256[part] = unpacked.sha256
    return unpacked.manifest
  }

  const ownersKept = tools.archives.keepsOwners()
  if (!ownersKept) {
    context.run.assume(
      'owners of the restored files are right: owners were not restored, since runproof does not run as root',
    )
  }
  for (const path of [stateRoot, workspaceRoot, join(directory, 'counterproofs')])
    await tools.claims.makeDirectory(path)
  const stateManifest = await place('state', state, stateRoot)
  const workspaceManifest = workspace === undefined ? undefined : await place('workspace', workspace, workspaceRoot)
  if (workspace === undefined) await tools.files.makeDirectory(workspaceRoot)
  const manifests = { state: stateManifest, workspace: workspaceManifest }
  return { stateRoot, workspaceRoot, manifests, readSha256, ownersKept }
}
