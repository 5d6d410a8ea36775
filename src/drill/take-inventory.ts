import type { CheckContext } from '../model/check.ts'
import type { FileFacts } from '../model/files.ts'
import type { Deployment } from './backup-subjects.ts'
import type { Artefact, ArtefactKind } from './facts.ts'

/** Kinds whose content must not be guessed at: presence and mode only. */
const SECRET_KINDS: readonly ArtefactKind[] = ['master-key-file', 'admin-token-file', 'readonly-token-file']

/** Everything that was named as belonging to the source, and the routes file even where nobody named one. */
export async function takeInventory({ tools }: CheckContext, named: Deployment): Promise<readonly Artefact[]> {
  const places: readonly (readonly [ArtefactKind, string | undefined])[] = [
    ['binary', named.binary],
    ['connectors-config', named.connectorsConfig],
    ['mcp-config', named.mcpConfig],
    ['hooks-file', named.hooksFile],
    ...named.skillRoots.map(root => ['skill-root', root] as const),
    ['master-key-file', named.masterKeyFile],
    ['admin-token-file', named.adminTokenFile],
    ['readonly-token-file', named.readonlyTokenFile],
  ]
  const found = places.filter((place): place is readonly [ArtefactKind, string] => place[1] !== undefined)
  return Promise.all([look('routes-file', named.routesFile), ...found.map(([kind, path]) => look(kind, path))])

  async function look(kind: ArtefactKind, path: string | undefined): Promise<Artefact> {
    const nothing: Artefact = { kind, path: path ?? null, present: false, mode: null, sha256: null }
    if (path === undefined || (await tools.files.facts(path)) === undefined) return nothing
    // Keys are often mounted as links; a link that leads nowhere is as bad as no file.
    const real = await tools.files.realPath(path).catch(() => undefined)
    const facts = real === undefined ? undefined : await tools.files.facts(real)
    if (real === undefined || facts === undefined || !hasType(kind, facts)) return nothing
    return {
      ...nothing,
      present: true,
      mode: facts.mode.toString(8).padStart(4, '0'),
      sha256: SECRET_KINDS.includes(kind) ? null : await tools.files.treeSha256(real),
    }
  }
}

function hasType(kind: ArtefactKind, { type }: FileFacts): boolean {
  return type === (kind === 'skill-root' ? 'directory' : 'file')
}
