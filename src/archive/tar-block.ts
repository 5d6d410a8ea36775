/** Everything in a tar stream is a multiple of this. */
export const BLOCK = 512

export const ZERO_BLOCK: Buffer = Buffer.alloc(BLOCK)

export function paddingAfter(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK
}

export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const part = bytes.subarray(at, at + BLOCK)
    if (!part.equals(part.length === BLOCK ? ZERO_BLOCK : ZERO_BLOCK.subarray(0, part.length))) return false
  }
  return true
}

/** Sum of a header's bytes as unsigned numbers, its own checksum field counted as spaces. */
export function checksumOf(header: Buffer): number {
  let sum = 8 * 0x20
  for (let at = 0; at < 148; at++) sum += header[at]!
  for (let at = 156; at < BLOCK; at++) sum += header[at]!
  return sum
}
