/**
 * A numeric tar field: octal digits with optional leading spaces, ended by a space or NUL, or base-256 when the top bit
 * of the first byte is set (big-endian two's complement below it).
 *
 * @returns undefined for anything else, and for values a double cannot hold
 */
export function readNumber(block: Buffer, start: number, length: number): number | undefined {
  if ((block[start]! & 0x80) !== 0) return readBase256(block, start, length)
  const end = start + length
  let at = start
  while (at < end && block[at] === 0x20) at++
  let value = 0
  let digits = 0
  for (; at < end; at++, digits++) {
    const digit = block[at]! - 0x30
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  for (; at < end; at++) if (block[at] !== 0 && block[at] !== 0x20) return undefined
  // a field of NULs stands for zero in headers of links and devices
  if (digits === 0) return 0
  return Number.isSafeInteger(value) ? value : undefined
}

function readBase256(block: Buffer, start: number, length: number): number | undefined {
  let value = BigInt(block[start]! & 0x7f)
  for (let at = start + 1; at < start + length; at++) value = (value << 8n) | BigInt(block[at]!)
  const signed = BigInt.asIntN(length * 8 - 1, value)
  const number = Number(signed)
  return Number.isSafeInteger(number) ? number : undefined
}

/** Largest value an octal field of this width holds beside its NUL. */
export function largestOctal(length: number): number {
  return 8 ** (length - 1) - 1
}

/** @throws RangeError when the value does not fit; callers write it as a pax record instead */
export function writeOctal(block: Buffer, start: number, length: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > largestOctal(length)) {
    throw new RangeError(`${value} does not fit ${length} octal characters`)
  }
  block.write(value.toString(8).padStart(length - 1, '0'), start, 'latin1')
  block[start + length - 1] = 0
}

/** Nanoseconds of a pax time (`-1.5`, `1795320854.137280682`); digits beyond nanoseconds are cut toward minus infinity. */
export function readPaxTime(text: string): bigint | undefined {
  const match = /^(-?)(\d{1,18})(?:\.(\d{0,30}))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, seconds, fraction = ''] = match
  const magnitude = BigInt(seconds!) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  if (sign === '') return magnitude
  return /[1-9]/.test(fraction.slice(9)) ? -magnitude - 1n : -magnitude
}

export function writePaxTime(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : ''
  const magnitude = nanoseconds < 0n ? -nanoseconds : nanoseconds
  const fraction = (magnitude % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '')
  return `${sign}${magnitude / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`
}
