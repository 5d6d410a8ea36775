import type { ArchiveFormat } from '../model/archive.ts'
import { BLOCK } from './tar-block.ts'
import { notAnArchive } from './tar-fault.ts'
import { looksLikeHeader } from './tar-header.ts'

/** As many bytes as {@link detectFormat} needs to decide. */
export const MAGIC_BYTES = BLOCK

const AGE = 'age-encryption.org/'
const AGE_ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----'

/**
 * What the first bytes say; a file name is never asked.
 *
 * @param allowUnknown - whether there is something that may decrypt what is not known here; empty stays refused
 * @throws RunproofError ARCHIVE_NOT_AN_ARCHIVE naming the bytes
 */
export function detectFormat(first: Buffer, allowUnknown = false): ArchiveFormat {
  if (first[0] === 0x1f && first[1] === 0x8b) return 'gzip'
  if (first.length >= 4 && first.readUInt32LE(0) === 0xfd2fb528) return 'zstd'
  const text = first.toString('latin1', 0, AGE_ARMOR.length)
  if (text.startsWith(AGE) || text === AGE_ARMOR) return 'age'
  if (looksLikeHeader(first)) return 'tar'
  if (allowUnknown && first.length > 0) return 'unknown'
  throw notAnArchive(first)
}
