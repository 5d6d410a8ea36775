import { randomUUID } from 'node:crypto'
import { chmod, chown, lstat, open, realpath, rename, rm, unlink } from 'node:fs/promises'
import path from 'node:path'
import { namesInside } from '../../archive/inside-path.ts'
import { RunproofError } from '../../model/error.ts'
import { privateCopy } from './copy-by-cp.ts'
import { unreadable } from './tree-walk.ts'

/*
 * Breaking a linked copy on purpose. Its files are the original's files, so each change makes a new inode and moves it
 * over the name; writing through the name would break the original as well. Names come from what was restored and from
 * facts, so either may want to lead a break to a live file of this machine.
 */

export async function replaceFile(root: string, relative: string, bytes: Uint8Array, mode?: number): Promise<void> {
  const file = await placeInside(root, relative)
  const { mode: before, uid, gid } = await lstat(file)
  await swap(file, async fresh => {
    await makeFile(fresh, bytes, mode ?? before & 0o7777)
    await chown(fresh, uid, gid)
  })
}

export async function addFile(root: string, relative: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  await makeFile(await placeInside(root, relative), bytes, mode)
}

export async function dropFile(root: string, relative: string): Promise<void> {
  await unlink(await placeInside(root, relative))
}

/** @throws RangeError when the path has these bits already: the break would break nothing */
export async function widenMode(root: string, relative: string, bits: number): Promise<void> {
  const file = await placeInside(root, relative)
  const stats = await lstat(file)
  // chmod follows links
  if (stats.isSymbolicLink()) throw unsafe(root, relative, 'is a symlink, and has no mode of its own')
  const mode = (stats.mode & 0o7777) | bits
  if (mode === (stats.mode & 0o7777))
    throw new RangeError(`${file} has mode ${mode.toString(8)}, which is that wide already`)
  if (stats.isDirectory()) {
    await chmod(file, mode)
    return
  }
  await swap(file, async fresh => {
    await privateCopy(file, fresh)
    await chmod(fresh, mode)
  })
}

/**
 * The real directory a path ends in, and its last name; that may be a symlink, and none of the callers follows it.
 *
 * @throws RunproofError PATH_UNSAFE, FILE_UNREADABLE
 */
async function placeInside(root: string, relative: string): Promise<string> {
  const names = namesInside(relative)
  if (names === undefined) throw unsafe(root, relative, 'is no plain path below it')
  try {
    if (!(await lstat(root)).isDirectory()) throw unsafe(root, relative, 'has no directory to start from')
    const base = await realpath(root)
    const parent = await realpath(path.join(base, ...names.slice(0, -1)))
    if (parent !== base && !parent.startsWith(`${base}/`)) throw unsafe(root, relative, `leads to ${parent}`)
    return path.join(parent, names.at(-1)!)
  } catch (thrown) {
    throw thrown instanceof RunproofError ? thrown : unreadable(path.join(root, relative), thrown)
  }
}

function unsafe(root: string, relative: string, why: string): RunproofError {
  return new RunproofError('PATH_UNSAFE', `${JSON.stringify(relative)} in ${root} ${why}`, {
    hint: 'only the copy may be changed; look at what the archive or the facts say there',
  })
}

async function makeFile(file: string, bytes: Uint8Array, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode)
  try {
    await handle.writeFile(bytes)
    // the umask had its say at open
    await handle.chmod(mode)
  } finally {
    await handle.close()
  }
}

async function swap(file: string, make: (fresh: string) => Promise<void>): Promise<void> {
  const fresh = path.join(path.dirname(file), `.${randomUUID()}`)
  try {
    await make(fresh)
    await rename(fresh, file)
  } catch (thrown) {
    await rm(fresh, { force: true })
    throw thrown
  }
}
