import { realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { compareManifests } from '../../archive/compare.ts'
import type { ArchiveFinding, Manifest } from '../../model/archive.ts'
import { RunproofError } from '../../model/error.ts'
import type { TreeDescription } from './describe-tree.ts'
import { unreadable } from './tree-walk.ts'

/**
 * @param target - what is about to be made of the directory
 * @throws RunproofError FILE_UNREADABLE, PATH_UNSAFE
 */
export function requireSource(sourceDir: string, target: string): void {
  try {
    if (!statSync(sourceDir).isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' })
  } catch (thrown) {
    throw unreadable(sourceDir, thrown)
  }
  const folder = path.dirname(path.resolve(target))
  const source = realpathSync(sourceDir)
  const inside = path.relative(source, safeRealPath(folder))
  if (inside === '' || (inside !== '..' && !inside.startsWith('../') && !path.isAbsolute(inside))) {
    throw new RunproofError('PATH_UNSAFE', `${target} is inside ${sourceDir}, so it would hold itself`, {
      hint: 'choose a place outside the directory it is made of',
    })
  }
}

function safeRealPath(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}

/**
 * A walk before, a walk after and what was read must agree: what was skipped, or read while it changed, cannot go unseen.
 *
 * @returns findings about sockets, which no archive can hold and a restart makes again
 * @throws RunproofError ARCHIVE_CHANGED_WHILE_READ
 */
export function requireUnchanged(
  sourceDir: string,
  before: TreeDescription,
  after: TreeDescription,
  manifest: Manifest,
): ArchiveFinding[] {
  const touched = new Set<string>()
  for (const [name, stamp] of before.stamps) if (after.stamps.get(name) !== stamp) touched.add(name)
  for (const name of after.stamps.keys()) if (!before.stamps.has(name)) touched.add(name)

  const isSocket = (entry: { readonly type: string }) => entry.type === 'socket'
  const { extra, missing, changed } = compareManifests(manifest, after.manifest, ['sha256', 'xattrs'])
  for (const { path: name } of [...missing, ...changed, ...extra.filter(entry => !isSocket(entry))]) touched.add(name)

  if (touched.size > 0) {
    const some = [...touched].slice(0, 3).join(', ')
    throw new RunproofError(
      'ARCHIVE_CHANGED_WHILE_READ',
      `${touched.size} paths of ${sourceDir} changed while it was read: ${some}`,
      {
        hint: 'stop what writes there, or take a snapshot; a copy of a moving tree proves nothing',
      },
    )
  }
  return extra
    .filter(isSocket)
    .map(entry => ({ rule: 'socket-not-archived', path: entry.path, detail: 'a socket cannot be archived' }))
}
