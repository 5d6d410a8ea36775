import { lstat, mkdir, open, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RunproofError } from '../../model/error.ts'
import type { Replaced } from '../../model/replace-file.ts'
import type { Secret } from '../../model/secret.ts'
import { errnoOf } from '../../model/system-error.ts'
import { Directory } from './directory.ts'
import { notReplaced, UNCHANGED } from './explain.ts'
import { blanksFor, contentAfter, openOld, refuseOther, writeLike } from './old-file.ts'
import { ownName, removeStale } from './own-names.ts'

export const LINK = '..data'

/**
 * How long the old directory is kept for readers that were stopped on their way from the link to the file. Measured on two busy
 * cores, a reader at full speed through 1 000 replacements: removed at once, up to 23 of its reads found nothing.
 */
const GRACE_MS = 50

/**
 * The way Kubernetes does it: `NAME` is a link to `..data/NAME`, `..data` one to a directory. A new directory is filled with the new
 * file and copies of all others, and then the link is led there, for all of them at once.
 */
export async function replaceBehindLink(path: string, content: Secret, expected?: Secret): Promise<Replaced> {
  let state = UNCHANGED
  try {
    await using directory = await Directory.of(path)
    const name = basename(path)
    const before = await currentDirectory(directory, name, path)
    const next = ownName(`..${stamp()}`)
    const link = ownName('..data_tmp')
    let unused = next
    try {
      await mkdir(directory.at(next), 0o700)
      const { staleRemoved, otherNames } = await fill(directory, { name, before, next, link, path }, content)
      await symlink(next, directory.at(link))
      await refuseChanged(directory, name, path, expected)
      await rename(directory.at(link), directory.at(LINK))
      unused = before
      state = 'it has its new content, which is perhaps not on the disk yet'
      await directory.sync()
      await delay(GRACE_MS)
      return { staleRemoved, otherNames }
    } finally {
      await rm(directory.at(link), { force: true })
      await rm(directory.at(unused), { recursive: true, force: true })
    }
  } catch (thrown) {
    throw notReplaced(thrown, path, 'data-link', state)
  }
}

/** Everything of it that nobody sees: the links are looked at, and a directory can be made beside them. */
export async function rehearseBehindLink(path: string): Promise<void> {
  await using directory = await Directory.of(path)
  const name = basename(path)
  await using current = await Directory.open(directory.at(await currentDirectory(directory, name, path)))
  const { handle, old } = await openOld(current.at(name), path, 'read')
  await handle.close()
  const made = ownName(`..${stamp()}`)
  try {
    await mkdir(directory.at(made), 0o700)
    await using within = await Directory.open(directory.at(made))
    await writeLike(within.at(name), old, blanksFor(old), path)
  } finally {
    await rm(directory.at(made), { recursive: true, force: true })
  }
}

/** As Kubernetes names its directories, which sort by age. */
function stamp(): string {
  return new Date().toISOString().replaceAll(/[-:]/g, '_').replace('T', '_').replace('Z', '')
}

/** @throws RunproofError PATH_UNSAFE where it is laid out in another way */
async function currentDirectory(directory: Directory, name: string, path: string): Promise<string> {
  const target = await linkAt(directory.at(name))
  // Beside an ordinary file there is none.
  const current = await linkAt(directory.at(LINK)).catch(noneAt)
  if (target === `${LINK}/${name}` && current !== undefined && /^\.\.[^/]+$/.test(current) && current !== '..')
    return current
  throw new RunproofError(
    'PATH_UNSAFE',
    `can't replace ${path}: it is no link to ${LINK}/${name} with ${LINK} a link to a directory beside it; nothing was changed`,
    { hint: '--param style=rename for an ordinary file' },
  )
}

async function linkAt(at: string): Promise<string | undefined> {
  return (await lstat(at)).isSymbolicLink() ? await readlink(at) : undefined
}

function noneAt(thrown: unknown): undefined {
  if (errnoOf(thrown) !== 'ENOENT') throw thrown
}

/** What readers find at this moment, wherever the link leads now. */
async function refuseChanged(directory: Directory, name: string, path: string, expected: Secret | undefined) {
  await using current = await Directory.open(directory.at(await currentDirectory(directory, name, path)))
  const { handle, old } = await openOld(current.at(name), path, 'read')
  await handle.close()
  refuseOther(old, path, expected)
}

interface Filling {
  readonly name: string
  readonly before: string
  readonly next: string
  readonly link: string
  readonly path: string
}

async function fill(directory: Directory, filling: Filling, content: Secret): Promise<Replaced> {
  const { name, before, next, link, path } = filling
  await using from = await Directory.open(directory.at(before))
  await using to = await Directory.open(directory.at(next))
  const staleRemoved = await removeStaleDirectories(directory, [before, next], path)
  let otherNames = 0
  for (const each of await readdir(from.at('.'))) {
    const { handle, old } = await openOld(from.at(each), `${path} (${each} beside it)`, 'read')
    await handle.close()
    await writeLike(to.at(each), old, each === name ? contentAfter(old, content) : old.bytes, path)
    if (each === name) otherNames = old.stats.nlink - 1
  }
  await lstat(to.at(name))
  await giveLike(directory, before, next)
  await to.sync()
  return { staleRemoved: staleRemoved + (await removeStale(directory, '..data_tmp', [link], path)), otherNames }
}

/** What stands at the beginning of such a name is the moment it was made at. */
export async function removeStaleDirectories(
  directory: Directory,
  spared: readonly string[],
  path: string,
): Promise<number> {
  const prefixes = new Set(
    (await readdir(directory.at('.'))).flatMap(name => /^(\.\.\d{4}_.*?)\.runproof-/.exec(name)?.[1] ?? []),
  )
  let removed = 0
  for (const prefix of prefixes) removed += await removeStale(directory, prefix, spared, path)
  return removed
}

/** Mode and owner of the old directory, given once the new one is whole. */
async function giveLike(directory: Directory, before: string, next: string): Promise<void> {
  const { mode, uid, gid } = await lstat(directory.at(before))
  await using handle = await open(directory.at(next), 'r')
  await handle.chown(uid, gid)
  await handle.chmod(mode & 0o7777)
}
