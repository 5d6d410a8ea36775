import type { ByteReader } from './byte-reader.ts'

const BLOCK = 512

/** Names in pax and GNU records longer than this are cut for display; their bytes are searched like all others. */
const LONGEST_NAME = 1 << 20

export interface TarMember {
  readonly name: string
  readonly linkTarget: string
  /** Where its header block starts. */
  readonly offset: number
  readonly body: ByteReader
}

/**
 * The members of a tar, read leniently: a search wants what is there, not what is allowed. Zero blocks between
 * members do not end it, so that appended archives are seen too.
 *
 * @returns what was wrong with the archive, if anything; the reader stands behind the last good member
 */
export async function* tarMembers(reader: ByteReader): AsyncGenerator<TarMember, string | undefined> {
  let long: { path?: string; linkpath?: string; size?: string } = {}
  let ended = false
  for (;;) {
    const offset = reader.offset
    const header = await reader.peek(BLOCK)
    if (header.length === 0) return undefined
    if (header.length === BLOCK && header.every(byte => byte === 0)) {
      ended = true
      await reader.skip(BLOCK)
      continue
    }
    if (!isTarHeader(header)) {
      // what follows the end marker is padding or something else: the caller looks
      return ended ? undefined : `no tar header at byte ${offset}`
    }
    await reader.skip(BLOCK)
    ended = false
    const type = String.fromCharCode(header[156]!)
    const describesNext = /[LKxg]/.test(type)
    const stated = long.size === undefined || describesNext ? sizeField(header) : Number(long.size)
    // links, devices, directories and FIFOs have no body, whatever their size field says
    const size = /[1-6]/.test(type) ? 0 : stated
    if (!Number.isSafeInteger(size) || size < 0) return `a tar header with an impossible size at byte ${offset}`

    if (describesNext) {
      const record = await reader.read(Math.min(size, LONGEST_NAME))
      await reader.skip(size - record.length)
      if (type === 'L') long.path = textField(record)
      else if (type === 'K') long.linkpath = textField(record)
      else if (type === 'x') long = { ...long, ...paxRecords(record) }
    } else {
      const body = reader.limited(size)
      yield {
        name: long.path ?? nameField(header),
        linkTarget: long.linkpath ?? textField(header.subarray(157, 257)),
        offset,
        body,
      }
      await body.skipRest()
      long = {}
    }
    const padding = (BLOCK - (size % BLOCK)) % BLOCK
    if (reader.offset < offset + BLOCK + size || (await reader.skip(padding)) < padding)
      return 'the tar ends within a member'
  }
}

/** The checksum of a header is the sum of its bytes with the checksum field read as blanks; some writers summed signed bytes. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < BLOCK) return false
  const stated = Number.parseInt(textField(block.subarray(148, 156)), 8)
  if (Number.isNaN(stated) || block[0] === 0) return false
  let unsigned = 0
  let signed = 0
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : block[at]!
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  return stated === unsigned || stated === signed
}

function nameField(header: Buffer): string {
  const name = textField(header.subarray(0, 100))
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? textField(header.subarray(345, 500)) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

/** Octal text, or big-endian binary when the first bit is set. */
function sizeField(header: Buffer): number {
  const field = header.subarray(124, 136)
  if ((field[0]! & 0x80) === 0) return Number.parseInt(textField(field).trim() || '0', 8)
  return Number(BigInt(`0x${field.toString('hex')}`) & ((1n << 95n) - 1n))
}

function textField(field: Buffer): string {
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? field.length : end)
}

/** `LENGTH KEY=VALUE\n`, the length counting the whole record. */
function paxRecords(record: Buffer): { path?: string; linkpath?: string; size?: string } {
  const found: { [key: string]: string | undefined; path?: string; linkpath?: string; size?: string } = {}
  for (let at = 0; at < record.length; ) {
    const space = record.indexOf(0x20, at)
    const length = space < 0 ? Number.NaN : Number(record.toString('latin1', at, space))
    if (!(length > space - at)) break
    const [key, ...value] = record.toString('utf8', space + 1, at + length - 1).split('=')
    if (key !== undefined) found[key] = value.join('=')
    at += length
  }
  const path = found['GNU.sparse.name'] ?? found.path
  return {
    ...(path === undefined ? {} : { path }),
    ...(found.linkpath === undefined ? {} : { linkpath: found.linkpath }),
    ...(found.size === undefined ? {} : { size: found.size }),
  }
}
