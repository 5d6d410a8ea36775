import type { Secret } from './secret.ts'

/** What `lstat` says of one path. */
export interface FileFacts {
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  /** Permission bits, for example 0o600. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly sizeBytes: number
}

/** The file system as checks and steps see it. Reading is bounded; writing makes private files (0600) and directories (0700). */
export interface Files {
  /** @returns undefined when nothing is there */
  facts(path: string): Promise<FileFacts | undefined>
  /** @throws RunproofError FILE_UNREADABLE; a file above `maxBytes` (64 MiB) counts as unreadable */
  readText(path: string, maxBytes?: number): Promise<string>
  readBytes(path: string, maxBytes?: number): Promise<Uint8Array>
  /** A secret kept in a file, without the line break at its end. @throws RunproofError SECRET_TOO_SHORT */
  readSecret(path: string, name: string): Promise<Secret>
  readJson(path: string): Promise<import('./check.ts').Json>
  /** Names in a directory, sorted; empty when the directory is missing. */
  list(directory: string): Promise<readonly string[]>
  /** All regular files below a directory, relative, sorted. */
  walk(directory: string): Promise<readonly string[]>
  sha256(path: string): Promise<string>
  /** One digest over names, modes and contents of a file or of every file below a directory. */
  treeSha256(path: string): Promise<string>
  makeDirectory(path: string): Promise<void>
  /** Creates or replaces, never through a link: temp file, fsync, rename. @throws RunproofError DISK_FULL */
  write(path: string, content: string | Uint8Array | Secret, mode?: number): Promise<void>
  remove(path: string): Promise<void>
  /** Bytes an unprivileged writer still has on the file system that holds the path. */
  freeBytes(path: string): Promise<number>
  /** Bytes of all regular files below a path. */
  sizeBytes(path: string): Promise<number>
  realPath(path: string): Promise<string>
}
