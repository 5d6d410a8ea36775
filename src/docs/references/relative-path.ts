import { posix } from 'node:path'

/** Names that need no quotes in a shell: no holes, globs, homes, addresses or assignments. */
const PLAIN = /^(?:\.{1,2}\/)*[\p{L}\p{N}_.@+-]+(?:\/[\p{L}\p{N}_.@+-]+)*\/?$/u

/** Whether text can only be read as a path relative to something: with a slash in it, and nothing a reader has to fill in. */
export function isRelativePath(text: string): boolean {
  return text.includes('/') && text.length < 1024 && PLAIN.test(text) && !text.includes('...')
}

/** Whether text names a file without saying where: `install.sh`. */
export function isFileName(text: string): boolean {
  return text.length < 256 && /^[\p{L}\p{N}_.@+-]+$/u.test(text) && !/^[.-]/.test(text)
}

/** A path as seen from a directory below the root, without `.` and `..`; undefined when it leads out of the root. */
export function below(directory: string, path: string): string | undefined {
  const joined = posix.normalize(posix.join(directory, path)).replace(/\/$/, '')
  if (joined === '..' || joined.startsWith('../') || joined.startsWith('/')) return undefined
  return joined === '.' ? '' : joined
}

/** In lower case and with its dot; empty for `Makefile` and `.env`. */
export function extensionOf(path: string): string {
  return posix.extname(path).toLowerCase()
}
