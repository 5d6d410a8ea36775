import { setTimeout as delay } from 'node:timers/promises'
import { daemon } from '../../daemon/subjects.ts'
import { capture } from '../../model/capture.ts'
import type { CheckContext, Judgement } from '../../model/check.ts'
import { failed, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { Refusal } from '../../slo/audit.ts'
import { failOnOf, settingsOf } from '../../slo/params.ts'
import type { Sample } from '../../slo/sample.ts'
import type { Settings, Signal } from '../../slo/signal.ts'
import { judgeSignal } from '../../slo/signals.ts'
import { readAudit, readDisk, readReadiness, readStatus, type Sampled } from '../../slo/take-sample.ts'
import { fails } from '../../slo/watching.ts'

/** Requests of this run that the daemon refused, for its audit log to be read without them. */
export const refusals = capture<readonly Refusal[]>('refusals', 'refused requests of this run')

/** Between two samples that a threshold wants one after the other. */
const APART_MS = 250
/** Below what a step has, also twice. */
const MOST_MS = 5_000

export interface Observed {
  /** One, or two where the first was not ok and a threshold asks for the next one. */
  readonly samples: readonly [Sample, ...Sample[]]
  readonly settings: Settings
  readonly failOn: 'warn' | 'page'
}

/** @throws RunproofError whatever the source of the signal throws: without an answer there is no verdict */
export async function observe(context: CheckContext, signal: Signal): Promise<Observed> {
  const settings = settingsOf(context.params)
  const failOn = failOnOf(context.params)
  const first = await sampleFor(context, signal)
  const paired = signal.rules(settings).some(rule => 'samples' in rule && rule.samples > 1)
  if (!paired || judgeSignal(signal, [first], settings).level === 'ok') return { samples: [first], settings, failOn }
  await delay(APART_MS, undefined, { signal: context.signal })
  return { samples: [first, await sampleFor(context, signal)], settings, failOn }
}

/** A sample in which only the source of one signal was asked. */
async function sampleFor(context: CheckContext, { source }: Signal): Promise<Sample> {
  const from = sampledOf(context)
  const { host } = from
  if (host === undefined && (source === 'audit' || source === 'disk'))
    throw new RunproofError('INTERNAL', `${source} needs a state root, and its check does not say so`)
  const unasked = { error: 'not asked for' }
  return {
    at: from.now().toISOString(),
    readiness:
      source === 'readiness' ? await readReadiness(from) : { status: null, ownWords: false, error: 'NOT_ASKED' },
    status: source === 'status' ? { facts: await readStatus(from) } : unasked,
    audit: source === 'audit' ? { facts: await readAudit(from, host!) } : unasked,
    disk: source === 'disk' ? { facts: await readDisk(from, host!) } : unasked,
  }
}

function sampledOf(context: CheckContext): Sampled {
  const { target, tools, values, signal } = context
  const { instance, stateRoot, readonlyToken, adminToken } = values.get(daemon)
  return {
    target,
    http: instance,
    bearer: async () => (readonlyToken ?? adminToken)!,
    host:
      stateRoot === undefined
        ? undefined
        : { stateRoot, run: (command, options) => context.runIn(instance, command, options) },
    now: () => tools.clock.now(),
    timeoutMs: Math.min(context.deadlineMs, MOST_MS),
    signal,
    refusals: [...(values.find(refusals) ?? [])],
  }
}

/** Page fails, warn does where it was asked for; what the sample contradicts itself in is no verdict. */
export function judgeObserved(signal: Signal, { samples, settings, failOn }: Observed): Judgement {
  const { level, reason } = judgeSignal(signal, samples, settings)
  if (level === 'unknown') throw new RunproofError('ANSWER_MALFORMED', `${signal.title}: ${reason}`)
  const details = {
    expected: Object.fromEntries(signal.rules(settings).map(rule => [rule.level, rule.text])),
    actual: { level, reason, samples: samples.length },
  }
  return fails(level, failOn) ? failed(`${level}: ${reason}`, details) : passed(details)
}
