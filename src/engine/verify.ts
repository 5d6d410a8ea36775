import type { CheckRecord, CounterproofRecord } from '../evidence/schema.ts'
import type { AnyCheck, CheckContext, Judgement } from '../model/check.ts'
import { toRunproofError } from '../model/error.ts'
import { withDeadline } from './deadline.ts'
import { boundedJson, type CounterproofMode, type FalsifySettings, falsify } from './falsify.ts'
import { inPool } from './pool.ts'
import type { Watch } from './progress.ts'

export interface VerifySettings {
  readonly mode: CounterproofMode
  /** Why no subject may be broken; undefined where copies may. */
  readonly inUse: string | undefined
  /** Checks, and after them counterproofs, that run at the same time. */
  readonly width: number
  readonly timeoutMs: number
  /** How long a question that was told to stop may take to do so. */
  readonly settleMs: number
  /** Why a check can't be asked here, by its needs; undefined when it can. */
  readonly lacking: (check: AnyCheck) => string | undefined
  /** Throws where policy forbids a command that breaks a copy. */
  readonly permitted: FalsifySettings['permitted']
  readonly watch: Watch
}

export interface Verified {
  readonly checks: readonly CheckRecord[]
  /** Time spent on the questions themselves, and on breaking their subjects. */
  readonly checksMs: number
  readonly counterproofsMs: number
}

interface Asked {
  readonly check: AnyCheck
  readonly record: Omit<CheckRecord, 'counterproofs'>
  readonly observed?: unknown
}

/** Asks every check of a step, then breaks the subject of each green one. One red check does not keep the others from being asked. */
export async function verifyStep(
  step: string,
  checks: readonly AnyCheck[],
  context: CheckContext,
  settings: VerifySettings,
): Promise<Verified> {
  const { clock } = context.tools
  const began = clock.monotonicMs()
  const asked = await inPool(checks, settings.width, async check => {
    const one = await ask(check, context, settings)
    settings.watch({
      type: 'check',
      step,
      check: check.id,
      title: check.title,
      outcome: one.record.outcome,
      reason: one.record.reason,
      durationMs: one.record.durationMs,
      counterproofs: check.counterproofs.length,
    })
    return one
  })
  const askedAt = clock.monotonicMs()

  const jobs = asked.flatMap(one => one.check.counterproofs.map(counterproof => ({ one, counterproof })))
  const results = await inPool(jobs, settings.width, async ({ one, counterproof }) => {
    const record = await proveOrSkip(one, counterproof, context, settings)
    settings.watch({
      type: 'counterproof',
      step,
      check: one.check.id,
      counterproof: record.id,
      breaks: record.breaks,
      outcome: record.outcome,
      said: record.said,
      durationMs: record.durationMs,
    })
    return { check: one.check, record }
  })

  return {
    checks: asked.map(one =>
      withProof(
        one,
        results.filter(result => result.check === one.check).map(result => result.record),
      ),
    ),
    checksMs: askedAt - began,
    counterproofsMs: clock.monotonicMs() - askedAt,
  }
}

async function ask(check: AnyCheck, context: CheckContext, settings: VerifySettings): Promise<Asked> {
  const started = context.tools.clock.monotonicMs()
  const base = () => ({ id: check.id, title: check.title, durationMs: context.tools.clock.monotonicMs() - started })

  const lacking = settings.lacking(check)
  if (lacking !== undefined) return { check, record: { ...base(), outcome: 'skipped', reason: lacking } }

  try {
    const observed: unknown = await withDeadline(
      `check ${check.id}`,
      settings.timeoutMs,
      context.signal,
      signal => check.probe(underSignal(context, signal)),
      settings.settleMs,
    )
    const judgement = check.judge(observed)
    return { check, observed, record: { ...base(), ...judged(judgement) } }
  } catch (thrown) {
    const error = toRunproofError(thrown)
    const outcome = context.signal.aborted ? 'interrupted' : error.code === 'DENIED' ? 'denied' : 'errored'
    const problem = {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    }
    return { check, record: { ...base(), outcome, reason: `${error.code}: ${error.message}`, error: problem } }
  }
}

/** The context of one question: its commands end with its time, not with the run's. */
function underSignal(context: CheckContext, signal: AbortSignal): CheckContext {
  return {
    ...context,
    signal,
    runIn: (runner, command, options) => context.runIn(runner, command, { signal, ...options }),
  }
}

function judged(judgement: Judgement): Pick<CheckRecord, 'outcome' | 'reason' | 'expected' | 'actual'> {
  const expected = boundedJson(judgement.expected)
  const actual = boundedJson(judgement.actual)
  return {
    outcome: judgement.outcome,
    ...(judgement.outcome === 'failed' ? { reason: judgement.reason } : {}),
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
  }
}

async function proveOrSkip(
  one: Asked,
  counterproof: AnyCheck['counterproofs'][number],
  context: CheckContext,
  settings: VerifySettings,
): Promise<CounterproofRecord> {
  if (one.record.outcome === 'passed') {
    return falsify(one.check, counterproof, one.observed, context, settings)
  }
  return {
    id: counterproof.id,
    breaks: counterproof.breaks,
    on: 'subject' in counterproof ? 'subject' : 'observation',
    outcome: 'not-run',
    said: `the check itself is ${one.record.outcome}`,
    durationMs: 0,
  }
}

/** A green check stays green only when every counterproof that ran turned it red. */
function withProof(one: Asked, counterproofs: readonly CounterproofRecord[]): CheckRecord {
  const notRed = counterproofs.filter(record => record.outcome === 'green' || record.outcome === 'errored')
  const unproven = one.record.outcome === 'passed' && notRed.length > 0
  return {
    ...one.record,
    ...(unproven
      ? { outcome: 'unproven' as const, reason: `not turned red by: ${notRed.map(record => record.id).join(', ')}` }
      : {}),
    counterproofs: [...counterproofs],
  }
}
