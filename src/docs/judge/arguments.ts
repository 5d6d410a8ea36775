import type { Word } from '../command.ts'
import type { Finding } from '../finding.ts'
import type { Place } from '../place.ts'
import type { ArgumentSpec, CommandNode } from '../tree/tree.ts'
import { shown } from './near.ts'
import { unknownValue } from './value.ts'

interface JudgedArguments {
  readonly findings: readonly Finding[]
  readonly missing: readonly Finding[]
  readonly unjudged: string | undefined
}

/**
 * Holds the arguments of a command against what it takes.
 *
 * @param at - where the last word of the command itself stands: what is missing is missing after it
 */
export function judgeArguments(words: readonly Word[], node: CommandNode, command: string, at: Place): JudgedArguments {
  const { args } = node
  if (args === null) {
    const unjudged = words.length > 0 ? `the help of ${command} does not say which arguments it takes` : undefined
    return { findings: [], missing: [], unjudged }
  }
  const surplus = args.some(({ many }) => many) ? undefined : words.slice(args.length).find(({ optional }) => !optional)
  const required = args.filter(arg => arg.required)
  const lacking = required.slice(Math.min(words.length, required.length))
  return {
    findings: [
      ...(surplus === undefined ? [] : [unexpected(surplus, node, command)]),
      ...wrongValues(words, args, command),
    ],
    missing: lacking.length === 0 ? [] : [missing(lacking, command, at)],
    unjudged: undefined,
  }
}

function unexpected(word: Word, node: CommandNode, command: string): Finding {
  const takes = node.args!.length === 0 ? 'no argument' : `only ${node.args!.map(called).join(' ')}`
  const option = node.options.flatMap(({ names }) => names).find(name => name === `--${word.source}`)
  return {
    rule: 'argument-unexpected',
    severity: 'error',
    at: word.at,
    message: `${command} takes ${takes}, so nothing like \`${shown(word.source)}\``,
    ...(option === undefined ? {} : { suggestion: option }),
  }
}

function missing(lacking: readonly ArgumentSpec[], command: string, at: Place): Finding {
  const names = lacking.map(called).join(' ')
  return { rule: 'argument-missing', severity: 'error', at, message: `${command} lacks ${names}` }
}

/** `<run_id>`, and `<prod|dev>` of one that has no name but its values, which argparse writes as `{prod,dev}`. */
function called({ name, values }: ArgumentSpec): string {
  return isNameless(name) && values !== null ? `<${values.join('|')}>` : `<${name}>`
}

function isNameless(name: string): boolean {
  return /^\{.*\}$/s.test(name)
}

/** Arguments after one that takes many are counted from the end. */
function wrongValues(words: readonly Word[], args: readonly ArgumentSpec[], command: string): Finding[] {
  const many = args.findIndex(arg => arg.many)
  const after = many < 0 ? 0 : args.length - many - 1
  return words.flatMap((word, index) => {
    const fromEnd = words.length - index
    const spec = many < 0 || index < many ? args[index] : fromEnd <= after ? args[args.length - fromEnd] : args[many]
    const wrong = spec === undefined ? undefined : unknownValue(word.pieces, spec.values)
    if (wrong === undefined) return []
    return [
      {
        rule: 'argument-value-unknown',
        severity: 'error',
        at: word.at,
        message: `${isNameless(spec!.name) ? 'an argument' : `<${spec!.name}>`} of ${command} is ${wrong.expected}, not \`${shown(wrong.value)}\``,
        ...(wrong.near === undefined ? {} : { suggestion: wrong.near }),
      },
    ]
  })
}
