import { BLOCK, checksumOf } from './tar-block.ts'
import { damaged, unsupported } from './tar-fault.ts'
import { readNumber } from './tar-number.ts'

export interface TarHeader {
  readonly typeFlag: string
  /** Prefix and name joined, byte string. */
  readonly path: string
  readonly linkPath: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtimeSeconds: number
}

const POSIX_MAGIC = 'ustar\x0000'
const GNU_MAGIC = 'ustar  \0'

/** Whether a block could begin a tar stream: right magic and a checksum that fits. */
export function looksLikeHeader(block: Buffer): boolean {
  return block.length >= BLOCK && knownMagic(block) && readNumber(block, 148, 8) === checksumOf(block)
}

/**
 * @param position - offset of the block, for messages
 * @throws RunproofError ARCHIVE_UNREADABLE when the checksum or a number is wrong, or the header is older than POSIX
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html (ustar interchange format)
 */
export function readHeader(block: Buffer, position: number): TarHeader {
  if (readNumber(block, 148, 8) !== checksumOf(block)) throw damaged(position, 'a header whose checksum is wrong')
  if (!knownMagic(block)) throw unsupported(position, 'a tar header without the ustar mark')

  const number = (start: number, length: number, what: string) => {
    const value = readNumber(block, start, length)
    if (value === undefined) throw damaged(position, `a header whose ${what} is not a number`)
    return value
  }
  const natural = (start: number, length: number, what: string) => {
    const value = number(start, length, what)
    if (value < 0) throw damaged(position, `a header with the negative ${what} ${value}`)
    return value
  }

  const name = text(block, 0, 100)
  // GNU keeps times where POSIX keeps the first part of a long path
  const prefix = magicOf(block) === POSIX_MAGIC ? text(block, 345, 155) : ''
  return {
    typeFlag: String.fromCharCode(block[156]!),
    path: prefix === '' ? name : `${prefix}/${name}`,
    linkPath: text(block, 157, 100),
    mode: natural(100, 8, 'mode') & 0o7777,
    uid: natural(108, 8, 'owner'),
    gid: natural(116, 8, 'group'),
    size: natural(124, 12, 'size'),
    mtimeSeconds: number(136, 12, 'time'),
  }
}

function magicOf(block: Buffer): string {
  return block.toString('latin1', 257, 265)
}

function knownMagic(block: Buffer): boolean {
  const magic = magicOf(block)
  return magic === POSIX_MAGIC || magic === GNU_MAGIC
}

function text(block: Buffer, start: number, length: number): string {
  const nul = block.indexOf(0, start)
  return block.toString('latin1', start, nul < 0 || nul > start + length ? start + length : nul)
}
