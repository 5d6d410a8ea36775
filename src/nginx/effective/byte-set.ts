/** Whether a byte is in a set. */
export type Member = (byte: number) => boolean

const isDigit = (byte: number) => byte >= 48 && byte <= 57
export const isUpper = (byte: number) => byte >= 65 && byte <= 90
export const isLower = (byte: number) => byte >= 97 && byte <= 122
export const isWord = (byte: number) => isDigit(byte) || isUpper(byte) || isLower(byte) || byte === 95
const isSpace = (byte: number) => (byte >= 9 && byte <= 13) || byte === 32
const isPrint = (byte: number) => byte >= 32 && byte < 127

/** By the letter of their escape. */
const SHORTHANDS: Readonly<Record<string, Member>> = {
  d: isDigit,
  w: isWord,
  s: isSpace,
  h: byte => byte === 9 || byte === 32 || byte === 0xa0,
  v: byte => (byte >= 10 && byte <= 13) || byte === 0x85,
}

/** By the name within `[: :]`, as in the locale C. */
export const POSIX: Readonly<Record<string, Member>> = {
  alnum: byte => isWord(byte) && byte !== 95,
  alpha: byte => isUpper(byte) || isLower(byte),
  ascii: byte => byte < 128,
  blank: byte => byte === 9 || byte === 32,
  cntrl: byte => byte < 32 || byte === 127,
  digit: isDigit,
  graph: byte => isPrint(byte) && byte !== 32,
  lower: isLower,
  print: isPrint,
  punct: byte => isPrint(byte) && byte !== 32 && (!isWord(byte) || byte === 95),
  space: isSpace,
  upper: isUpper,
  word: isWord,
  xdigit: byte => isDigit(byte) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102),
}

/** What `\d` and its like stand for; a capital letter is everything else. */
export function shorthand(char: string): Member | undefined {
  const member = Object.hasOwn(SHORTHANDS, char.toLowerCase()) ? SHORTHANDS[char.toLowerCase()] : undefined
  return member === undefined || char === char.toLowerCase() ? member : byte => !member(byte)
}

/** A set as RegExp writes it. */
export function emit(member: Member): string {
  let text = ''
  for (let from = 0; from < 256; from++) {
    if (!member(from)) continue
    let to = from
    while (to < 255 && member(to + 1)) to++
    text += from === to ? hexOf(from) : `${hexOf(from)}-${hexOf(to)}`
    from = to
  }
  return `[${text}]`
}

export function hexOf(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
