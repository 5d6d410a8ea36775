import type { Stretch } from './source.ts'

/** What a placeholder is while the shell parser reads: the first unit of a hole, and all others of it. */
export const HOLE = '\uE000'
const REST = '\uE001'
/** Around alternatives that are part of a word, and between them: `--as={json|text}`. */
export const OPEN = '\uE002'
export const CLOSE = '\uE003'
export const BETWEEN = '\uE004'
const OURS = /[\uE000-\uE004]/g

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

/** How far a bracket may be from the one that closes it. Text that opens thousands of them costs no more than this for each. */
const REACH = 240

const ANGLE =
  /<([\p{L}][^\s<>"'`$;&(){}]*|[\p{L}][\p{L}\p{N}_'’/,:|=.-]*(?: [\p{L}\p{N}_’'/,:|][\p{L}\p{N}_'’/,:|.-]*)+)>(\.\.\.|…)?/uy
const BRACES = /\{\{[^{}\n]*\}\}|\{[\p{L}_][\p{L}\p{N}_.:-]*\}|\{\}/uy
const EXPRESSION = /\$\{\{[^{}\n]*\}\}/y
const CHOICE = /\{ ?[\w.=<>-]+(?: ?\| ?[\w.=<>-]+)+ ?\}/y
const GROUP = /\((?:[\w\s.,=<>/-]|…)*\|(?:[\w\s.,=<>/|-]|…)*\)/y
const HEREDOC = /<<-?[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\?([\w.+-]+))/y
const MANY = /^(?:options?|flags?|args?|arguments?|global[ _-]options?|command[ _-]options?|extra[ _-]args)$/i
const BARE = /^[\p{L}\p{N}_./:=@+-]+$/u
/** Words after which a command begins, so that a bracket or parenthesis is the shell's own. */
const LEADS = /(?:^|[\s;&|({!])(?:if|then|else|elif|while|until|do|in|time|case|&&|\|\||!|;|\||&|\(|\{)\s*$/

/**
 * Covers what is not shell in a documented command: placeholders become words, the brackets of a synopsis become blanks.
 *
 * @param alternatives - `a|b` without blanks is a choice and not a pipe: so in prose, where nobody pipes without blanks
 */
export function mask(original: string, alternatives: boolean): Masked {
  // Private use, so hardly ever in a page; where it is, the word is read as having a character that cannot be told.
  const text = original.replace(OURS, '\uFFFD')
  if (!/[<[{(|…]|\.\.\./.test(text)) return { text, holes: [], optional: [] }

  const holes: Hole[] = []
  const optional: Stretch[] = []
  const edits: { at: number; text: string }[] = []
  const hole = (from: number, to: number, many = false, maybe = false) => {
    holes.push({ from, to, many, optional: maybe })
    edits.push({ at: from, text: HOLE + REST.repeat(to - from - 1) })
  }
  const put = (at: number, unit: string) => edits.push({ at, text: unit })
  const matched = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at
    return pattern.exec(text)
  }

  let quote = ''
  let heredocs: string[] = []
  let blind = -1
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]!
    const before = text[at - 1]
    if (unit === '\n' && heredocs.length > 0 && quote === '') {
      for (const delimiter of heredocs) at = afterHeredoc(text, at, delimiter)
      heredocs = []
      continue
    }
    if (unit === '\\' && quote !== "'") {
      at++
      continue
    }
    if (unit === '<') {
      const found = before === '<' ? null : matched(ANGLE, at)
      if (found && !redirects(text, at, found)) {
        hole(at, at + found[0].length, found[2] !== undefined)
        at += found[0].length - 1
      } else if (quote === '' && text[at + 1] === '<') {
        const heredoc = text[at + 2] === '<' ? null : matched(HEREDOC, at)
        if (heredoc) heredocs.push(heredoc[1] ?? heredoc[2] ?? heredoc[3]!)
        at += heredoc ? heredoc[0].length - 1 : 2
      }
      continue
    }
    if (unit === '$') {
      const found = matched(EXPRESSION, at)
      if (found) {
        hole(at, at + found[0].length)
        at += found[0].length - 1
      } else if (text[at + 1] === '{') at = afterParameter(text, at)
      else if (text[at + 1] === '(' || text[at + 1] === '[') at++
      continue
    }
    if (unit === '{') {
      const found = matched(BRACES, at)
      if (found) {
        hole(at, at + found[0].length)
        at += found[0].length - 1
        continue
      }
    }
    const dots = unit === '…' ? 1 : unit === '.' && text.startsWith('...', at) && text[at + 3] !== '.' ? 3 : 0
    if (dots > 0) {
      const after = text[at + dots]
      const alone = quote === '' && startsWord(before) && endsWord(after)
      // `./...` and `main...topic` are values of other programs; `sk-...` is a value that was cut short.
      if (alone) hole(at, at + dots, true)
      else if (before !== '/' && before !== '.' && (after === undefined || !/[\w/.]/.test(after))) {
        hole(at, at + dots, quote === '' && /(?:^|\s)[A-Z][A-Z0-9_-]*$/.test(text.slice(Math.max(0, at - 60), at)))
      }
      at += dots - 1
      continue
    }
    if (quote !== '') {
      if (unit === quote) quote = ''
      continue
    }
    if (unit === '"' || unit === "'") {
      quote = unit
      continue
    }
    if (unit === '#' && startsWord(before)) {
      const end = text.indexOf('\n', at)
      at = (end < 0 ? text.length : end) - 1
      continue
    }
    if (unit === '{') {
      const found = matched(CHOICE, at)
      if (found && before !== undefined && before !== '\n') {
        const [choice] = found
        put(at, OPEN)
        for (let i = 1; i < choice.length - 1; i++) {
          if (choice[i] === '|') put(at + i, BETWEEN)
          else if (choice[i] === ' ') put(at + i, REST)
        }
        put(at + choice.length - 1, CLOSE)
        at += choice.length - 1
      }
      continue
    }
    if (unit === '[' && at > blind) {
      const end = closing(text, at)
      if (end < 0) {
        blind = Math.min(at + 8, text.length)
        continue
      }
      const content = text.slice(at + 1, end)
      if (before !== undefined && /[\w>-]/.test(before) && /^(?:=|no-\]?$)/.test(content)) {
        // `--color[=WHEN]` is read with its value, `--[no-]color` without the negation.
        if (content === 'no-') for (let i = at; i <= end; i++) put(i, REST)
        else {
          put(at, REST)
          if (BARE.test(content.slice(1))) hole(at + 2, end)
          put(end, REST)
        }
        if (content === 'no-' || BARE.test(content.slice(1))) at = end
        continue
      }
      if (!isSynopsis(text, at, end, content)) continue
      const dotted = /^(?:\.\.\.|…)/.exec(text.slice(end + 1, end + 4))?.[0].length ?? 0
      const bare = content.replace(/ ?(?:\.\.\.|…)$/, '').trim()
      if (BARE.test(bare) && !bare.startsWith('-')) {
        hole(at, end + 1 + dotted, dotted > 0 || bare !== content.trim() || MANY.test(bare), true)
        at = end + dotted
        continue
      }
      if (MANY.test(bare)) {
        hole(at, end + 1 + dotted, true, true)
        at = end + dotted
        continue
      }
      optional.push([at, end + 1])
      choose(text, at, end, put)
      for (let i = 0; i < dotted; i++) put(end + 1 + i, ' ')
      continue
    }
    if (unit === '(' && startsWord(before) && before !== undefined && before !== '\n') {
      const found = matched(GROUP, at)
      if (found && found[0].length <= REACH && !LEADS.test(text.slice(Math.max(0, at - 60), at))) {
        optional.push([at, at + found[0].length])
        choose(text, at, at + found[0].length - 1, put)
      }
      continue
    }
    if (
      unit === '|' &&
      alternatives &&
      before !== undefined &&
      /[\w>}\])]/.test(before) &&
      /[\w<{[(-]/.test(text[at + 1] ?? '')
    ) {
      if (!FILTER.test(text.slice(at + 1, at + 40))) put(at, BETWEEN)
    }
  }
  return { text: edited(text, edits), holes: holes.sort((one, other) => one.from - other.from), optional }
}

/** What is piped into, blanks or not. */
const FILTER =
  /^(?:jq|yq|grep|egrep|rg|head|tail|less|more|wc|sort|uniq|tee|xargs|cat|awk|sed|cut|tr|column|sh|bash|zsh|sudo|python3?|node|base64|gzip|gunzip|zstd|tar|psql|sha256sum|openssl|gpg|age|fzf)(?![\w-])/

function edited(text: string, edits: { at: number; text: string }[]): string {
  edits.sort((one, other) => one.at - other.at)
  const parts: string[] = []
  let done = 0
  for (const edit of edits) {
    if (edit.at < done) continue
    parts.push(text.slice(done, edit.at), edit.text)
    done = edit.at + edit.text.length
  }
  parts.push(text.slice(done))
  return parts.join('')
}

/** `<in foo>out` and `<a b>c` are redirections: words with blanks between them are a placeholder only where the word ends after them. */
function redirects(text: string, at: number, found: RegExpExecArray): boolean {
  if (!found[1]!.includes(' ')) return false
  const after = text[at + found[0].length]
  return !(endsWord(after) || /[/"'`\]):,.|]/.test(after!)) || / \d+$/.test(found[1]!)
}

/** The bracket that closes the one at `at`, on the same line. */
function closing(text: string, at: number): number {
  let depth = 0
  const end = Math.min(text.length, at + REACH)
  for (let i = at; i < end; i++) {
    const unit = text[i]
    if (unit === '\n' || unit === '"' || unit === "'") return -1
    if (unit === '[') depth++
    else if (unit === ']' && --depth === 0) return i
  }
  return -1
}

/** Told from `[ -f x ]`, `[[ … ]]`, `[abc]*` and `list[0]`, which are the shell's. */
function isSynopsis(text: string, at: number, end: number, content: string): boolean {
  if (!startsWord(text[at - 1]) && !/[[(|\]]/.test(text[at - 1]!)) return false
  const after = text[end + 1]
  if (!(endsWord(after) || /[\])|[,]/.test(after!) || /^(?:\.\.\.|…)/.test(text.slice(end + 1, end + 4)))) return false
  if (content === '' || content.startsWith('[')) return false
  const line = text.slice(Math.max(text.lastIndexOf('\n', at - 1) + 1, at - REACH), at)
  if (!content.startsWith(' ')) return line.trim() !== '' || content.startsWith('-')
  return line.trim() !== '' && !LEADS.test(line) && !/^\s*$/.test(line)
}

/** Brackets become blanks; what stands between `|` becomes words beside each other. */
function choose(text: string, open: number, close: number, put: (at: number, unit: string) => void): void {
  put(open, ' ')
  put(close, ' ')
  let depth = 0
  for (let i = open + 1; i < close; i++) {
    const unit = text[i]
    if (unit === '[' || unit === '(' || unit === '<' || unit === '{') depth++
    else if (unit === ']' || unit === ')' || unit === '>' || unit === '}') depth--
    else if (unit === '|' && depth === 0) put(i, ' ')
  }
}

/** To the unit before the line after the here-document, so that the loop goes on there. */
function afterHeredoc(text: string, newline: number, delimiter: string): number {
  let start = newline + 1
  while (start < text.length) {
    const end = text.indexOf('\n', start)
    const line = text.slice(start, end < 0 ? text.length : end)
    if (line === delimiter || line.replace(/^\t+/, '') === delimiter) return end < 0 ? text.length : end
    if (end < 0) break
    start = end + 1
  }
  return text.length
}

/** To the brace that closes `${`, whatever is in it. */
function afterParameter(text: string, at: number): number {
  const end = text.indexOf('}', at)
  const newline = text.indexOf('\n', at)
  return end < 0 || (newline >= 0 && newline < end) ? at + 1 : end
}

const startsWord = (before: string | undefined): boolean => before === undefined || /[\s;&|]/.test(before)
const endsWord = (after: string | undefined): boolean => after === undefined || /[\s;&|]/.test(after)
