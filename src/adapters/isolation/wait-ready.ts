import { RunproofError } from '../../model/error.ts'
import type { Answer } from '../../model/http.ts'
import type { Exit, Instance, Readiness, ReadyOptions } from '../../model/instance.ts'

const REQUEST_TIMEOUT_MS = 2_000
/** Short at first, since it becomes part of the measured time to ready; a slow start is not looked at 200 times a second. */
const POLL_MS = { first: 5, later: 25, laterAfter: 1_000 }

/** Codes of a request that are a daemon's not being ready, or the end of waiting. */
const NO_ANSWER = new Set(['TIMEOUT', 'TARGET_UNREACHABLE', 'ANSWER_MALFORMED', 'BODY_TOO_LARGE', 'INTERRUPTED'])

/** What waiting needs of a daemon. */
export interface Subject {
  describe(): string
  /** Whether the daemon itself accepts connections on its port. */
  listens(): boolean
  request: Instance['request']
  /** Set once it has ended. */
  exit(): Exit | undefined
  /** Settles when it ends. */
  ended(): Promise<unknown>
  /** Starts it once more after an end that is worth another try; false when this one is not. */
  startAgain(): Promise<boolean>
  ready(): void
}

/**
 * Asks until an answer is accepted, the daemon ends, or the time is over. A request under way is given up when the daemon
 * ends.
 */
export async function waitReady(subject: Subject, options: ReadyOptions): Promise<Readiness> {
  const began = performance.now()
  const waitedMs = () => performance.now() - began
  const accept = options.accept ?? (answer => answer.status === 200)
  let attempts = 0
  let listened = false
  let answer: Answer | undefined
  const came = (outcome: Readiness['outcome'], exit?: Exit): Readiness => ({
    outcome,
    ...(answer === undefined ? {} : { answer }),
    ...(exit === undefined ? {} : { exit }),
    attempts,
    durationMs: waitedMs(),
  })

  for (;;) {
    if (options.signal?.aborted) {
      throw new RunproofError('INTERRUPTED', `waiting for ${subject.describe()} was interrupted`)
    }
    const exit = subject.exit()
    if (exit !== undefined && !(await subject.startAgain())) return came('exited', exit)
    const leftMs = options.timeoutMs - waitedMs()
    if (leftMs <= 0) return came(answer ? 'refused' : listened ? 'unanswered' : 'unlistened')
    if (subject.listens()) {
      attempts += 1
      listened = true
      const fresh = await ask(subject, options, Math.min(leftMs, options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS))
      answer = fresh ?? answer
      if (fresh && accept(fresh)) {
        subject.ready()
        return came('ready')
      }
    }
    if (subject.exit() === undefined) {
      await pauseUnless(subject.ended(), waitedMs() < POLL_MS.laterAfter ? POLL_MS.first : POLL_MS.later)
    }
  }
}

async function ask(subject: Subject, options: ReadyOptions, timeoutMs: number): Promise<Answer | undefined> {
  const ended = new AbortController()
  subject.ended().then(() => ended.abort())
  const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal
  try {
    return await subject.request(options.path, {
      timeoutMs,
      signal,
      ...(options.bearer ? { bearer: options.bearer } : {}),
    })
  } catch (error) {
    const code = error instanceof RunproofError ? error.code : ''
    if (NO_ANSWER.has(code)) return undefined
    throw error
  }
}

function pauseUnless(event: Promise<unknown>, pauseMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const pause = new Promise(resolve => {
    timer = setTimeout(resolve, pauseMs)
  })
  return Promise.race([pause, event]).finally(() => clearTimeout(timer))
}
