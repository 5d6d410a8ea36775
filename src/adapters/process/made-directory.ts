import { lstatSync } from 'node:fs'

/** A directory that cannot be mistaken for another one that somebody made at the same place later. */
export interface MadeDirectory {
  readonly path: string
  readonly device: number
  readonly inode: number
  /** Nanoseconds after 1970, as text: more than a double holds. An inode alone is used again. */
  readonly bornNs: string
}

/** Undefined when there is no directory, or a link. */
export function directoryIdentity(path: string): MadeDirectory | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (stats?.isDirectory() !== true) return undefined
  return { path, device: Number(stats.dev), inode: Number(stats.ino), bornNs: String(stats.birthtimeNs) }
}

export function isStill(made: MadeDirectory): boolean {
  const now = directoryIdentity(made.path)
  return now?.device === made.device && now.inode === made.inode && now.bornNs === made.bornNs
}
