const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A file name has no encoding: Linux compares bytes. Inside this folder a path is a *byte string*, one UTF-16 unit per
 * byte (`latin1`), because such strings sort, split and compare as the bytes do. For people and JSON it becomes
 * printable UTF-8 that says the same bytes: `\\` is a backslash, `\xHH` a control character or a byte that is not UTF-8.
 */
export function textOfPath(bytes: string): string {
  if (PLAIN.test(bytes)) return bytes
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes.charCodeAt(at))
    const character = decodeOne(bytes.slice(at, at + length))
    if (character === undefined) {
      text += escapeByte(bytes.charCodeAt(at))
      at++
      continue
    }
    if (character === '\\') text += '\\\\'
    else if (/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(character)) {
      for (let byte = 0; byte < length; byte++) text += escapeByte(bytes.charCodeAt(at + byte))
    } else text += character
    at += length
  }
  return text
}

/**
 * The byte string a text stands for.
 *
 * @throws SyntaxError when a backslash begins neither `\\` nor `\xHH`
 */
export function pathOfText(text: string): string {
  if (PLAIN.test(text)) return text
  let bytes = ''
  let at = 0
  for (const { 0: code, index } of text.matchAll(/\\(?:\\|x[0-9a-f]{2})?/g)) {
    if (code === '\\') throw new SyntaxError(`path ${JSON.stringify(text)} has a backslash that escapes nothing`)
    bytes += utf8(text.slice(at, index))
    bytes += code === '\\\\' ? '\\' : String.fromCharCode(Number.parseInt(code.slice(2), 16))
    at = index + code.length
  }
  return bytes + utf8(text.slice(at))
}

/** The bytes a manifest path stands for, as file system calls take them. */
export function bytesOfText(text: string): Buffer {
  return Buffer.from(pathOfText(text), 'latin1')
}

/** Byte order, which is also the order of byte strings. */
export function comparePaths(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function sequenceLength(first: number): number {
  if (first < 0x80) return 1
  if (first >= 0xf0) return 4
  if (first >= 0xe0) return 3
  return first >= 0xc2 ? 2 : 1
}

function decodeOne(bytes: string): string | undefined {
  try {
    const text = decoder.decode(Buffer.from(bytes, 'latin1'))
    return [...text].length === 1 ? text : undefined
  } catch {
    return undefined
  }
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
