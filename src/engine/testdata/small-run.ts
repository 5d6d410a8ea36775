import type { AnyCheck } from '../../model/check.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import type { Runbook, Step, StepContext } from '../../model/runbook.ts'
import { bareTarget, type Entry, memoryJournal, memoryTools } from '../../testing/memory-tools.ts'
import { execute } from '../execute.ts'
import { plan } from '../plan.ts'
import type { Progress } from '../progress.ts'
import type { ExecuteInput } from '../run-input.ts'

export const never = () => new Promise<never>(() => {})

/** Green while the number is 1, with one counterproof that makes it 2. */
export function check(id: string, given: Partial<AnyCheck> = {}): AnyCheck {
  return defineCheck<number>({
    id,
    title: `${id} is one`,
    probe: async () => 1,
    judge: value => (value === 1 ? passed({ expected: 1, actual: 1 }) : failed('it is not one', { actual: value })),
    counterproofs: [{ id: 'two', breaks: 'a two', because: /not one/, observation: () => 2 }],
    ...given,
  })
}

export const red = (id = 'red') => check(id, { probe: async () => 3 })
export const lacking = (id: string) => check(id, { needs: ['barrier'] })

export function step(id: string, given: Partial<Step> & { does?: (context: StepContext) => Promise<void> } = {}): Step {
  const { does = async () => {}, ...rest } = given
  return {
    id,
    title: `Step ${id}`,
    effect: 'read',
    timeoutMs: 5_000,
    run: { describe: `does ${id}`, execute: does },
    verify: [check(`${id}-check`)],
    ...rest,
  } as Step
}

export function write(id: string, given: Parameters<typeof step>[1] & { undo?: Step['run'] } = {}): Step {
  return step(id, { effect: 'write', resume: 'repeatable', irreversible: 'a test', ...given } as never)
}

export function undoable(id: string, log: string[], given: Parameters<typeof step>[1] = {}): Step {
  const undo = { describe: `undoes ${id}`, execute: async () => void log.push(`undo ${id}`) }
  return { ...step(id, given), effect: 'write', resume: 'repeatable', undo } as Step
}

export function runbookOf(steps: readonly Step[], given: Partial<Runbook> = {}): Runbook {
  return { id: 'book', title: 'A book', purpose: 'drill', params: {}, steps: () => steps as [Step], ...given }
}

export interface Given extends Partial<ExecuteInput> {
  readonly runbook?: Partial<Runbook>
  readonly real?: boolean
  /** From which record on the disk takes nothing more. */
  readonly full?: (entry: Entry) => boolean
}

/** Runs a runbook of these steps in memory, on a target of which only the identity matters. */
export async function run(steps: readonly Step[], { runbook = {}, real = false, full, ...given }: Given = {}) {
  const journal = memoryJournal(full)
  const watched: Progress[] = []
  const result = await execute({
    plan: plan(runbookOf(steps, runbook), bareTarget({ real }), {}),
    runId: 'run-1',
    tools: memoryTools(),
    journal,
    watch: progress => watched.push(progress),
    approve: async () => ({ granted: false, reason: 'nobody is there' }),
    secrets: {},
    protect: () => {},
    knownSecrets: () => [],
    scratchDir: '/nowhere',
    artifactsDir: '/nowhere',
    counterproofs: 'all',
    width: 4,
    allowedSkips: [],
    lacking: one => ((one.needs ?? []).includes('barrier') ? 'no barrier here' : undefined),
    signal: new AbortController().signal,
    patience: { settleMs: 50 },
    ...given,
  })
  return { ...result, journal, watched, outcomes: result.steps.map(one => one.outcome) }
}
