import { setTimeout as delay } from 'node:timers/promises'
import { clock } from '../../adapters/clock.ts'
import { files } from '../../adapters/files.ts'
import { http } from '../../adapters/http/port.ts'
import { commands } from '../../adapters/run-command.ts'
import { bearerToken } from '../../model/bearer-token.ts'
import type { Target } from '../../model/target.ts'
import type { Refusal } from '../../slo/audit.ts'
import type { Sample } from '../../slo/sample.ts'
import { takeSample } from '../../slo/take-sample.ts'

/** A running daemon, and how often and how long it is sampled. */
export interface Watched {
  readonly target: Target
  readonly baseUrl: string
  readonly tokenFile: string
  readonly caFile: string | undefined
  readonly stateRoot: string | undefined
  readonly intervalMs: number
  readonly forMs: number
}

const MOST_TOKEN_BYTES = 64 * 1024
/** Of one source; nothing waits longer for a daemon that hangs. */
const DEADLINE_MS = 5_000
/** Between two requests with a token that was refused: far from what the daemon's limiter lets through in a minute. */
const SPARE_MS = 15_000
/** The audit log is not read further back. */
const REFUSALS_KEPT_MS = 30 * 60_000

/**
 * One sample at once, and one more at every interval until the time is over. Intervals that a slow daemon used up are left out.
 *
 * @throws RunproofError FILE_UNREADABLE, PARAM_INVALID, SECRET_TOO_SHORT for a token file that is bad from the beginning; later that is part of
 *   the sample
 */
export async function* liveSamples(watched: Watched, signal: AbortSignal): AsyncGenerator<Sample> {
  const { target, tokenFile, stateRoot, caFile, baseUrl, intervalMs, forMs } = watched
  const bearer = async () => bearerToken('readonly-token', tokenFile, await files.readText(tokenFile, MOST_TOKEN_BYTES))
  await bearer()
  await using client = await http.connect({ baseUrl, ...(caFile === undefined ? {} : { caFile }) })
  const refusals: Refusal[] = []
  const { now, later } = forward()
  const beganMs = clock.monotonicMs()
  const elapsedMs = () => clock.monotonicMs() - beganMs

  for (let tick = 0; tick * intervalMs <= forMs; tick = Math.max(tick, Math.floor(elapsedMs() / intervalMs)) + 1) {
    if (!(await waited(tick * intervalMs - elapsedMs(), signal))) return
    later()
    const oldest = now().getTime() - REFUSALS_KEPT_MS
    while (refusals[0] !== undefined && refusals[0].sentAtMs < oldest) refusals.shift()
    const sample = await takeSample({
      target,
      http: client,
      bearer,
      host:
        stateRoot === undefined ? undefined : { stateRoot, run: (command, options) => commands.run(command, options) },
      now,
      timeoutMs: DEADLINE_MS,
      signal,
      refusals,
      spareMs: SPARE_MS,
    }).catch(thrown => {
      if (signal.aborted) return undefined
      throw thrown
    })
    if (sample === undefined) return
    yield sample
  }
}

/** @returns false when it was cut short */
async function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (milliseconds > 0) await delay(milliseconds, undefined, { signal }).catch(() => {})
  return !signal.aborted
}

/**
 * The wall clock, except that it never goes back, and that after `later` it is later than it was before: two samples of one
 * instant could not be judged again.
 */
function forward(): { now(): Date; later(): void } {
  let lastMs = 0
  return {
    now() {
      lastMs = Math.max(lastMs, clock.now().getTime())
      return new Date(lastMs)
    },
    later() {
      lastMs += 1
    },
  }
}
