import type { Position, Word } from './ast.ts'
import { invalid } from './invalid.ts'
import { endOfLua } from './lua.ts'

/** nginx holds a token in a buffer of this size and refuses what does not fit, comments included (NGX_CONF_BUFFER). */
const TOKEN_BYTES = 4096

/** What ends a statement: its own end, the beginning or the end of a block, or the end of the file. */
export type StatementEnd = ';' | '{' | '}' | 'end of file'

/** Words up to what ends them. */
export interface Statement {
  readonly words: readonly Word[]
  /** What stands before its end. */
  readonly before: string
  readonly end: StatementEnd
  /** Where its end is. */
  readonly endAt: Position
}

/**
 * Cuts a configuration into statements, by the rules of `ngx_conf_read_token`: a quote or a `#` means something only where
 * a token begins, `{` after `$` belongs to a variable, and a backslash takes the next character along, whatever it is.
 */
export class Lexer {
  readonly #file: string
  readonly #text: string
  /** Whether a character may take more than one byte. */
  readonly #wide: boolean
  readonly #astral: boolean
  #offset = 0
  #line = 1
  /** The end of that line, looked for once; a column is counted from the last anchor: a long line is walked through once. */
  #lineEnd: number
  #anchor = 0
  #anchorColumn = 1

  constructor(file: string, text: string, encoding: 'utf8' | 'latin1') {
    this.#file = file
    this.#text = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the question is whether every character is ASCII
    this.#wide = encoding === 'utf8' && /[^\x00-\x7f]/.test(text)
    this.#astral = this.#wide && /[\ud800-\udbff]/.test(text)
    this.#lineEnd = endOfLine(text, 0)
  }

  /** @throws RunproofError CONFIG_INVALID where nginx finds no statement either */
  next(): Statement {
    const words: Word[] = []
    for (;;) {
      const gap = this.#offset
      this.#skipGap()
      const before = this.#text.slice(gap, this.#offset)
      const at = this.#position(this.#offset)
      const character = this.#text[this.#offset]
      switch (character) {
        case undefined:
          if (words.length > 0) throw this.#cutShort(words[0]!, at)
          return { words, before, end: 'end of file', endAt: at }
        case ';':
        case '{':
          if (words.length === 0) throw this.#unexpected(at, character, 'the name of a directive')
          this.#offset++
          return { words, before, end: character, endAt: at }
        case '}':
          if (words.length > 0) throw this.#unexpected(at, character, `";" after "${words[0]!.text}"`)
          this.#offset++
          return { words, before, end: character, endAt: at }
        case '"':
        case "'":
          words.push(this.#quotedWord(before, at, character, words))
          break
        default:
          words.push(this.#plainWord(before, at, words))
      }
    }
  }

  /** The Lua code up to the `}` that closes the `{` just read, which is taken too. */
  lua(name: Word): string {
    const start = this.#offset
    const end = endOfLua(this.#text, start)
    if (end === undefined)
      throw invalid(
        name.at,
        `the Lua block of "${name.text}" has no end`,
        'close it, and every string and comment in it',
      )
    this.#offset = end + 1
    return this.#text.slice(start, end)
  }

  #skipGap(): void {
    const text = this.#text
    for (;;) {
      while (isBlank(text.charCodeAt(this.#offset))) this.#offset++
      if (text[this.#offset] !== '#') return
      const end = endOfLine(text, this.#offset)
      this.#refuseLong(this.#offset, end, 'comment')
      this.#offset = end
    }
  }

  #plainWord(before: string, at: Position, words: readonly Word[]): Word {
    const text = this.#text
    const start = this.#offset
    let variable = false
    for (; this.#offset < text.length; this.#offset++) {
      const code = text.charCodeAt(this.#offset)
      if (code === BRACE && variable) continue
      if (isBlank(code) || code === SEMICOLON || code === BRACE) break
      if (code === BACKSLASH) this.#offset++
      variable = code === DOLLAR
    }
    // a backslash at the very end takes nothing along
    this.#offset = Math.min(this.#offset, text.length)
    const end = this.#offset
    // a blank is read into the same buffer, `;` and `{` are not kept
    this.#refuseLong(start, isBlank(text.charCodeAt(end)) ? end + 1 : end, 'parameter')
    if (end === text.length) throw this.#cutShort(words[0], this.#position(end))
    const raw = text.slice(start, end)
    return { before, raw, text: unescaped(raw), quoted: false, at }
  }

  #quotedWord(before: string, at: Position, quote: '"' | "'", words: readonly Word[]): Word {
    const text = this.#text
    const start = this.#offset
    let end = start + 1
    const closing = quote.charCodeAt(0)
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end)
      if (code === BACKSLASH) end++
      else if (code === closing) break
    }
    if (end >= text.length) {
      const after = words.length === 0 ? '' : ` in "${words[0]!.text}"`
      throw invalid(at, `a quote is opened${after} and never closed`, `add the missing ${quote}`)
    }
    this.#offset = end + 1
    const next = text.charCodeAt(this.#offset)
    this.#refuseLong(start + 1, isBlank(next) ? end + 2 : end + 1, 'parameter')
    if (this.#offset < text.length && !isBlank(next) && next !== SEMICOLON && next !== BRACE && next !== PARENTHESIS) {
      throw this.#unexpected(
        this.#position(this.#offset),
        text[this.#offset]!,
        'a blank, ";" or "{" after a closing quote',
      )
    }
    const raw = text.slice(start, this.#offset)
    return { before, raw, text: unescaped(raw.slice(1, -1)), quoted: true, at }
  }

  #refuseLong(start: number, end: number, what: string): void {
    const length = end - start
    // no character of UTF-16 takes more than three bytes
    if (length < TOKEN_BYTES && (!this.#wide || length * 3 < TOKEN_BYTES)) return
    const sizeBytes = this.#wide ? Buffer.byteLength(this.#text.slice(start, end)) : length
    if (sizeBytes < TOKEN_BYTES || (sizeBytes === TOKEN_BYTES && end >= this.#text.length)) return
    throw invalid(
      this.#position(start),
      `a ${what} of ${sizeBytes} bytes is too long: nginx reads at most ${TOKEN_BYTES - 1}`,
      what === 'comment' ? 'break it into several lines' : 'is a closing quote missing? else shorten it',
    )
  }

  #cutShort(name: Word | undefined, at: Position) {
    // What is included by mistake may be a list of passwords: only what looks like a directive is shown.
    const word = name === undefined || !/^[a-z_]{1,40}$/.test(name.text) ? 'the last word' : `"${name.text}"`
    const begun = `after ${word}${name === undefined ? '' : ` of line ${name.at.line}`}`
    return invalid(at, `the file ends unexpectedly, expected ";" ${begun}`, 'end every directive with ";" or a block')
  }

  #unexpected(at: Position, character: string, expected: string) {
    const shown = /[!-~]/.test(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    return invalid(at, `unexpected "${shown}", expected ${expected}`, 'compare with the statement before it')
  }

  /** Offsets are asked for in rising order, but for one that was asked already. */
  #position(offset: number): Position {
    while (this.#lineEnd < offset) {
      this.#line++
      this.#anchor = this.#lineEnd + 1
      this.#anchorColumn = 1
      this.#lineEnd = endOfLine(this.#text, this.#anchor)
    }
    return { file: this.#file, line: this.#line, column: this.#column(offset) }
  }

  #column(offset: number): number {
    if (!this.#astral || offset < this.#anchor) return this.#anchorColumn + offset - this.#anchor
    let pairs = 0
    for (let index = this.#anchor; index < offset; index++) {
      const code = this.#text.charCodeAt(index)
      if (code >= 0xd800 && code < 0xdc00) pairs++
    }
    this.#anchorColumn += offset - this.#anchor - pairs
    this.#anchor = offset
    return this.#anchorColumn
  }
}

const SEMICOLON = 0x3b
const BRACE = 0x7b
const PARENTHESIS = 0x29
const BACKSLASH = 0x5c
const DOLLAR = 0x24

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

const ESCAPED: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' }

/** A backslash before anything else stays: regular expressions are written with it. */
function unescaped(raw: string): string {
  if (!raw.includes('\\')) return raw
  return raw.replace(/\\(["'\\trn])/g, (_, character: string) => ESCAPED[character] ?? character)
}
