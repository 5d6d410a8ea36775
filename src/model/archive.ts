import type { Readable } from 'node:stream'

/** What an archive or a directory can hold. `socket` is found on disk only: no archive format carries it. */
export type EntryType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hardlink'
  | 'fifo'
  | 'socket'
  | 'character-device'
  | 'block-device'

/**
 * One member of a tree. `path` is relative to its root (the root itself is `.`), as printable UTF-8: a backslash is
 * written `\\`, a control character or a byte that is not UTF-8 `\xHH`, so that every name survives and none can act
 * on a terminal. Link targets are written the same way.
 */
export interface ManifestEntry {
  readonly path: string
  readonly type: EntryType
  /** Four octal digits, for instance `0640`. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
  /** Logical length of a file, holes included; 0 for everything else. */
  readonly sizeBytes: number
  /** Nanoseconds since 1970 as decimal text, since they do not fit a double. */
  readonly mtimeNs: string
  /** Of a symlink: as stored. Of a hard link: the path of the first name of the file, in byte order. */
  readonly linkTarget?: string
  /** Of the logical content, for files and hard links. */
  readonly sha256?: string
  /** Extended attributes and ACLs, base64 by name; absent when there are none or they were not read. */
  readonly xattrs?: Readonly<Record<string, string>>
}

export interface ManifestTotals {
  readonly entries: number
  readonly files: number
  readonly directories: number
  readonly links: number
  readonly others: number
  readonly sizeBytes: number
}

/** A tree as facts, sorted by the bytes of the paths. */
export interface Manifest {
  readonly schema: 'runproof-manifest-1'
  readonly totals: ManifestTotals
  readonly entries: readonly ManifestEntry[]
}

export type ManifestMember =
  | 'type'
  | 'mode'
  | 'uid'
  | 'gid'
  | 'sizeBytes'
  | 'mtimeNs'
  | 'linkTarget'
  | 'sha256'
  | 'xattrs'

export interface ManifestChange {
  readonly path: string
  readonly members: readonly {
    readonly member: ManifestMember
    readonly expected: string
    readonly actual: string
  }[]
}

/** Both directions of a comparison; equal trees give three empty lists. */
export interface ManifestComparison {
  /** In the actual tree only. */
  readonly extra: readonly ManifestEntry[]
  /** In the expected tree only. */
  readonly missing: readonly ManifestEntry[]
  readonly changed: readonly ManifestChange[]
}

/** Something an operator should know that did not stop the work. `rule` is stable, `detail` is a sentence. */
export interface ArchiveFinding {
  readonly rule: ArchiveRule
  readonly path: string
  readonly detail: string
}

export type ArchiveRule =
  // refused when an archive is read, findings while one is made
  | 'absolute-path'
  | 'parent-path'
  | 'empty-name'
  | 'nul-in-name'
  | 'trailing-slash'
  | 'path-too-long'
  | 'path-too-deep'
  | 'duplicate'
  | 'below-symlink'
  | 'below-non-directory'
  | 'absolute-link'
  | 'escaping-link'
  | 'link-through-symlink'
  | 'empty-link'
  | 'link-too-long'
  | 'hard-link-target'
  | 'device'
  | 'setuid'
  | 'setgid'
  | 'sticky-file'
  | 'privileged-xattr'
  | 'too-many-entries'
  | 'file-too-large'
  | 'total-too-large'
  | 'ratio'
  // never a refusal
  | 'name-collision'
  | 'foreign-name'
  | 'implied-directory'
  | 'dropped-attribute'
  | 'fifo'
  | 'socket-not-archived'
  | 'tool-warning'

export type Compression = 'none' | 'gzip' | 'zstd'

export interface ArchiveLimits {
  readonly maxEntries: number
  readonly maxTotalBytes: number
  readonly maxFileBytes: number
  /** Decoded bytes per stored byte, judged once 64 MiB were decoded. */
  readonly maxRatio: number
  readonly maxDepth: number
  readonly maxPathBytes: number
}

export interface ArchiveProgress {
  readonly entries: number
  /** Tar bytes handled so far. */
  readonly bytes: number
}

export interface CreateArchive {
  readonly sourceDir: string
  /** Must not exist; made with mode 0600. */
  readonly archivePath: string
  /** @defaultValue 'zstd' */
  readonly compression?: Compression
  /** age recipients (`age1…`); when given, the archive is an age file. */
  readonly recipients?: readonly string[]
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ArchiveProgress) => void) | undefined
}

export interface CreatedArchive {
  readonly archivePath: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly manifest: Manifest
  readonly findings: readonly ArchiveFinding[]
}

/** What the first bytes of a file say it is; `unknown` only where a command is there that may understand it. */
export type ArchiveFormat = 'tar' | 'gzip' | 'zstd' | 'age' | 'unknown'

export interface FetchArchive {
  /** A path, `-` for standard input, or a command whose standard output is the archive. */
  readonly from:
    | string
    | { readonly command: readonly [string, ...string[]]; readonly env?: Readonly<Record<string, string>> }
  /** Existing directory for the copy; unused when `from` is a path. */
  readonly directory: string
  /** Name of the copy in `directory`. @defaultValue 'archive' */
  readonly fileName?: string
  /** Whether a format nobody here knows is let through, for a decryption command to read. @defaultValue false */
  readonly allowUnknown?: boolean
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

export interface FetchedArchive {
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly format: ArchiveFormat
  /** True when `path` is a copy made for this call, which the caller removes. */
  readonly copied: boolean
  readonly durationMs: number
}

/**
 * How to read what is encrypted: a command from standard input to standard output, for age files and for whatever is no
 * archive as it lies; or a file of age identities.
 */
export type Decryption =
  | { readonly command: readonly [string, ...string[]]; readonly env?: Readonly<Record<string, string>> }
  | { readonly identityFile: string }

export interface InspectArchive {
  /** The archive's bytes as stored; called once. */
  readonly open: () => Readable
  /** For messages, for instance the path. */
  readonly name: string
  readonly decrypt?: Decryption | undefined
  readonly limits?: Partial<ArchiveLimits> | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ArchiveProgress) => void) | undefined
}

export interface InspectedArchive {
  /** Of the bytes `open` gave, all of them. */
  readonly sha256: string
  readonly sizeBytes: number
  readonly formats: readonly ArchiveFormat[]
  readonly manifest: Manifest
  readonly findings: readonly ArchiveFinding[]
}

export interface UnpackArchive extends InspectArchive {
  /** Empty directory, on the file system that shall hold the tree. */
  readonly into: string
}

export interface CopyTree extends Pick<UnpackArchive, 'limits' | 'signal' | 'onProgress'> {
  readonly sourceDir: string
  /** Empty directory, or none yet, outside the source. */
  readonly into: string
}

export interface CopiedTree {
  /** Of what was read, which is what was written. */
  readonly manifest: Manifest
  readonly findings: readonly ArchiveFinding[]
}

export interface CompareTree {
  readonly directory: string
  readonly manifest: Manifest
  /** Members left out, for instance owners where the caller is not root. */
  readonly ignore?: readonly ManifestMember[]
  readonly signal?: AbortSignal | undefined
}

/** A change to a copy of an archive that exists only while it is read. */
export interface ArchiveAlteration {
  /** All bits of the byte at this offset are inverted. */
  readonly flipByteAt?: number
  readonly truncateTo?: number
}

/**
 * Everything that makes, reads and compares archives and the trees in them. A `no` about a tree is data
 * ({@link ManifestComparison}); an archive that cannot be trusted throws.
 */
export interface ArchivePort {
  /**
   * @throws RunproofError ARCHIVE_CHANGED_WHILE_READ, DISK_FULL, FILE_UNREADABLE, NOT_EMPTY, PATH_UNSAFE, TOOL_MISSING,
   *   INTERRUPTED; whatever is thrown, no partial archive stays and the source is as it was
   */
  create(options: CreateArchive): Promise<CreatedArchive>
  /** @throws RunproofError ARCHIVE_UNREADABLE, ARCHIVE_NOT_AN_ARCHIVE, FETCH_FAILED, TIMEOUT, DISK_FULL, TOOL_MISSING, INTERRUPTED */
  fetch(options: FetchArchive): Promise<FetchedArchive>
  /**
   * Reads and judges an archive to its end, or to its first fault, and writes nothing.
   * @throws RunproofError ARCHIVE_UNREADABLE, ARCHIVE_NOT_AN_ARCHIVE, ARCHIVE_TRUNCATED, ARCHIVE_HOSTILE_ENTRY,
   *   ARCHIVE_LIMIT, DECRYPT_FAILED, TOOL_MISSING, INTERRUPTED
   */
  inspect(options: InspectArchive): Promise<InspectedArchive>
  /** {@link inspect} and extraction in one pass. @throws as inspect, and NOT_EMPTY, DISK_FULL; what was unpacked is removed */
  unpack(options: UnpackArchive): Promise<InspectedArchive>
  /**
   * A copy that shares nothing with its source and holds only what an archive may: every entry passes the reader that archives
   * pass. The source is read, and must not change meanwhile.
   * @throws as unpack, and FILE_UNREADABLE, PATH_UNSAFE, ARCHIVE_CHANGED_WHILE_READ; what was copied is removed
   */
  copyTree(options: CopyTree): Promise<CopiedTree>
  /** The tree on disk, links not followed, extended attributes not read. @throws RunproofError FILE_UNREADABLE, INTERRUPTED */
  describeTree(directory: string, signal?: AbortSignal): Promise<Manifest>
  compareTree(options: CompareTree): Promise<ManifestComparison>
  /** SHA-256 and size of a file. @throws RunproofError FILE_UNREADABLE, INTERRUPTED */
  digestFile(path: string, signal?: AbortSignal): Promise<{ readonly sha256: string; readonly sizeBytes: number }>
  /**
   * Copies directories and links files, so a tree of any size costs no space. Both trees share their files: change the
   * copy only through {@link replaceFile}, {@link addFile}, {@link dropFile} and {@link widenMode}, and let no daemon write to it.
   */
  linkedCopy(directory: string, into: string): Promise<void>
  /**
   * New content under an old name, in a new inode; mode and owner are kept unless `mode` is given.
   * This and the next three change the tree at `root` and nothing else: `relative` may hold no `..`, and no symlink on its way
   * may lead out of the tree.
   * @throws RunproofError PATH_UNSAFE, FILE_UNREADABLE
   */
  replaceFile(root: string, relative: string, bytes: Uint8Array, mode?: number): Promise<void>
  /** @throws as {@link replaceFile} */
  addFile(root: string, relative: string, bytes: Uint8Array, mode?: number): Promise<void>
  /** @throws as {@link replaceFile} */
  dropFile(root: string, relative: string): Promise<void>
  /**
   * Adds permission bits to a file, in a new inode, or to a directory; a symlink has none of its own.
   * @throws RangeError when it has them already; else as {@link replaceFile}
   */
  widenMode(root: string, relative: string, bits: number): Promise<void>
  alteredStream(path: string, alteration: ArchiveAlteration): Readable
  /** Whether what is unpacked or copied gets the owners it had: only root can give files away. */
  keepsOwners(): boolean
}
