import { randomBytes } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { RunproofError } from '../../model/error.ts'
import type { Secret } from '../../model/secret.ts'
import { fileError } from '../../model/system-error.ts'
import { files, syncDirectory } from '../files.ts'

export interface SetFile {
  readonly path: string
  readonly content: string | Uint8Array | Secret
  readonly mode: number
}

/**
 * Refuses what would be overwritten.
 *
 * @throws RunproofError NOT_EMPTY, which names what is there
 */
export async function refuseExisting(paths: readonly string[]): Promise<void> {
  const there: string[] = []
  for (const path of paths) if ((await files.facts(path)) !== undefined) there.push(path)
  if (there.length === 0) return
  throw new RunproofError('NOT_EMPTY', `${there.join(', ')} would be overwritten; nothing was written`, {
    hint: 'another --out, or --force to replace them',
  })
}

/**
 * Writes files into a directory: into a new one all or none of them, into one that is there one after another, each whole.
 *
 * @param set - names within the directory
 * @throws RunproofError FILE_UNREADABLE or DISK_FULL
 */
export async function writeSet(directory: string, set: readonly SetFile[]): Promise<void> {
  const target = resolve(directory)
  const there = (await files.facts(target)) !== undefined
  const place = there ? target : join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    if (!there) await files.makeDirectory(place)
    for (const { path, content, mode } of set) await files.write(join(place, path), content, mode)
    if (there) return
    await rename(place, target)
    await syncDirectory(dirname(target))
  } catch (thrown) {
    if (!there) await files.remove(place)
    throw fileError(thrown, directory, 'write')
  }
}
