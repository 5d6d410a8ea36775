import { lstatSync } from 'node:fs'

/** Whether a path is a directory of the caller's, and no link to one, that nobody else can write to. @throws the system's error */
export function isOwnDirectory(path: string): boolean {
  const stats = lstatSync(path)
  return stats.isDirectory() && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0
}
