import { writePaxRecords } from './pax.ts'
import { writeSparseMap } from './sparse.ts'
import { BLOCK, checksumOf, paddingAfter, ZERO_BLOCK } from './tar-block.ts'
import type { TarEntry, TarEntryType } from './tar-entry.ts'
import { largestOctal, writeOctal, writePaxTime } from './tar-number.ts'

const FLAGS: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
}

/**
 * Writes members as a POSIX pax stream made of parsed values only: no header byte of an input ever passes through, so
 * what reads this stream sees exactly what was judged. Names of owners and devices are left out.
 */
export class TarWriter {
  readonly #write: (bytes: Buffer) => void
  #padding = 0

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write
  }

  entry(entry: TarEntry): void {
    const map = entry.stretches === undefined ? undefined : writeSparseMap(entry.stretches, entry.size)
    const data = entry.stretches?.reduce((sum, stretch) => sum + stretch.length, 0) ?? entry.size
    const stored = (map?.length ?? 0) + data
    const path = entry.type === 'directory' ? `${entry.path}/` : entry.path
    const records = [...recordsOf(entry, path, stored)]
    if (records.length > 0) {
      const bytes = writePaxRecords(records)
      this.#write(
        header({ name: 'pax', flag: 'x', mode: 0o644, uid: 0, gid: 0, size: bytes.length, mtime: 0, link: '' }),
      )
      this.#write(bytes)
      this.#zeros(paddingAfter(bytes.length))
    }
    this.#write(
      header({
        name: entry.stretches === undefined ? path : 'sparse',
        flag: FLAGS[entry.type],
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        size: stored,
        mtime: Number(entry.mtimeNs / 1_000_000_000n),
        link: entry.linkTarget ?? '',
      }),
    )
    if (map !== undefined) this.#write(map)
    this.#padding = paddingAfter(stored)
  }

  data(bytes: Buffer): void {
    this.#write(bytes)
  }

  entryEnd(): void {
    this.#zeros(this.#padding)
  }

  end(): void {
    this.#write(ZERO_BLOCK)
    this.#write(ZERO_BLOCK)
  }

  #zeros(length: number): void {
    if (length > 0) this.#write(ZERO_BLOCK.subarray(0, length))
  }
}

function* recordsOf(entry: TarEntry, path: string, stored: number): Generator<readonly [string, Buffer]> {
  const text = (value: string) => Buffer.from(value, 'latin1')
  if (entry.stretches !== undefined) {
    yield ['GNU.sparse.major', text('1')]
    yield ['GNU.sparse.minor', text('0')]
    yield ['GNU.sparse.name', text(path)]
    yield ['GNU.sparse.realsize', text(String(entry.size))]
  } else if (needsRecord(path)) yield ['path', text(path)]
  if (entry.linkTarget !== undefined && needsRecord(entry.linkTarget)) yield ['linkpath', text(entry.linkTarget)]
  if (stored > largestOctal(12)) yield ['size', text(String(stored))]
  if (entry.uid > largestOctal(8)) yield ['uid', text(String(entry.uid))]
  if (entry.gid > largestOctal(8)) yield ['gid', text(String(entry.gid))]
  if (
    entry.mtimeNs % 1_000_000_000n !== 0n ||
    entry.mtimeNs < 0n ||
    entry.mtimeNs / 1_000_000_000n > BigInt(largestOctal(12))
  ) {
    yield ['mtime', text(writePaxTime(entry.mtimeNs))]
  }
  yield* entry.attributes
}

/** Headers hold 100 bytes; other than ASCII in them has no defined meaning. */
function needsRecord(path: string): boolean {
  return path.length > 100 || !/^[\x20-\x7e]*$/.test(path)
}

interface HeaderFields {
  readonly name: string
  readonly flag: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly link: string
}

function header(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(fields.name.slice(0, 100), 0, 'latin1')
  writeOctal(block, 100, 8, fields.mode)
  writeOctal(block, 108, 8, fitting(fields.uid, 8))
  writeOctal(block, 116, 8, fitting(fields.gid, 8))
  writeOctal(block, 124, 12, fitting(fields.size, 12))
  writeOctal(block, 136, 12, fitting(fields.mtime, 12))
  block.write(fields.flag, 156, 'latin1')
  block.write(fields.link.slice(0, 100), 157, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  block.write(checksumOf(block).toString(8).padStart(6, '0'), 148, 'latin1')
  block[154] = 0
  block[155] = 0x20
  return block
}

/** What does not fit stands in a pax record in front of this header. */
function fitting(value: number, length: number): number {
  return value < 0 || value > largestOctal(length) ? 0 : value
}
