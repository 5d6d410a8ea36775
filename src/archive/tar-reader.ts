import { readPaxRecords } from './pax.ts'
import { interpretPax, type PaxOverride } from './pax-override.ts'
import { SparseMapReader } from './sparse.ts'
import { BLOCK, isZero, paddingAfter } from './tar-block.ts'
import type { Stretch, TarEntry, TarEntryType, TarHandler } from './tar-entry.ts'
import { damaged, notAnArchive, tooBig, truncated, unsupported } from './tar-fault.ts'
import { looksLikeHeader, readHeader, type TarHeader } from './tar-header.ts'

/** Names, attributes and ACLs of one member; Linux caps the attributes of a file at 64 KiB on most file systems. */
const MAX_META_BYTES = 1024 * 1024

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
}

type State = 'header' | 'meta' | 'sparse-map' | 'data' | 'padding' | 'end'

/**
 * Reads a tar stream strictly, chunk by chunk, holding one block and one member's meta data at most. POSIX ustar and
 * pax, GNU long names and sparse files are known; anything else, anything ambiguous and anything damaged throws, since
 * a reader that guesses is one an attacker can make guess differently from the extractor.
 *
 * @throws RunproofError ARCHIVE_NOT_AN_ARCHIVE on a first block that is no header, ARCHIVE_TRUNCATED from {@link end},
 *   ARCHIVE_UNREADABLE and ARCHIVE_LIMIT for the rest; and whatever the handler throws
 */
export class TarReader {
  readonly #handler: TarHandler
  #state: State = 'header'
  /** Bytes consumed so far. */
  #offset = 0
  /** Part of a block that was cut by the end of a chunk. */
  readonly #block = Buffer.alloc(BLOCK)
  #blockLength = 0
  #remaining = 0
  #padding = 0
  #zeroBlocks = 0
  #entries = 0

  /** Where the meta headers of the coming member begin. */
  #memberAt: number | undefined
  #meta: { flag: string; at: number; size: number; bytes: Buffer[] } | undefined
  #global: PaxOverride = { attributes: new Map(), dropped: [] }
  #pax: PaxOverride | undefined
  #longName: string | undefined
  #longLink: string | undefined
  #sparse: { map: SparseMapReader; entry: (stretches: readonly Stretch[]) => TarEntry; stored: number } | undefined

  constructor(handler: TarHandler) {
    this.#handler = handler
  }

  get offset(): number {
    return this.#offset
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#state === 'data' || this.#state === 'padding' || this.#state === 'meta') {
        at = this.#consume(chunk, at)
        continue
      }
      if (this.#state === 'end') {
        if (!isZero(chunk.subarray(at))) throw damaged(this.#offset, 'data after the end of the archive')
        this.#offset += chunk.length - at
        return
      }
      const missing = BLOCK - this.#blockLength
      if (this.#blockLength === 0 && chunk.length - at >= BLOCK) {
        this.#takeBlock(chunk.subarray(at, at + BLOCK))
        at += BLOCK
        continue
      }
      const part = chunk.subarray(at, at + missing)
      part.copy(this.#block, this.#blockLength)
      this.#blockLength += part.length
      at += part.length
      if (this.#blockLength === BLOCK) {
        this.#blockLength = 0
        this.#takeBlock(this.#block)
      }
    }
  }

  /** Says that no more bytes come. */
  end(): void {
    if (this.#state === 'end') {
      if (this.#entries > 0) return
      throw damaged(0, 'no member at all')
    }
    const at = this.#offset + this.#blockLength
    if (this.#offset === 0) throw notAnArchive(this.#block.subarray(0, this.#blockLength))
    if (this.#state === 'header') throw truncated(at, 'without its end mark')
    throw truncated(at, 'inside a member')
  }

  /** Bulk bytes: data, padding and meta need no block boundaries. */
  #consume(chunk: Buffer, at: number): number {
    const limit = this.#state === 'padding' ? this.#padding : this.#remaining
    const part = chunk.subarray(at, at + limit)
    this.#offset += part.length
    if (this.#state === 'padding') {
      this.#padding -= part.length
      if (this.#padding === 0) this.#state = 'header'
      return at + part.length
    }
    this.#remaining -= part.length
    if (this.#state === 'meta') {
      this.#meta!.bytes.push(Buffer.from(part))
      if (this.#remaining === 0) this.#finishMeta()
    } else {
      this.#handler.data(part)
      if (this.#remaining === 0) this.#finishEntry()
    }
    return at + part.length
  }

  #takeBlock(block: Buffer): void {
    const position = this.#offset
    if (this.#state === 'sparse-map') {
      this.#offset += BLOCK
      this.#takeSparseMap(block)
      return
    }
    if (position === 0 && !looksLikeHeader(block)) throw notAnArchive(block)
    if (isZero(block)) {
      this.#offset += BLOCK
      if (this.#memberAt !== undefined) throw damaged(position, 'an extended header without a member')
      this.#zeroBlocks++
      if (this.#zeroBlocks === 2) this.#state = 'end'
      return
    }
    if (this.#zeroBlocks > 0) throw damaged(position, 'a member after a block of zeros')
    this.#takeHeader(readHeader(block, position), position)
    this.#offset += BLOCK
  }

  #takeHeader(header: TarHeader, position: number): void {
    if ('xgLK'.includes(header.typeFlag)) {
      this.#startMeta(header, position)
      return
    }
    const type = TYPES[header.typeFlag]
    if (type === undefined) throw unsupported(position, `tar type ${JSON.stringify(header.typeFlag)}`)
    this.#startEntry(type, header, this.#memberAt ?? position)
  }

  #startMeta(header: TarHeader, position: number): void {
    const flag = header.typeFlag
    // fields of one extended header applied to another: readers disagree about what that means
    const repeated = flag === 'L' ? this.#longName : flag === 'K' ? this.#longLink : undefined
    const mixed = flag === 'x' || flag === 'g' ? this.#memberAt !== undefined : this.#pax !== undefined
    if (mixed || repeated !== undefined) throw unsupported(position, 'one extended header on top of another')
    if (header.size > MAX_META_BYTES) throw tooBig(position, `an extended header of ${header.size} bytes`)
    if (header.size === 0) throw damaged(position, 'an empty extended header')
    if (flag !== 'g') this.#memberAt ??= position
    this.#meta = { flag, at: position, size: header.size, bytes: [] }
    this.#remaining = header.size
    this.#state = 'meta'
  }

  #finishMeta(): void {
    const { flag, at, size, bytes } = this.#meta!
    const all = Buffer.concat(bytes)
    this.#meta = undefined
    this.#skipPadding(size)
    if (flag === 'x') this.#pax = interpretPax(readPaxRecords(all, at), at, 'member')
    else if (flag === 'g') this.#global = { ...this.#global, ...interpretPax(readPaxRecords(all, at), at, 'global') }
    else {
      const nul = all.indexOf(0)
      if (nul >= 0 && nul !== all.length - 1) throw damaged(at, 'a NUL inside a long name')
      const name = all.toString('latin1', 0, nul < 0 ? all.length : nul)
      if (flag === 'L') this.#longName = name
      else this.#longLink = name
    }
  }

  #startEntry(type: TarEntryType, header: TarHeader, position: number): void {
    const pax = this.#pax
    const stored = pax?.size ?? header.size
    if (type !== 'file' && stored !== 0) throw damaged(position, `a ${type} with ${stored} bytes of data`)
    const linkTarget = pax?.linkPath ?? this.#longLink ?? header.linkPath
    const isLink = type === 'symlink' || type === 'hardlink'
    const common = {
      position,
      path: pax?.sparseName ?? pax?.path ?? this.#longName ?? header.path,
      type,
      mode: header.mode,
      uid: pax?.uid ?? this.#global.uid ?? header.uid,
      gid: pax?.gid ?? this.#global.gid ?? header.gid,
      mtimeNs: pax?.mtimeNs ?? this.#global.mtimeNs ?? BigInt(header.mtimeSeconds) * 1_000_000_000n,
      ...(isLink && { linkTarget }),
      attributes: pax?.attributes ?? new Map(),
      dropped: pax?.dropped ?? [],
    }
    this.#pax = undefined
    this.#longName = undefined
    this.#longLink = undefined
    this.#memberAt = undefined
    this.#entries++

    if (pax?.sparseSize !== undefined) {
      const size = pax.sparseSize
      if (type !== 'file' || stored < BLOCK) throw damaged(position, 'a sparse member without a map')
      const map = new SparseMapReader(position, size, stored)
      this.#sparse = { map, stored, entry: stretches => ({ ...common, size, stretches }) }
      this.#state = 'sparse-map'
      return
    }
    this.#openEntry({ ...common, size: stored }, stored, stored)
  }

  #takeSparseMap(block: Buffer): void {
    const { map, entry, stored } = this.#sparse!
    const stretches = map.push(block)
    if (stretches !== undefined) {
      this.#sparse = undefined
      this.#openEntry(entry(stretches), stored - map.consumed, stored)
    } else if (map.consumed + BLOCK > stored) {
      throw damaged(this.#offset, 'a sparse map longer than its member')
    }
  }

  #openEntry(entry: TarEntry, dataBytes: number, stored: number): void {
    this.#remaining = dataBytes
    this.#padding = paddingAfter(stored)
    this.#state = 'data'
    this.#handler.entry(entry)
    if (dataBytes === 0) this.#finishEntry()
  }

  #finishEntry(): void {
    this.#state = this.#padding > 0 ? 'padding' : 'header'
    this.#handler.entryEnd()
  }

  #skipPadding(size: number): void {
    this.#padding = paddingAfter(size)
    this.#state = this.#padding > 0 ? 'padding' : 'header'
  }
}
