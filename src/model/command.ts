import { plainText } from './plain-text.ts'
import type { Secret } from './secret.ts'

/** A command line as a value: planned, printed, compared with the documentation, authorised and run, always the same one. */
export interface Command {
  readonly argv: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string | Secret>>
  readonly stdin?: string | Secret
  readonly cwd?: string
}

type Argument = string | number | readonly string[]

/**
 * Builds a {@link Command} the way zx's `$` would run one, without running it. White space in the template separates
 * words, an interpolated value is always one word (or joins the word it touches), an array is one word per element.
 *
 * A Secret does not fit the argument type; one that was turned into text beforehand is refused at run time, since argv
 * is readable by every user of the machine.
 *
 * @throws TypeError when the command has no words, or when a word is the text of a Secret
 */
export function cmd(template: TemplateStringsArray, ...values: readonly Argument[]): Command {
  const words: string[] = []
  let word: string | undefined
  const close = () => {
    if (word !== undefined) words.push(word)
    word = undefined
  }

  for (const [index, text] of template.entries()) {
    for (const part of text.split(/(\s+)/)) {
      if (part === '') continue
      if (/^\s/.test(part)) close()
      else word = (word ?? '') + part
    }
    if (index >= values.length) continue
    const value = values[index]!
    if (typeof value === 'object') {
      close()
      words.push(...value)
    } else {
      word = (word ?? '') + String(value)
    }
  }
  close()

  const [program, ...rest] = words
  if (program === undefined) throw new TypeError('a command needs at least one word')
  const leaked = words.find(text => text.includes('[secret '))
  if (leaked !== undefined) throw new TypeError(`${leaked} cannot travel on argv; pass it by env or stdin`)
  return { argv: [program, ...rest] }
}

/** One line for people: words quoted where a shell would need it, secrets in env and stdin as names. */
export function formatCommand(command: Command): string {
  const env = Object.entries(command.env ?? {})
    .filter(([, value]) => typeof value === 'object')
    .map(([name, value]) => `${name}=${String(value)}`)
  const stdin =
    command.stdin === undefined ? [] : [`< ${typeof command.stdin === 'object' ? String(command.stdin) : '(text)'}`]
  return [...env, ...command.argv.map(quote), ...stdin].join(' ')
}

function quote(word: string): string {
  return /^[\w@%+=:,./<>-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/**
 * A word that others chose, as bash takes it for itself: a name with a semicolon is no second command, one with a hyphen in front no
 * option. What acts on a terminal is written as its code.
 */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./][\w@%+=:,./-]*$/.test(word)) return word
  const quoted = word.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
  const shown = plainText(quoted, code => `\\U${code.padStart(8, '0')}`)
  const safe = shown === word ? `'${word}'` : `$'${shown}'`
  return word.startsWith('-') ? `-- ${safe}` : safe
}
