import { RunproofError } from './error.ts'

/**
 * A command given as a parameter: a JSON list of words. No shell reads it, so nothing in it is expanded.
 *
 * @throws RunproofError PARAM_INVALID
 */
export function parseArgv(text: string): readonly [string, ...string[]] {
  const why = refuseArgv(text)
  if (why !== undefined) throw new RunproofError('PARAM_INVALID', `${text}: ${why}`)
  return JSON.parse(text) as [string, ...string[]]
}

export function refuseArgv(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const words =
      Array.isArray(value) && value.length > 0 && value.every(word => typeof word === 'string' && word !== '')
    return words ? undefined : 'expected a JSON list of words, such as ["cat","/backup/state.tar"]'
  } catch {
    return 'expected a JSON list of words, such as ["cat","/backup/state.tar"]'
  }
}
