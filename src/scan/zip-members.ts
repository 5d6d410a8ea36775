import type { ByteReader } from './byte-reader.ts'

const LOCAL_HEADER = 0x04034b50
const DESCRIPTOR = 0x08074b50
/** Local header, central directory, its end, and the 64-bit end. */
const RECORDS = [LOCAL_HEADER, 0x02014b50, 0x06054b50, 0x06064b50]

export interface ZipMember {
  readonly name: string
  readonly offset: number
  readonly body: ByteReader
  readonly coding: 'stored' | 'deflate' | 'zstd' | 'encrypted' | { readonly unsupported: number }
}

/**
 * The members of a zip in the order they are stored, from the local headers: members the central directory does not
 * mention are seen too, and a zip inside another archive needs no memory. The consumer decodes each body before it asks for the next.
 *
 * @returns what was wrong with the archive, if anything
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT sections 4.3.7, 4.3.9, 4.4.4 and 4.5.3
 */
export async function* zipMembers(reader: ByteReader): AsyncGenerator<ZipMember, string | undefined> {
  for (;;) {
    const offset = reader.offset
    const signature = await reader.peek(4)
    if (signature.length < 4) return 'the zip ends before its directory'
    if (signature.readUInt32LE(0) !== LOCAL_HEADER) {
      return RECORDS.includes(signature.readUInt32LE(0)) ? undefined : `no zip record at byte ${offset}`
    }
    const header = await reader.read(30)
    if (header.length < 30) return 'the zip ends within a header'
    const flags = header.readUInt16LE(6)
    const method = header.readUInt16LE(8)
    const name = (await reader.read(header.readUInt16LE(26))).toString('utf8')
    const extra = await reader.read(header.readUInt16LE(28))
    const size = compressedSize(header, extra)
    const sizeLater = (flags & 8) !== 0 && size === 0
    const encrypted = (flags & 1) !== 0
    const selfEnding = !encrypted && (method === 8 || method === 93)

    const body = sizeLater ? reader : reader.limited(size)
    const coding = encrypted
      ? 'encrypted'
      : method === 0
        ? 'stored'
        : method === 8
          ? 'deflate'
          : method === 93
            ? 'zstd'
            : { unsupported: method }
    const end = reader.offset + size
    if (sizeLater && !selfEnding) return `the zip member at byte ${offset} does not say how long it is`
    yield { name, offset, body, coding }

    if (sizeLater) await skipDescriptor(reader)
    else {
      await body.skipRest()
      if (reader.offset < end) return 'the zip ends within a member'
      if ((flags & 8) !== 0) await skipDescriptor(reader)
    }
  }
}

function compressedSize(header: Buffer, extra: Buffer): number {
  const size = header.readUInt32LE(18)
  if (size !== 0xffffffff) return size
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    // the uncompressed size comes first, the compressed one after it
    if (extra.readUInt16LE(at) === 1 && at + 20 <= extra.length) return Number(extra.readBigUInt64LE(at + 12))
  }
  return size
}

/** With or without a signature, with sizes of 4 or 8 bytes: what it is shows by the record that follows. */
async function skipDescriptor(reader: ByteReader): Promise<void> {
  const ahead = await reader.peek(28)
  const signed = ahead.length >= 4 && ahead.readUInt32LE(0) === DESCRIPTOR
  for (const length of signed ? [16, 24] : [12, 20, 0]) {
    if (ahead.length >= length + 4 && RECORDS.includes(ahead.readUInt32LE(length))) {
      await reader.skip(length)
      return
    }
  }
}
