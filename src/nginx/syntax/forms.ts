import type { Place } from './place.ts'
import { isNumber, isTime } from './values.ts'

/** What is wrong with arguments that have a form of their own; undefined when nothing is, as far as it was looked at. */
export type ArgumentCheck = (args: readonly string[], place: Place) => string | undefined

export const ok = undefined
export const problem = (wrong: boolean, text: string) => (wrong ? text : undefined)

export const anything = () => true
export const inSeconds = (text: string) => isTime(text, 'seconds')
export const positive = (text: string) => isNumber(text) && Number(text) > 0

export const isPort = (text: string) => positive(text) && Number(text) < 65536

export const variable =
  (index: number): ArgumentCheck =>
  args =>
    problem(!/^\$./s.test(args.at(index)!), 'a variable is a name after "$"')

export const third =
  (...words: readonly string[]): ArgumentCheck =>
  ([, , word]) =>
    problem(word !== undefined && !words.includes(word), `after both arguments only ${words.join(', ')} may follow`)

export const offAlone: ArgumentCheck = args =>
  problem(args.length === 1 && args[0] !== 'off', 'a single argument can only be "off"')

export const notEmpty: ArgumentCheck = ([first]) => problem(first === '', 'it is empty')

export const oneOf =
  (...words: readonly string[]): ArgumentCheck =>
  ([first = '']) =>
    problem(!words.includes(first), `it must be one of ${words.join(', ')}`)

export const unlessVariable =
  (isRight: (text: string) => boolean, text: string): ArgumentCheck =>
  ([value = '']) =>
    problem(!value.includes('$') && !isRight(value), text)

/** `name=value` and bare words that may follow the first arguments. */
export function options(
  from: number,
  known: Readonly<Record<string, (value: string) => boolean>>,
  words: readonly string[],
): ArgumentCheck {
  return args => {
    for (const [offset, arg] of args.slice(from).entries()) {
      if (words.includes(arg)) continue
      const equals = arg.indexOf('=')
      const check = equals === -1 ? undefined : known[arg.slice(0, equals)]
      if (check === undefined) return `argument ${from + offset + 1} is none that it knows`
      if (!check(arg.slice(equals + 1))) return `the value of "${arg.slice(0, equals)}=" is invalid`
    }
    return ok
  }
}

/** All of them; the first problem counts. */
export const all =
  (...checks: readonly ArgumentCheck[]): ArgumentCheck =>
  (args, place) => {
    for (const check of checks) {
      const found = check(args, place)
      if (found !== undefined) return found
    }
    return ok
  }
