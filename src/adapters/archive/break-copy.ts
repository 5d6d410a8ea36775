import { randomUUID } from 'node:crypto'
import { chmod, chown, lstat, open, rename, rm, unlink } from 'node:fs/promises'
import path from 'node:path'
import { privateCopy } from './copy-tree.ts'

/*
 * Breaking a linked copy on purpose. Its files are the original's files, so each change makes a new inode and moves it
 * over the name; writing through the name would break the original as well.
 */

export async function replaceFile(file: string, bytes: Uint8Array, mode?: number): Promise<void> {
  const { mode: before, uid, gid } = await lstat(file)
  await swap(file, async fresh => {
    await addFile(fresh, bytes, mode ?? before & 0o7777)
    await chown(fresh, uid, gid)
  })
}

export async function addFile(file: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const handle = await open(file, 'wx', mode)
  try {
    await handle.writeFile(bytes)
    // the umask had its say at open
    await handle.chmod(mode)
  } finally {
    await handle.close()
  }
}

export async function dropFile(file: string): Promise<void> {
  await unlink(file)
}

/** @throws RangeError when the path has these bits already: the break would break nothing */
export async function widenMode(file: string, bits: number): Promise<void> {
  const stats = await lstat(file)
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
