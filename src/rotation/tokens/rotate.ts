import { setTimeout as delay } from 'node:timers/promises'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import type { Replaced, ReplaceStyle } from '../../model/replace-file.ts'
import type { Secret } from '../../model/secret.ts'
import { replaceToken } from '../../suite/token-rotation.ts'
import { type Clients, letThemAsk } from './clients.ts'
import { readAgainAndAgain } from './file-reads.ts'
import type { Load } from './load.ts'
import type { Exchange, Rotation } from './subjects.ts'

export interface RotateOptions {
  readonly style: ReplaceStyle
  /** How long the new token may take to count. */
  readonly withinMs: number
  readonly maxGapMs: number
  /** Instead of the replacement: how a counterproof does it wrong. */
  readonly replace?: () => Promise<void>
  /** Told right before the file is replaced. */
  readonly onReplacing?: () => void
  /** Told once the file holds the new token, whatever happens then. */
  readonly onReplaced?: () => void
}

/** How long the file is read after it was replaced. */
const READ_ON_MS = 100
/** How often both tokens are shown once more in the end. */
const SHOWN_AGAIN = 3
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000

type Swap = Exchange & { readonly from: Secret }

/**
 * Replaces a token while clients of both roles ask the daemon, and somebody reads the file.
 *
 * @throws RunproofError what replacing the file throws, which says what it holds; INTERRUPTED; what asking throws, with what the
 *   file holds then
 */
export async function rotateUnderLoad(
  context: CheckContext,
  swap: Swap,
  options: RotateOptions,
  { load, held, rates }: Clients,
): Promise<Rotation> {
  load.pace(rates.atSwap)
  await letThemAsk(context, rates.atSwap)
  // A gap of before that had ended by then is none of the replacement’s.
  load.watch()
  const { settled, reads, done, beganAtMs, replacedMs } = await replaceOnce(context, swap, options, load)
  if (settled.turn.newAfter === 200 && settled.turn.oldAfter === 401) load.oldIsGone()
  await letThemAsk(context, rates.atSwap)
  const report = load.ofLate()
  load.pace(rates.atRest)
  const since = (atMs: number | undefined) => (atMs === undefined ? undefined : Math.ceil(atMs - beganAtMs))
  return {
    style: options.style,
    turn: settled.turn,
    refusals: settled.refusals + report.refusals,
    load: report,
    reads: await reads(),
    replacedMs: Math.ceil(replacedMs),
    waitedMs: Math.ceil(settled.waitedMs),
    withinMs: options.withinMs,
    maxGapMs: options.maxGapMs,
    firstNewMs: since(load.firstNewAtMs),
    lastOldMs: since(load.lastOldAtMs),
    heldStream: held?.state() ?? 'not opened',
    ...done,
  }
}

/** Writes the file, shows both tokens until the new one counts, and reads along. */
async function replaceOnce(
  context: CheckContext,
  { role, file, from, to }: Swap,
  { style, withinMs, replace, onReplacing, onReplaced }: RotateOptions,
  load: Load,
) {
  const { target, tools } = context
  const { clock, files } = tools
  let beganAtMs = 0
  let replacedMs = 0
  let done: Replaced = { staleRemoved: 0, otherNames: 0 }
  let isReplaced = false
  const reads = readAgainAndAgain(files, file, [from, to])
  const settled = await replaceToken(context, {
    from,
    to,
    path: role === 'admin' ? target.http.secrets : target.http.cheap,
    withinMs,
    shownAgain: SHOWN_AGAIN,
    pauseMs: look => Math.min(FIRST_PAUSE_MS * 2 ** look, LONGEST_PAUSE_MS),
    seen: (token, status) => load.seen(token, status),
    async replace() {
      await refuseChanged(context, file, from)
      onReplacing?.()
      load.announce()
      beganAtMs = clock.monotonicMs()
      if (replace === undefined) done = await tools.replaceFile.replace(file, to, style, from)
      else await replace()
      isReplaced = true
      onReplaced?.()
      replacedMs = clock.monotonicMs() - beganAtMs
      // Until the daemon has read the file there may be much time, and nothing more to see in it.
      delay(READ_ON_MS).then(reads)
    },
  }).catch(async thrown => {
    await reads()
    throw isReplaced ? withState(thrown, file) : thrown
  })
  return { settled, reads, done, beganAtMs, replacedMs }
}

/** Two rotations at once: the second one must not overwrite what the first one has just written. */
export async function refuseChanged({ tools }: CheckContext, file: string, from: Secret): Promise<void> {
  const now = await tools.files.readSecret(file, from.name)
  if (now.reveal() === from.reveal()) return
  throw new RunproofError(
    'FILE_NOT_REPLACED',
    `${file} holds another token than a moment ago: somebody else replaced it; nothing was changed`,
    { hint: 'wait for the other rotation to end, and look what it did, before running again' },
  )
}

function withState(thrown: unknown, file: string): RunproofError {
  const error = toRunproofError(thrown)
  return new RunproofError(error.code, `${error.message}; ${file} holds the new token already, the old one is gone`, {
    hint: 'the new token counts once the daemon reads the file: see that it runs, then ask it with the token in the file',
    cause: error,
  })
}
