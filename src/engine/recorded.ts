import type { StepRecord } from '../evidence/schema.ts'
import { type Command, formatCommand } from '../model/command.ts'
import { RunproofError } from '../model/error.ts'
import type { Step } from '../model/runbook.ts'
import { beyondLicence, keptFrom } from '../policy/decide-command.ts'
import type { RunState } from './run-state.ts'

/**
 * Runs one command of a step. Journalled before it starts, recorded after: no act without a record.
 *
 * @throws RunproofError DENIED when a rule of a policy file forbids it; it was not started
 */
export async function recorded<Result>(
  run: RunState,
  step: Step,
  signal: AbortSignal,
  commands: StepRecord['commands'],
  command: Command,
  work: () => Promise<Result>,
  by: By,
): Promise<Result> {
  const { journal, watch, tools } = run.input
  const program = await programOf(run, command)
  // Work that ignored the end of its time starts nothing more.
  if (signal.aborted) throw new RunproofError('INTERRUPTED', `step ${step.id} is over: nothing more is run`)
  const text = formatCommand(command)
  refuseForbidden(run, step, command, program, by)
  journal.append('command', { step: step.id, command: text })
  watch({ type: 'command', step: step.id, command: text })
  const began = tools.clock.monotonicMs()
  let exitCode: number | null = null
  try {
    const result = await work()
    exitCode = exitCodeIn(result)
    return result
  } finally {
    commands.push({ command: text, exitCode, durationMs: tools.clock.monotonicMs() - began })
  }
}

/** The work of a step is what was allowed or approved; its checks and their counterproofs only look, or break copies. */
export type By = 'work' | 'check'

/**
 * Holds policy against a command that stands in no record: one that breaks a copy.
 *
 * @throws RunproofError DENIED
 */
export async function permitted(run: RunState, step: Step, command: Command): Promise<void> {
  refuseForbidden(run, step, command, await programOf(run, command), 'check')
}

/** Where a link leads: a program that is forbidden by its name is so under every other. Looked at only where a rule asks. */
async function programOf({ input: { rules = [], tools } }: RunState, { argv }: Command): Promise<string> {
  const [program] = argv
  if (!program.includes('/') || rules.every(rule => rule.argv === undefined)) return program
  try {
    return await tools.files.realPath(program)
  } catch {
    // It may lie where only its runner sees it.
    return program
  }
}

/** Policy is also held against what is really run: a step may announce nothing, or something else. */
function refuseForbidden(run: RunState, step: Step, command: Command, program: string, by: By): void {
  const { plan, rules = [], tools, journal } = run.input
  const text = formatCommand(command)
  const real = { argv: command.argv, program }
  const licence = by === 'work' ? run.licences.get(step.id) : undefined
  if (licence !== undefined && beyondLicence(licence, real)) {
    const named = `policy.${licence.id}`
    const why = `${named} allowed what the step announced, and ${text} is not that`
    journal.append('command-denied', { step: step.id, command: text, rule: named, reason: why })
    throw new RunproofError('DENIED', why, { hint: 'it was not started; have the step announce it, or allow more' })
  }
  const rule = keptFrom(
    rules,
    {
      step,
      runbook: plan.runbook.id,
      target: { id: plan.target.id, real: plan.target.real, inUse: plan.inUse !== undefined },
      at: tools.clock.now(),
    },
    real,
    run.approved.has(step.id),
  )
  if (rule === undefined) return
  const named = `policy.${rule.id}`
  journal.append('command-denied', { step: step.id, command: text, rule: named, reason: rule.reason })
  throw new RunproofError(
    'DENIED',
    `${named} ${rule.verdict === 'deny' ? 'denies' : 'asks for'} ${text}: ${rule.reason}`,
    {
      hint: `it was not started; runproof policy explain ${plan.runbook.id} shows what the step announces`,
    },
  )
}

/** What a streamed command gives has no exit code of its own: it was 0, or there would be no result. */
function exitCodeIn(result: unknown): number | null {
  return typeof result === 'object' && result !== null && 'exitCode' in result ? (result.exitCode as number | null) : 0
}
