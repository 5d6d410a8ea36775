import { isTarHeader } from './tar-members.ts'

export type Kind =
  | { readonly kind: 'plain' | 'gzip' | 'zstd' | 'zlib' | 'zip' | 'tar' }
  /** Known by its first bytes, but its content can't be looked into. */
  | { readonly kind: 'encrypted' | 'unsupported'; readonly format: string }

const OPAQUE: readonly (readonly [magic: string, kind: 'encrypted' | 'unsupported', format: string])[] = [
  ['age-encryption.org/v1\n', 'encrypted', 'age'],
  ['-----BEGIN AGE ENCRYPTED FILE-----', 'encrypted', 'age'],
  ['-----BEGIN PGP MESSAGE-----', 'encrypted', 'PGP'],
  ['Salted__', 'encrypted', 'openssl enc'],
  ['\xfd7zXZ\0', 'unsupported', 'xz'],
  ['BZh', 'unsupported', 'bzip2'],
  ['\x04\x22\x4d\x18', 'unsupported', 'lz4'],
  ['LZIP\x01', 'unsupported', 'lzip'],
  ['7z\xbc\xaf\x27\x1c', 'unsupported', '7z'],
  ['Rar!\x1a\x07', 'unsupported', 'RAR'],
  ['\x1f\x9d', 'unsupported', 'compress'],
]

/** How many bytes {@link sniff} wants to see. */
export const SNIFF_BYTES = 512

/** What a stream is, by its first bytes; names say nothing. */
export function sniff(head: Buffer): Kind {
  const text = head.toString('latin1', 0, 40)
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return { kind: 'gzip' }
  if (isZstdFrame(head)) return { kind: 'zstd' }
  if (text.startsWith('PK\x03\x04')) return { kind: 'zip' }
  const opaque = OPAQUE.find(([magic]) => text.startsWith(magic))
  if (opaque && (opaque[2] !== 'bzip2' || /^BZh[1-9]1AY&SY/.test(text))) return { kind: opaque[1], format: opaque[2] }
  if (isTarHeader(head)) return { kind: 'tar' }
  // RFC 1950: compression method 8 with a 32 KiB window, and a checksum over the two bytes
  if (head.length > 6 && head[0] === 0x78 && ((head[0] << 8) | head[1]!) % 31 === 0 && (head[1]! & 0x20) === 0)
    return { kind: 'zlib' }
  return { kind: 'plain' }
}

/** A zstd frame, or a skippable one. */
export function isZstdFrame(head: Buffer): boolean {
  if (head.length < 4) return false
  const magic = head.readUInt32LE(0)
  return magic === 0xfd2fb528 || isSkippableMagic(magic)
}

export function isSkippableMagic(magic: number): boolean {
  return (magic & 0xfffffff0) >>> 0 === 0x184d2a50
}
