import type { Finding } from '../finding.ts'
import type { Place } from '../place.ts'

/** Generated reference pages reach a few MiB; above this it is a log or a data set under a wrong name. */
const MOST_BYTES = 8 * 1024 * 1024

/**
 * A line is longer than prose when an image stands in it as base64. One with more than a few marks is not let grow as
 * long: each costs the parser a kilobyte, and openings that nothing closes are tried against all that follows.
 */
const MOST_UNITS_OF_A_LINE = 1024 * 1024
const MOST_UNITS_WITH_MARKS = 64 * 1024
const FEW_MARKS = 64

/** Quotations and lists within each other on one line. Each level is tried again for every level below it. */
const DEEPEST = 60
const TOO_DEEP = new RegExp(String.raw`^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))){${DEEPEST}}`)
const RULE_OF_MARKS = /^[ \t]*([-*_])(?:[ \t]*\1)*[ \t]*$/

/** One for all pages, as each holds memory outside the heap. */
const STRICT = new TextDecoder('utf-8', { fatal: true })

/**
 * Text of a page without its byte order mark, so that the first character is in column 1.
 *
 * @returns the problem instead for bytes that are no UTF-8 text, and for what no page of documentation looks like
 */
export function sourceOf(file: string, bytes: Uint8Array): { source: string } | { problem: Finding } {
  if (bytes.length > MOST_BYTES)
    return refused('page-unreadable', `${bytes.length} bytes are more than the ${MOST_BYTES} that are read of a page`)
  const wide = wideEncoding(bytes)
  if (wide !== undefined) return refused('page-not-text', `this is ${wide}; convert it to UTF-8`)

  const nul = bytes.indexOf(0)
  if (nul !== -1) return notText(nul, 'a NUL')
  let source: string
  try {
    source = STRICT.decode(bytes)
  } catch {
    const byte = firstInvalid(bytes)
    return notText(byte, `0x${bytes[byte]!.toString(16).toUpperCase().padStart(2, '0')}, which is no UTF-8`)
  }
  return hugeLine(source) ?? { source }

  function hugeLine(text: string): { problem: Finding } | undefined {
    let line = 0
    for (let start = 0; start < text.length; ) {
      line++
      const ending = text.indexOf('\n', start)
      const end = ending === -1 ? text.length : ending
      const most = end - start > MOST_UNITS_WITH_MARKS ? mostUnits(text.slice(start, end)) : MOST_UNITS_OF_A_LINE
      if (end - start > most)
        return refused('page-unreadable', `a line of ${end - start} characters, where ${most} are read of one`, line)
      if (end - start > DEEPEST && isTooDeep(text.slice(start, end)))
        return refused(
          'page-unreadable',
          `lists and quotations within each other are read to a depth of ${DEEPEST}`,
          line,
        )
      start = end + 1
    }
    return undefined
  }

  function notText(byte: number, what: string): { problem: Finding } {
    const before = new TextDecoder().decode(bytes.subarray(0, byte)).split(/\r\n|\n|\r/)
    return refused('page-not-text', `byte ${byte} is ${what}`, before.length, before.at(-1)!.length + 1)
  }

  function refused(rule: Finding['rule'], message: string, line = 1, column = 1): { problem: Finding } {
    const at: Place = { file, line, column, endLine: line, endColumn: column }
    return { problem: { rule, severity: 'error', at, message } }
  }
}

function mostUnits(line: string): number {
  const marks = line
    .matchAll(/[<[\]`&\\!|{*]/g)
    .drop(FEW_MARKS)
    .next()
  return marks.done ? MOST_UNITS_OF_A_LINE : MOST_UNITS_WITH_MARKS
}

function isTooDeep(line: string): boolean {
  return TOO_DEEP.test(line) && !RULE_OF_MARKS.test(line)
}

function wideEncoding(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'UTF-32' : 'UTF-16'
  if (a === 0xfe && b === 0xff) return 'UTF-16'
  return undefined
}

/** Offset of the first byte that no UTF-8 text has there: found by halves, as text that ends too early is no error yet. */
function firstInvalid(bytes: Uint8Array): number {
  let valid = 0
  let invalid = bytes.length
  while (valid < invalid) {
    const middle = (valid + invalid) >> 1
    if (isPrefix(bytes.subarray(0, middle + 1))) valid = middle + 1
    else invalid = middle
  }
  // All bytes begin well: the last character is cut short.
  return Math.min(valid, bytes.length - 1)
}

function isPrefix(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}
