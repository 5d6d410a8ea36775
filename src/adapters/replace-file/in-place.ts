import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Replaced } from '../../model/replace-file.ts'
import type { Secret } from '../../model/secret.ts'
import { Directory } from './directory.ts'
import { notReplaced, UNCHANGED } from './explain.ts'
import { contentAfter, openOld, refuseOther } from './old-file.ts'

/**
 * Other bytes in the same file. It is never empty on the way: the new content comes first, with line breaks behind it up to the old
 * length, and then the file is cut. A reader in between may still see the new content with blank lines, or a mixture.
 */
export async function replaceInPlace(path: string, content: Secret, expected?: Secret): Promise<Replaced> {
  let state = UNCHANGED
  try {
    await using directory = await Directory.of(path)
    const { handle: opened, old } = await openOld(directory.at(basename(path)), path, 'write')
    await using handle = opened
    refuseOther(old, path, expected)
    const bytes = contentAfter(old, content)
    try {
      await writeAt0(handle, Buffer.concat([bytes, Buffer.alloc(Math.max(0, old.bytes.length - bytes.length), '\n')]))
      await handle.truncate(bytes.length)
      await handle.sync()
    } catch (thrown) {
      state = await takeBack(handle, old.bytes)
      throw thrown
    }
    return { staleRemoved: 0, otherNames: 0 }
  } catch (thrown) {
    throw notReplaced(thrown, path, 'in-place', state)
  }
}

/** It can be opened for writing. Whether there is space for a longer content is seen then. */
export async function rehearseInPlace(path: string): Promise<void> {
  await using directory = await Directory.of(path)
  const { handle } = await openOld(directory.at(basename(path)), path, 'write')
  await handle.close()
}

async function writeAt0(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, done)
    done += bytesWritten
  }
}

/** The old bytes lie where there is space for them. Returns what the file holds then. */
async function takeBack(handle: FileHandle, bytes: Uint8Array): Promise<string> {
  try {
    await writeAt0(handle, bytes)
    await handle.truncate(bytes.length)
    await handle.sync()
    return 'its old content was written back'
  } catch {
    return 'what it holds now is neither the old content nor the new one: write it anew'
  }
}
