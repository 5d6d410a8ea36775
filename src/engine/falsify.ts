import type { CounterproofRecord } from '../evidence/schema.ts'
import type { AnyCheck, CheckContext, Counterproof, Json, Judgement } from '../model/check.ts'
import type { Command } from '../model/command.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import { withDeadline } from './deadline.ts'

/** Why a subject counterproof was not run when the caller asked for observations only. */
export const ONLY_OBSERVATIONS = 'only counterproofs on observations were asked for'

export type CounterproofMode = 'all' | 'observation'

export interface FalsifySettings {
  readonly mode: CounterproofMode
  /** Why no subject may be broken. */
  readonly inUse: string | undefined
  readonly timeoutMs: number
  readonly settleMs: number
  /** Throws where policy forbids a command. */
  readonly permitted: (command: Command) => Promise<void>
}

/**
 * Breaks what a green check looked at and asks it again. Red is `failed` for the stated reason, or an error that the
 * counterproof itself declared and the check threw. Anything else is not red: neither a break that could not be made nor one
 * that could not be cleared away proves that the check can fail.
 */
export async function falsify(
  check: AnyCheck,
  counterproof: Counterproof<unknown>,
  observed: unknown,
  context: CheckContext,
  settings: FalsifySettings,
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

  let stage = 'breaking' as Stage
  try {
    const why = notRunReason(counterproof, context, settings)
    if (why !== undefined) return record('not-run', why)
    const judgement = await withDeadline(
      `counterproof ${counterproof.id}`,
      settings.timeoutMs,
      context.signal,
      signal =>
        judgeBroken(check, counterproof, observed, { ...context, signal }, settings, next => {
          stage = next
        }),
      settings.settleMs,
    )
    if (judgement instanceof RunproofError) return record('red', `${judgement.code}: ${judgement.message}`)
    if (judgement.outcome === 'passed') return record('green', 'the check still passed')
    const { because, expects } = counterproof
    if (expects !== undefined || (because !== undefined && !because.test(judgement.reason)))
      return record('errored', `red for another reason than ${expects ?? because}: ${judgement.reason}`)
    return record('red', judgement.reason)
  } catch (thrown) {
    const error = toRunproofError(thrown)
    if (context.signal.aborted) return record('not-run', 'the run was interrupted')
    const said = `${error.code}: ${error.message}`
    // The check itself ran out of its time, and that is what the counterproof waits for.
    if (stage === 'asking' && error.code === counterproof.expects) return record('red', said)
    return record('errored', `${WHILE[stage]}${said}`)
  }
}

type Stage = 'breaking' | 'asking' | 'clearing'

const WHILE: Readonly<Record<Stage, string>> = {
  breaking: 'the break could not be made: ',
  asking: '',
  clearing: 'what the break had made could not be cleared away: ',
}

function notRunReason(
  counterproof: Counterproof<unknown>,
  context: CheckContext,
  { mode, inUse }: FalsifySettings,
): string | undefined {
  if (!('subject' in counterproof)) return undefined
  if (mode === 'observation') return ONLY_OBSERVATIONS
  if (inUse !== undefined) return inUse
  return counterproof.unavailable?.(context)
}

/** @returns the judgement on the broken subject, or the error the counterproof declared */
async function judgeBroken(
  check: AnyCheck,
  counterproof: Counterproof<unknown>,
  observed: unknown,
  context: CheckContext,
  { permitted }: Pick<FalsifySettings, 'permitted'>,
  enter: (stage: Stage) => void,
): Promise<Judgement | RunproofError> {
  if (!('subject' in counterproof)) {
    const broken = counterproof.observation(structuredClone(observed))
    enter('asking')
    return orDeclared(counterproof, async () => check.judge(broken))
  }

  await using scope = new AsyncDisposableStack()
  const deadlineMs = counterproof.deadlineMs ?? context.deadlineMs
  // What runs against a broken copy is part of the counterproof, not one of the step's commands.
  const runIn: CheckContext['runIn'] = async (runner, command, options = {}) => {
    await permitted(command)
    return runner.run(command, { timeoutMs: deadlineMs, signal: context.signal, ...options })
  }
  const broken = await counterproof.subject({ ...context, deadlineMs, runIn, waited: () => {} }, scope)
  enter('asking')
  const judgement = await orDeclared(counterproof, async () => check.judge(await check.probe(broken)))
  // Time that runs out from here on is not the check's.
  enter('clearing')
  return judgement
}

async function orDeclared(
  counterproof: Counterproof<unknown>,
  ask: () => Promise<Judgement>,
): Promise<Judgement | RunproofError> {
  try {
    return await ask()
  } catch (thrown) {
    const error = toRunproofError(thrown)
    if (error.code === counterproof.expects) return error
    throw thrown
  }
}

/** What evidence keeps of an expected or actual value: whole when small, told when cut. */
export function boundedJson(value: Json | undefined): Json | undefined {
  if (value === undefined) return undefined
  const text = JSON.stringify(value)
  const limit = 16_384
  return text.length <= limit ? value : { cutAtCharacters: limit, text: text.slice(0, limit).toWellFormed() }
}
