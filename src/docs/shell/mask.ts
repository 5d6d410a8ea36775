import { BETWEEN, CLOSE, HOLE, MARKS, OPEN, REST } from './marks.ts'
import type { Stretch } from './source.ts'
import { beginsCommand, closingBracket, dotsAt, endsWord, isSynopsis, REACH, startsWord } from './synopsis.ts'

export interface Hole {
  readonly from: number
  readonly to: number
  /** `<file>...`, `[OPTIONS]`, `...`: stands for any number of words. */
  readonly many: boolean
  /** `[path]`: may be left out. */
  readonly optional: boolean
}

/** Text in which what a reader fills in is words for the shell parser. */
export interface Masked {
  /** As long as the text it was made of, unit by unit. */
  readonly text: string
  /** In the order of their places, none in another. */
  readonly holes: readonly Hole[]
  /** What stands in the brackets of a synopsis, and alternatives in parentheses: each word in it may be left out. */
  readonly optional: readonly Stretch[]
}

/**
 * Covers what is not shell in a documented command: placeholders become words, the brackets of a synopsis become blanks.
 * `< file`, `<in >out`, `<<EOF` and `<(…)` stay what they are: a placeholder begins with a letter right after `<`, and where
 * it has blanks it is words and nothing else. Words in capitals are left as they are; whoever knows the program can tell
 * `FILE` from a value.
 *
 * @param alternatives - `a|b` without blanks is a choice and not a pipe: so in prose, where nobody pipes without blanks
 */
export function mask(text: string, alternatives: boolean): Masked {
  if (!/[<[{(|…\uE000-\uE004]|\.\.\./.test(text)) return { text, holes: [], optional: [] }
  const scan = new Scan(text.replace(MARKS, '\uFFFD'), alternatives)
  return scan.masked()
}

const ANGLE =
  /<(?:\p{N}[\w.:-]*(?=>(?:[\s"'\])]|$))|[\p{L}@][^\s<>"'`$;&(){}]*|\p{L}[\p{L}\p{N}_'’/,:|=.-]*(?: [\p{L}\p{N}_’'/,:|(][\p{L}\p{N}_’'/,:|.()-]*)+)>(?:\.\.\.|…)?/uy
const BRACES = /\{\{[^{}\n]*\}\}|\{[\p{L}_][\p{L}\p{N}_.:-]*\}|\{\}/uy
/** Of a CI job: `${{ github.sha }}`. */
const EXPRESSION = /\$\{\{[^{}\n]*\}\}/y
const CHOICE = /\{ ?[\w.=<>-]+(?: ?\| ?[\w.=<>-]+)+ ?\}/y
/** No options, and nothing with blanks. */
const PLAIN_CHOICE = /^ ?(?!-)(?:[\w.=-]+|<[\w-]+>)(?: ?\| ?(?!-)(?:[\w.=-]+|<[\w-]+>))+ ?$/
const GROUP = /\([\w .,=<>/…-]{1,200}\|[\w .,=<>/|…-]{1,200}\)/y
const OPTION_BESIDE = /\| ?--?[A-Za-z][\w-]*/y
const HEREDOC = /<<-?[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\?([\w.+-]+))/y
/** `[OPTIONS]`: which ones, and how many, is not said. */
const MANY = /^(?:(?:global|command|extra|other|more)?[ _-]?(?:options?|opts|flags?|args?|arguments?))$/i
const BARE = /^(?!-)[\p{L}\p{N}_./:=@+-]+$/u
/** Into these one pipes without blanks, too. */
const FILTER =
  /^(?:jq|yq|grep|egrep|rg|head|tail|less|more|wc|sort|uniq|tee|xargs|cat|awk|sed|cut|tr|column|sh|bash|zsh|sudo|python3?|node|base64|gzip|gunzip|zstd|tar|psql|sha256sum|openssl|gpg|age|fzf)(?![\w-])/

class Scan {
  readonly #text: string
  readonly #alternatives: boolean
  readonly #holes: Hole[] = []
  readonly #optional: Stretch[] = []
  readonly #edits: { readonly at: number; readonly text: string }[] = []
  /** The quote that is open. */
  #quote = ''
  /** Delimiters of here-documents that begin on the next line. */
  #heredocs: string[] = []
  /** Up to here no bracket is closed. */
  #blind = -1

  constructor(text: string, alternatives: boolean) {
    this.#text = text
    this.#alternatives = alternatives
  }

  masked(): Masked {
    const text = this.#text
    for (let at = 0; at < text.length; at++) at = this.#unit(at)
    return { text: this.#edited(), holes: this.#holes, optional: this.#optional }
  }

  /** The last unit of what begins at `at`. */
  #unit(at: number): number {
    const unit = this.#text[at]!
    if (unit === '\\') return this.#quote === "'" ? at : at + 1
    if (unit === '<') return this.#angle(at)
    if (unit === '$') return this.#dollar(at)
    if (unit === '.' || unit === '…') return this.#dots(at)
    if (unit === '{') return this.#brace(at)
    if (this.#quote !== '') {
      if (unit === this.#quote) this.#quote = ''
      return at
    }
    if (unit === '\n') return this.#heredocs.length > 0 ? this.#afterHeredocs(at) : at
    if (unit === '"' || unit === "'") this.#quote = unit
    else if (unit === '#' && startsWord(this.#text[at - 1])) return this.#upTo(this.#text.indexOf('\n', at))
    else if (unit === '[' && at > this.#blind) return this.#bracket(at)
    else if (unit === '(') this.#group(at)
    else if (unit === '|') this.#bar(at)
    return at
  }

  #angle(at: number): number {
    const text = this.#text
    if (text[at - 1] !== '<') {
      const found = matched(ANGLE, text, at)
      const after = found === undefined ? undefined : text[at + found.length]
      // `<in foo>out` redirects twice.
      const redirects = found?.includes(' ') && !(endsWord(after) || /[/"'`\]):,.|]/.test(after!))
      if (found !== undefined && !redirects && !/ \d+>$/.test(found)) {
        return this.#hole(at, found.length, /[.…]$/.test(found))
      }
    }
    if (this.#quote !== '' || text[at + 1] !== '<') return at
    if (text[at + 2] === '<') return at + 2
    HEREDOC.lastIndex = at
    const heredoc = HEREDOC.exec(text)
    if (heredoc === null) return at + 1
    this.#heredocs.push(heredoc[1] ?? heredoc[2] ?? heredoc[3]!)
    return at + heredoc[0].length - 1
  }

  #dollar(at: number): number {
    const expression = matched(EXPRESSION, this.#text, at)
    if (expression !== undefined) return this.#hole(at, expression.length)
    const next = this.#text[at + 1]
    if (next === '(' || next === '[') return at + 1
    if (next !== '{') return at
    const end = this.#text.slice(at, at + REACH).search(/[}\n]/)
    return end < 0 || this.#text[at + end] === '\n' ? at + 1 : at + end
  }

  #brace(at: number): number {
    const hole = matched(BRACES, this.#text, at)
    if (hole !== undefined) return this.#hole(at, hole.length)
    if (this.#quote !== '' || beginsCommand(this.#text, at)) return at
    const choice = matched(CHOICE, this.#text, at)
    if (choice === undefined) return at
    const marks = { '{': OPEN, '|': BETWEEN, '}': CLOSE, ' ': REST }
    this.#put(
      at,
      choice.replace(/[{|} ]/g, unit => marks[unit as keyof typeof marks]),
    )
    return at + choice.length - 1
  }

  #dots(at: number): number {
    const text = this.#text
    const dots = dotsAt(text, at)
    if (dots === 0) return at
    const before = text[at - 1]
    const after = text[at + dots]
    if (this.#quote === '' && startsWord(before) && endsWord(after)) return this.#hole(at, dots, true)
    // `./...` and `main...topic` are values of other programs; `sk-...` is a value that was cut short.
    const literal = before === '/' || before === '.' || (after !== undefined && /[\w/.]/.test(after))
    if (literal) return at + dots - 1
    const repeated = this.#quote === '' && /(?:^|\s)[A-Z][A-Z0-9_-]*$/.test(text.slice(Math.max(0, at - 60), at))
    return this.#hole(at, dots, repeated)
  }

  #bracket(at: number): number {
    const text = this.#text
    const end = closingBracket(text, at)
    if (end < 0) {
      this.#blind = at + 8
      return at
    }
    const content = text.slice(at + 1, end)
    if (/[\w>-]/.test(text[at - 1] ?? '')) return this.#inWord(at, end, content)
    if (!isSynopsis(text, at, end)) return at
    const dots = dotsAt(text, end + 1)
    const bare = content.replace(/ ?(?:\.\.\.|…) ?$/, '').trim()
    if (BARE.test(bare) || MANY.test(bare)) {
      const many = dots > 0 || bare !== content.trim() || MANY.test(bare)
      return this.#hole(at, end + 1 + dots - at, many, true)
    }
    this.#optional.push([at, end + 1])
    this.#choose(at, end)
    if (dots > 0) this.#put(end + 1, ' '.repeat(dots))
    return at
  }

  /** `--color[=WHEN]` is read with its value, `--[no-]color` without its `no`. */
  #inWord(at: number, end: number, content: string): number {
    const negation = content === 'no-' && this.#text[at - 1] === '-'
    if (!negation && !(content.startsWith('=') && /^=(?:[\w.|-]+|<[^<>]*>)$/.test(content))) return at
    if (negation) this.#put(at, REST.repeat(end + 1 - at))
    else {
      this.#put(at, REST)
      this.#hole(at + 2, end - at - 2)
      this.#put(end, REST)
    }
    return end
  }

  #group(at: number): void {
    const before = this.#text[at - 1]
    if (before === undefined || !startsWord(before) || beginsCommand(this.#text, at)) return
    const found = matched(GROUP, this.#text, at)
    if (found === undefined) return
    if (!this.#choose(at, at + found.length - 1)) this.#optional.push([at, at + found.length])
  }

  /** Nobody pipes into an option: `-h | --help`. */
  #bar(at: number): void {
    const text = this.#text
    const option = matched(OPTION_BESIDE, text, at)
    if (option !== undefined && text[at - 1] !== '|') {
      const before = /\S*[ \t]*$/.exec(text.slice(Math.max(0, at - 60), at))![0].length
      this.#optional.push([at - before, at + option.length])
      this.#put(at, ' ')
      return
    }
    if (!this.#alternatives) return
    if (!/[\w>}\])]/.test(text[at - 1] ?? '') || !/[\w<{[(-]/.test(text[at + 1] ?? '')) return
    if (!FILTER.test(text.slice(at + 1, at + 40))) this.#put(at, BETWEEN)
  }

  /**
   * Words between `|` are alternatives of one word. Options with their values are not one word each: they become words beside
   * each other, every one of which may be left out.
   *
   * @returns whether it is one word
   */
  #choose(open: number, close: number): boolean {
    const words = PLAIN_CHOICE.test(this.#text.slice(open + 1, close))
    if (words) {
      this.#put(open, OPEN)
      this.#put(close, CLOSE)
      for (let i = open + 1; i < close; i++) {
        if (this.#text[i] === '|') this.#put(i, BETWEEN)
        else if (this.#text[i] === ' ') this.#put(i, REST)
      }
    } else this.#spread(open, close)
    return words
  }

  #spread(open: number, close: number): void {
    this.#put(open, ' ')
    this.#put(close, ' ')
    let depth = 0
    for (let i = open + 1; i < close; i++) {
      const unit = this.#text[i]!
      if ('[(<{'.includes(unit)) depth++
      else if ('])>}'.includes(unit)) depth--
      else if (unit === '|' && depth === 0) this.#put(i, ' ')
    }
  }

  #hole(at: number, length: number, many = false, optional = false): number {
    this.#holes.push({ from: at, to: at + length, many, optional })
    this.#put(at, HOLE + REST.repeat(length - 1))
    return at + length - 1
  }

  #put(at: number, text: string): void {
    this.#edits.push({ at, text })
  }

  #afterHeredocs(newline: number): number {
    let at = newline
    for (const delimiter of this.#heredocs) {
      for (let open = true; open && at < this.#text.length; ) {
        const end = this.#text.indexOf('\n', at + 1)
        const line = this.#text.slice(at + 1, end < 0 ? this.#text.length : end)
        open = line.replace(/^\t+/, '') !== delimiter
        at = end < 0 ? this.#text.length : end
      }
    }
    this.#heredocs = []
    return at
  }

  #upTo(newline: number): number {
    return newline < 0 ? this.#text.length : newline - 1
  }

  /** Of two that overlap, the one that begins first counts. */
  #edited(): string {
    this.#edits.sort((one, other) => one.at - other.at)
    const parts: string[] = []
    let done = 0
    for (const { at, text } of this.#edits) {
      if (at < done) continue
      parts.push(this.#text.slice(done, at), text)
      done = at + text.length
    }
    parts.push(this.#text.slice(done))
    return parts.join('')
  }
}

function matched(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}
