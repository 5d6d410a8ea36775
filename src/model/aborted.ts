import { RunproofError } from './error.ts'

/**
 * What a caller's signal meant by aborting: TIMEOUT for one of `AbortSignal.timeout`, the reason itself where it is a
 * RunproofError, else INTERRUPTED.
 *
 * @param what - what was not finished, as the subject of a sentence
 */
export function abortedError(signal: AbortSignal, what: string): RunproofError {
  const reason: unknown = signal.reason
  if (reason instanceof RunproofError) return reason
  if (reason instanceof DOMException && reason.name === 'TimeoutError') {
    return new RunproofError('TIMEOUT', `${what} did not end before its deadline`, { cause: reason })
  }
  return new RunproofError('INTERRUPTED', `${what} was interrupted`)
}
