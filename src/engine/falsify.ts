import type { CounterproofRecord } from '../evidence/schema.ts'
import type { AnyCheck, CheckContext, Counterproof, Json, Judgement } from '../model/check.ts'
import { toRunproofError } from '../model/error.ts'
import { withDeadline } from './deadline.ts'

export type CounterproofMode = 'all' | 'observation'

/**
 * Breaks what a green check looked at and asks it again. Red is `failed` for the stated reason, or an error that the
 * counterproof itself declared; anything else is not red.
 */
export async function falsify(
  check: AnyCheck,
  counterproof: Counterproof<unknown>,
  observed: unknown,
  context: CheckContext,
  mode: CounterproofMode,
  timeoutMs: number,
): Promise<CounterproofRecord> {
  const started = context.tools.clock.monotonicMs()
  const on = 'subject' in counterproof ? 'subject' : 'observation'
  const deadlineMs = 'subject' in counterproof ? counterproof.deadlineMs : undefined
  const record = (outcome: CounterproofRecord['outcome'], said: string): CounterproofRecord => ({
    id: counterproof.id,
    breaks: counterproof.breaks,
    on,
    outcome,
    said,
    durationMs: context.tools.clock.monotonicMs() - started,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  })

  const why = notRunReason(counterproof, context, mode)
  if (why !== undefined) return record('not-run', why)

  try {
    const judgement = await withDeadline(`counterproof ${counterproof.id}`, timeoutMs, context.signal, signal =>
      judgeBroken(check, counterproof, observed, { ...context, signal }),
    )
    if (judgement.outcome === 'passed') return record('green', 'the check still passed')
    if (counterproof.because !== undefined && !counterproof.because.test(judgement.reason)) {
      return record('errored', `red for another reason than ${counterproof.because}: ${judgement.reason}`)
    }
    return record('red', judgement.reason)
  } catch (thrown) {
    const error = toRunproofError(thrown)
    if (context.signal.aborted) return record('not-run', 'the run was interrupted')
    if (error.code === counterproof.expects) return record('red', `${error.code}: ${error.message}`)
    return record('errored', `${error.code}: ${error.message}`)
  }
}

function notRunReason(
  counterproof: Counterproof<unknown>,
  context: CheckContext,
  mode: CounterproofMode,
): string | undefined {
  if (!('subject' in counterproof)) return undefined
  if (mode === 'observation') return 'only counterproofs on observations were asked for'
  return counterproof.unavailable?.(context)
}

async function judgeBroken(
  check: AnyCheck,
  counterproof: Counterproof<unknown>,
  observed: unknown,
  context: CheckContext,
): Promise<Judgement> {
  if (!('subject' in counterproof)) return check.judge(counterproof.observation(structuredClone(observed)))

  await using scope = new AsyncDisposableStack()
  const deadlineMs = counterproof.deadlineMs ?? context.deadlineMs
  // What runs against a broken copy is part of the counterproof, not one of the step's commands.
  const runIn: CheckContext['runIn'] = (runner, command, options = {}) =>
    runner.run(command, { timeoutMs: deadlineMs, signal: context.signal, ...options })
  const broken = await counterproof.subject({ ...context, deadlineMs, runIn }, scope)
  return check.judge(await check.probe(broken))
}

/** What evidence keeps of an expected or actual value: whole when small, told when cut. */
export function boundedJson(value: Json | undefined): Json | undefined {
  if (value === undefined) return undefined
  const text = JSON.stringify(value)
  const limit = 16_384
  return text.length <= limit ? value : { cutAtCharacters: limit, text: text.slice(0, limit) }
}
