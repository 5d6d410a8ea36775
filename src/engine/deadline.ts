import { RunproofError } from '../model/error.ts'

/** How long work that was told to stop may take to do so, before the run goes on without it. */
const SETTLE_MS = 10_000

/** The longest that a timer of Node can wait; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Runs `work` with a signal that aborts when the outer one does or when the time is up.
 *
 * Work that heeds its signal is waited for, so that what it has started is gone before anything is torn down under it.
 * Work that does not is left alone after `settleMs`: a check that hangs must not hang the run.
 *
 * @throws RunproofError TIMEOUT after `timeoutMs`; INTERRUPTED when the outer signal aborts, before the start also. Both
 *   say so when the work did not stop.
 */
export async function withDeadline<Result>(
  what: string,
  timeoutMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
  settleMs = SETTLE_MS,
): Promise<Result> {
  if (outer.aborted) throw new RunproofError('INTERRUPTED', `${what} was not started: the run was interrupted`)

  const controller = new AbortController()
  const cut = Promise.withResolvers<{ readonly code: 'TIMEOUT' | 'INTERRUPTED'; readonly message: string }>()
  const stop = (code: 'TIMEOUT' | 'INTERRUPTED', message: string) => {
    cut.resolve({ code, message })
    controller.abort()
  }
  const timer = setTimeout(
    () => stop('TIMEOUT', `${what} took longer than ${timeoutMs} ms`),
    Math.min(timeoutMs, LONGEST_TIMER_MS),
  )
  const onAbort = () => stop('INTERRUPTED', `${what} was interrupted`)
  outer.addEventListener('abort', onAbort, { once: true })

  try {
    const working = (async () => work(controller.signal))().then(result => ({ result }))
    const first = await Promise.race([cut.promise, working])
    if ('result' in first) return first.result
    const stopped = await settles(working, settleMs)
    throw new RunproofError(first.code, stopped ? first.message : `${first.message}, and did not stop when told to`)
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', onAbort)
  }
}

async function settles(working: Promise<unknown>, settleMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), settleMs)
  working.then(
    () => resolve(true),
    () => resolve(true),
  )
  try {
    return await promise
  } finally {
    clearTimeout(timer)
  }
}
