import { posix } from 'node:path'
import { closest } from '../../model/closest.ts'
import type { RepositoryFiles } from '../../model/repository-files.ts'

/**
 * What a path that does not exist was probably meant to be: the same one with names corrected from the root on, or else
 * the only file of that name elsewhere.
 */
export function nearestFile(files: RepositoryFiles, path: string): string | undefined {
  return corrected(files, path) ?? elsewhere(files, path)
}

function corrected(files: RepositoryFiles, path: string): string | undefined {
  let so = ''
  const parts = path.split('/')
  for (const [index, part] of parts.entries()) {
    const exact = so === '' ? part : `${so}/${part}`
    const found = files.kindOf(exact) === undefined ? nearName(files, so, part, index < parts.length - 1) : exact
    if (found === undefined) return undefined
    so = found
  }
  return so
}

function nearName(files: RepositoryFiles, directory: string, name: string, inner: boolean): string | undefined {
  const at = (one: string) => (directory === '' ? one : `${directory}/${one}`)
  const known = files.namesIn(directory).filter(one => !inner || files.kindOf(at(one)) === 'directory')
  const near = closest(name, known)
  return near === undefined ? undefined : at(near)
}

function elsewhere(files: RepositoryFiles, path: string): string | undefined {
  const found = files.named(posix.basename(path))
  return found.length === 1 ? found[0] : undefined
}
