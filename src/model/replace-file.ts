import type { Secret } from './secret.ts'

/**
 * How the content of a file is exchanged: `rename`, a whole new file under the old name; `in-place`, other bytes in the same file,
 * for one that is mounted by itself or watched by its inode; `data-link`, a new directory behind the `..data` link that Kubernetes
 * makes.
 */
export const REPLACE_STYLES = ['rename', 'in-place', 'data-link'] as const
export type ReplaceStyle = (typeof REPLACE_STYLES)[number]

export interface Replaced {
  /** Files and directories with a secret that replacements which were killed had left, removed now. */
  readonly staleRemoved: number
  /** Other names of the old file, which go on holding the old content. */
  readonly otherNames: number
}

/** Exchanges the content of a file that is there already, so that its readers find the old content or the new one. */
export interface ReplaceFile {
  /**
   * The file keeps its mode, owner and group, and ends with a line break if it did so before. Nothing is followed that is a
   * link, but for what `data-link` is about. The directory may be reached through links.
   *
   * Killed at any moment it leaves the old content or the new one. A copy of the new one may be left beside it, under a name that
   * only the owner of the file reads, and the next call removes that.
   *
   * With `expected` it is refused where the file holds another value right before it would be replaced: of two at once, that both
   * looked at the same value, one replaces it.
   *
   * Only on the disk when it returns. `in-place` is not atomic for readers, and a crash of the machine may leave a mixture.
   *
   * @throws RunproofError FILE_NOT_REPLACED, PATH_UNSAFE, FILE_UNREADABLE, DISK_FULL; each says what the file holds then
   */
  replace(path: string, content: Secret, style: ReplaceStyle, expected?: Secret): Promise<Replaced>

  /**
   * Whether the file could be replaced now, found out without changing it: before somebody is told a value that it never gets.
   * Nothing is left beside it. That there is no rule against it later is not said.
   *
   * @throws RunproofError as `replace` would
   */
  rehearse(path: string, style: ReplaceStyle): Promise<void>
}
