import { RunproofError } from '../model/error.ts'

/**
 * Runs `work` with a signal that aborts when the outer one does or when the time is up, and does not wait for work that
 * ignores its signal: a check that hangs must not hang the run.
 *
 * @throws RunproofError TIMEOUT after `timeoutMs`; INTERRUPTED when the outer signal aborts
 */
export async function withDeadline<Result>(
  what: string,
  timeoutMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController()
  const signal = AbortSignal.any([outer, controller.signal])
  const { promise: ended, reject } = Promise.withResolvers<never>()

  const timer = setTimeout(() => {
    controller.abort()
    reject(new RunproofError('TIMEOUT', `${what} took longer than ${timeoutMs} ms`))
  }, timeoutMs)
  const onAbort = () => reject(new RunproofError('INTERRUPTED', `${what} was interrupted`))
  if (outer.aborted) onAbort()
  outer.addEventListener('abort', onAbort, { once: true })

  try {
    return await Promise.race([work(signal), ended])
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', onAbort)
    ended.catch(() => {})
  }
}
