import type { OptionValue } from './tree.ts'

/** The front of an option's line: `-o, --output <FILE>`. */
export interface OptionHead {
  /** As they stand there. */
  readonly names: readonly string[]
  readonly value: OptionValue | null
  /** How many values are named: `--point <X> <Y>` has two. */
  readonly valueCount: number
  /** `...` behind the name of a switch: it may be given more than once. */
  readonly counted: boolean
  /** What follows on the line. */
  readonly rest: string
}

const NAMES = /^(-{1,2}[^\s,=[\]<>|.{}()]+)(?:(?:, ?| \| ?|\|| (?=-))(-{1,2}[^\s,=[\]<>|.{}()]+))*/

/**
 * Reads names and values as clap and commander write them: `-x, --long <V>...`, `--long[=<V>]`, `--long [V...]`, `--long=<V>`.
 *
 * @returns null where the line is none, or what follows the names is neither a value nor set apart
 */
export function readOptionHead(line: string): OptionHead | null {
  const found = NAMES.exec(line)
  if (found === null) return null
  const names = found[0].split(/, ?| ?\| ?| (?=-)/)
  let rest = line.slice(found[0].length)
  const counted = /^\.\.\.(?=\s|$)/.test(rest)
  if (counted) rest = rest.slice(3)
  const values: OptionValue[] = []
  for (;;) {
    const next = nextValue(rest)
    if (next === null) break
    rest = rest.slice(next.length)
    values.push(next.value)
  }
  if (rest !== '' && !/^\s/.test(rest)) return null
  return { names, value: together(values), valueCount: values.length, counted, rest: rest.trim() }
}

/** Of several values the tree only says that there are many. */
function together(values: readonly OptionValue[]): OptionValue | null {
  const [first, ...others] = values
  if (first === undefined || others.length === 0) return first ?? null
  return { ...first, name: values.map(({ name }) => name).join(' '), many: true }
}

// One space only: two set the description apart.
const VALUE =
  /^(?:(=| )<([^<>\n]+(?:<[^<>]*>[^<>]*)*)>|\[=<([^<>]+)>(\.\.\.)?\]| \[<([^<>]+)>(\.\.\.)?\]| \[([A-Za-z][\w-]*)(\.\.\.)?\](?=\s|$))(\.\.\.)?/

function nextValue(text: string): { value: OptionValue; length: number } | null {
  const found = VALUE.exec(text)
  if (found === null) return null
  const [all, mark, plain, attached, attachedMany, bracketed, bracketedMany, square, squareMany, many] = found
  const inner = plain?.endsWith('...') === true
  const name = (plain ?? attached ?? bracketed ?? square)!.replace(/\.\.\.$/, '')
  return {
    length: all.length,
    value: {
      name,
      optional: plain === undefined,
      attached: mark === '=' || attached !== undefined,
      many:
        inner ||
        many !== undefined ||
        attachedMany !== undefined ||
        bracketedMany !== undefined ||
        squareMany !== undefined,
      values: null,
    },
  }
}

/** The name that help puts last comes first. */
export function ordered(names: readonly string[]): readonly [string, ...string[]] {
  const long = names.findLast(name => name.startsWith('--')) ?? names.at(-1)!
  return [long, ...names.filter(name => name !== long)]
}
