import { lstat, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { errnoOf, fileError } from '../../model/system-error.ts'
import { LINK, removeStaleDirectories } from './data-link.ts'
import { Directory } from './directory.ts'
import { removeStale } from './own-names.ts'

/**
 * Removes what replacements of a file that were killed have left beside it: copies with a secret. The file itself is not touched.
 *
 * @returns how many
 * @throws RunproofError FILE_NOT_REPLACED while one goes on, FILE_UNREADABLE
 */
export async function clearLeft(path: string): Promise<number> {
  try {
    await using directory = await Directory.of(path)
    const before = await currentOf(directory)
    const files = await removeStale(directory, `.${basename(path)}`, [], path)
    const links = await removeStale(directory, '..data_tmp', [], path)
    // Which of them readers are led to is known only where the link says so.
    return files + links + (before === undefined ? 0 : await removeStaleDirectories(directory, [before], path))
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT' || errnoOf(thrown) === 'ENOTDIR') return 0
    throw fileError(thrown, path, 'look beside')
  }
}

async function currentOf(directory: Directory): Promise<string | undefined> {
  try {
    return (await lstat(directory.at(LINK))).isSymbolicLink() ? await readlink(directory.at(LINK)) : undefined
  } catch {
    return undefined
  }
}
