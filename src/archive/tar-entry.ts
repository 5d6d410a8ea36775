import type { EntryType } from '../model/archive.ts'

export type TarEntryType = Exclude<EntryType, 'socket'>

/** A stretch of a sparse file that is stored; everything between stretches reads as zeros. */
export interface Stretch {
  readonly offset: number
  readonly length: number
}

/** One member as read, before anybody judged it. Names and targets are byte strings (see `path-text.ts`). */
export interface TarEntry {
  /** Offset of its first header (a pax one, if it has one) in the tar stream. */
  readonly position: number
  readonly path: string
  readonly type: TarEntryType
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Logical length. */
  readonly size: number
  readonly mtimeNs: bigint
  readonly linkTarget?: string
  /** Values by pax keyword (`SCHILY.xattr.user.note`, `SCHILY.acl.access`), bytes kept. */
  readonly attributes: ReadonlyMap<string, Buffer>
  readonly stretches?: readonly Stretch[]
  /** Pax keywords that were read and left out. */
  readonly dropped: readonly string[]
}

export interface TarHandler {
  /** Before any data of it; what it throws stops the reader. */
  entry(entry: TarEntry): void
  /** Stored bytes of the current file, in order; the buffer is only valid during the call when it is a view of the input. */
  data(bytes: Buffer): void
  /** After the last byte of the current entry, also of one without data. */
  entryEnd(): void
}
