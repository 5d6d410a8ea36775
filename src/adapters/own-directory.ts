import { lstatSync } from 'node:fs'

/** Whether a path is a directory of the caller's, and no link to one, that nobody else can write to; none there is not. */
export function isOwnDirectory(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats?.isDirectory() === true && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0
}
