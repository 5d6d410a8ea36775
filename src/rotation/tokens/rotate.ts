import { setTimeout as delay } from 'node:timers/promises'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import type { Replaced, ReplaceStyle } from '../../model/replace-file.ts'
import type { Secret } from '../../model/secret.ts'
import { ask } from '../../suite/ask.ts'
import { passTime, replaceToken } from '../../suite/token-rotation.ts'
import { readAgainAndAgain } from './file-reads.ts'
import { holdStream } from './held-stream.ts'
import { Load } from './load.ts'
import type { Exchange, Rotation } from './subjects.ts'

export interface RotateOptions {
  readonly style: ReplaceStyle
  readonly ratePerSecond: number
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

/** Before and after the replacement it is asked for so long, or until so many requests would have gone out. */
const LEAD_MS = 500
const LEAD_REQUESTS = 10
/** How long the file is read after it was replaced. */
const READ_ON_MS = 100
/** How often both tokens are shown once more in the end. */
const SHOWN_AGAIN = 3
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000

/**
 * Replaces a token while clients of both roles ask the daemon, and somebody reads the file.
 *
 * @throws RunproofError what replacing the file throws, which says what it holds; INTERRUPTED; what asking throws, with what the
 *   file holds then
 */
export async function rotateUnderLoad(
  context: CheckContext,
  { role, file, from, to, other }: Exchange & { readonly from: Secret },
  { style, ratePerSecond, withinMs, maxGapMs, replace, onReplacing, onReplaced }: RotateOptions,
): Promise<Rotation> {
  const { target, tools } = context
  const { clock, files } = tools
  const { secrets, cheap } = target.http
  const leadMs = Math.max(LEAD_MS, (LEAD_REQUESTS * 1000) / ratePerSecond)
  const held = await holdStream(context, from)
  const load = new Load({
    clock,
    ratePerSecond,
    rotated: role === 'admin' ? [secrets, cheap] : [cheap],
    unrotated: role === 'admin' ? [cheap] : [secrets],
    from,
    to,
    other,
    ask: async (path, bearer) => (await ask(context, path, { bearer })).status,
  })
  let stopLoad = () => load.stop()
  try {
    await passTime(context, leadMs)
    let beganAtMs = 0
    let replacedMs = 0
    let done: Replaced = { staleRemoved: 0, otherNames: 0 }
    let isReplaced = false
    const stopReading = readAgainAndAgain(files, file, [from, to])
    const settled = await replaceToken(context, {
      from,
      to,
      path: role === 'admin' ? secrets : cheap,
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
        delay(READ_ON_MS).then(stopReading)
      },
    }).catch(async thrown => {
      await stopReading()
      throw isReplaced ? withState(thrown, file) : thrown
    })
    await passTime(context, leadMs)
    const reads = await stopReading()
    const report = await load.stop()
    stopLoad = async () => report
    const since = (atMs: number | undefined) => (atMs === undefined ? undefined : Math.ceil(atMs - beganAtMs))
    return {
      style,
      turn: settled.turn,
      refusals: settled.refusals + report.refusals,
      load: report,
      reads,
      replacedMs: Math.ceil(replacedMs),
      waitedMs: Math.ceil(settled.waitedMs),
      withinMs,
      maxGapMs,
      firstNewMs: since(load.firstNewAtMs),
      lastOldMs: since(load.lastOldAtMs),
      heldStream: held.state(),
      ...done,
    }
  } finally {
    held.close()
    await stopLoad()
  }
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
