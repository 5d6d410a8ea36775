import { resolveParams } from '../../engine/plan.ts'
import { parseDuration } from '../../model/duration.ts'
import { RunproofError } from '../../model/error.ts'
import type { Params } from '../../model/runbook.ts'
import { failOnOf, settingsOf, signalParams } from '../../slo/params.ts'
import type { Sample } from '../../slo/sample.ts'
import { fails, Watching } from '../../slo/watching.ts'
import { suiteConflict, suiteParams } from '../../suite/params.ts'
import type { WatchFlags } from '../commands/slo.ts'
import { interruptible } from '../interrupt.ts'
import { parsePairs } from '../options.ts'
import { loadTarget } from '../registry.ts'
import { liveSamples, type Watched } from './slo-live.ts'
import { recordingFor } from './slo-recording.ts'
import { recordedSamples } from './slo-samples.ts'
import { changeLines, type Ended, tableLines, toDocument } from './slo-table.ts'

const DEFAULT_INTERVAL = '15s'
const DEFAULT_FOR = '35m'
const INTERVAL_MS = { least: 1_000, most: 60_000 }

/** What a watch takes of what suites take. */
const LIVE = ['base-url', 'token-file', 'ca-file', 'state-root']
const params = {
  ...Object.fromEntries(Object.entries(suiteParams).filter(([name]) => LIVE.includes(name))),
  ...signalParams,
}

/**
 * Watches signals, live or recorded, and prints what they came to.
 *
 * @returns the exit code
 */
export async function watchSlo(flags: WatchFlags): Promise<number> {
  const given = resolveParams(
    { id: 'slo watch', params },
    parsePairs('--param', [...flags.param, ...(flags.failOn === undefined ? [] : [`fail-on=${flags.failOn}`])]),
  )
  refuseMixed(flags, given)
  const failOn = failOnOf(given)
  const watching = new Watching(settingsOf(given))
  using interrupt = interruptible(process, () => process.stderr.write('interrupted: this is the table so far\n'))
  await using recording = flags.record === undefined ? undefined : await recordingFor(flags.record)
  const samples =
    flags.samples === undefined
      ? liveSamples(await watchedOf(flags, given), interrupt.signal)
      : recordedSamples(flags.samples, interrupt.signal)

  const paged = await follow(watching, samples, {
    stopAtPage: flags.samples === undefined && flags.keepGoing !== true,
    observed: async (sample, changes) => {
      await recording?.write(sample)
      for (const line of changeLines(changes)) process.stderr.write(`${line}\n`)
    },
  })
  const interrupted = interrupt.signal.aborted
  if (watching.count === 0 && !interrupted)
    throw new RunproofError('SAMPLES_INVALID', `${flags.samples} holds no sample`)
  const exitCode = interrupted ? 130 : exitCodeFor(watching, failOn)
  const ended: Ended = interrupted
    ? 'interrupted'
    : flags.samples !== undefined
      ? 'all samples were judged'
      : paged
        ? 'a signal pages'
        : 'the time is over'
  if (flags.json === true)
    process.stdout.write(`${JSON.stringify(toDocument(watching, { ended, failOn, exitCode }))}\n`)
  else process.stdout.write(tableLines(watching, ended).join(''))
  return exitCode
}

interface Following {
  readonly stopAtPage: boolean
  observed(sample: Sample, changes: ReturnType<Watching['observe']>): Promise<void>
}

/** @returns whether it ended because a signal pages */
async function follow(
  watching: Watching,
  samples: AsyncIterable<Sample>,
  { stopAtPage, observed }: Following,
): Promise<boolean> {
  for await (const sample of samples) {
    await observed(sample, watching.observe(sample))
    if (stopAtPage && watching.rows().some(row => row.now.level === 'page')) return true
  }
  return false
}

/** What was reached at any time counts; a signal that is not known at the end leaves the question open. */
function exitCodeFor(watching: Watching, failOn: 'warn' | 'page'): number {
  const rows = watching.rows().filter(row => watching.isGiven(row.signal))
  if (rows.some(row => fails(row.worst.level, failOn))) return 1
  return rows.some(row => row.now.level === 'unknown') ? 3 : 0
}

function refuseMixed(flags: WatchFlags, given: Params): void {
  if (flags.samples === undefined) {
    if (given['base-url'] !== undefined) return
    throw new RunproofError('USAGE', 'nothing says what to watch', {
      hint: '--param base-url=URL token-file=FILE for a running daemon; --samples FILE for a recording',
    })
  }
  const flag = (['interval', 'for', 'keepGoing', 'record'] as const).find(name => flags[name] !== undefined)
  const param = LIVE.find(name => given[name] !== undefined)
  const stray =
    param === undefined
      ? flag === undefined
        ? undefined
        : `--${flag === 'keepGoing' ? 'keep-going' : flag}`
      : `${param}=`
  if (stray !== undefined)
    throw new RunproofError('USAGE', `${stray} is for a running daemon, and --samples reads a recording`, {
      hint: 'leave one of them out',
    })
}

async function watchedOf(flags: WatchFlags, given: Params): Promise<Watched> {
  const target = await loadTarget(flags.target)
  const conflict = suiteConflict({ params: given, target })
  if (conflict !== undefined) throw new RunproofError('PARAM_INVALID', conflict.message, { hint: conflict.hint })
  const intervalMs = parseDuration(flags.interval ?? DEFAULT_INTERVAL)
  if (intervalMs < INTERVAL_MS.least || intervalMs > INTERVAL_MS.most)
    throw new RunproofError('PARAM_INVALID', `--interval ${flags.interval}: expected 1s to 60s`, {
      hint: 'readiness pages on two samples within 60 s',
    })
  return {
    target,
    intervalMs,
    forMs: parseDuration(flags.for ?? DEFAULT_FOR),
    baseUrl: given['base-url']!,
    tokenFile: given['token-file']!,
    caFile: given['ca-file'],
    stateRoot: given['state-root'],
  }
}
