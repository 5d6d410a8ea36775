import { RunproofError } from '../model/error.ts'
import { parseArgv, refuseArgv } from './argv-param.ts'

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
