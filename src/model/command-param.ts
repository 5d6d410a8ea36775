import { parseArgv, refuseArgv } from './argv-param.ts'
import type { NonEmpty } from './check.ts'
import { RunproofError } from './error.ts'

/** Words that mean the same to every shell and to none: anything else needs the JSON form. */
const PLAIN_WORDS = /^[\w@%+=:,./-]+(?: +[\w@%+=:,./-]+)*$/

/**
 * A command given as a parameter: a JSON list of words, or plain words where no shell would read them differently.
 *
 * @throws RunproofError PARAM_INVALID
 */
export function parseCommand(text: string): readonly [string, ...string[]] {
  if (text.startsWith('[')) return parseArgv(text)
  if (!PLAIN_WORDS.test(text)) throw new RunproofError('PARAM_INVALID', `${text}: ${refuseCommand(text)}`)
  return text.split(/ +/) as [string, ...string[]]
}

export function refuseCommand(text: string): string | undefined {
  if (text.startsWith('[')) return refuseArgv(text)
  return PLAIN_WORDS.test(text)
    ? undefined
    : 'no shell reads it, so quotes, variables and operators need the form ["sh","-c","…"]'
}

/**
 * One command or several, given as a parameter: a JSON list of lists of words, or what {@link parseCommand} takes.
 *
 * @throws RunproofError PARAM_INVALID
 */
export function parseCommands(text: string): NonEmpty<readonly [string, ...string[]]> {
  const why = refuseCommands(text)
  if (why !== undefined) throw new RunproofError('PARAM_INVALID', `${text}: ${why}`)
  const several = listOfLists(text)
  return several === undefined ? [parseCommand(text)] : (several as [[string], ...[string][]])
}

export function refuseCommands(text: string): string | undefined {
  const several = listOfLists(text)
  if (several === undefined) return refuseCommand(text)
  return several.map(one => refuseArgv(JSON.stringify(one))).find(why => why !== undefined)
}

/** Undefined where it is no list whose first element is a list. */
function listOfLists(text: string): readonly unknown[] | undefined {
  if (!/^\[\s*\[/.test(text)) return undefined
  try {
    return JSON.parse(text) as unknown[]
  } catch {
    return undefined
  }
}
