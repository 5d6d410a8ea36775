import type { StepRecord } from '../evidence/schema.ts'
import type { CheckContext, Json } from '../model/check.ts'
import type { Command } from '../model/command.ts'
import { RunproofError } from '../model/error.ts'
import type { Step, StepContext } from '../model/runbook.ts'
import { keepable } from './broken-run.ts'
import { type By, recorded } from './recorded.ts'
import type { RunState } from './run-state.ts'

type Commands = StepRecord['commands']

/** What the work of a step gets. @param commands - grows by each one that it runs */
export function stepContext(run: RunState, step: Step, signal: AbortSignal, commands: Commands): StepContext {
  return {
    ...checkContext(run, step, commands),
    // What the step itself has set so far is seen by the rest of it.
    get values() {
      return run.values
    },
    signal,
    runIn: runIn(run, step, signal, commands, 'work'),
    recorded: (command: Command, work) => recorded(run, step, signal, commands, command, work, 'work'),
    secrets: run.input.secrets,
    run: run.runNotes(),
    set: (capture, value) => {
      if (signal.aborted) {
        throw new RunproofError('INTERRUPTED', `step ${step.id} is over: <${capture.id}> can't be set any more`)
      }
      const yielded = (step.yields ?? []).find(({ id }) => id === capture.id)
      if (yielded === undefined) {
        throw new RunproofError('INTERNAL', `step ${step.id} sets <${capture.id}> without declaring it in yields`)
      }
      // On record before anything is done with it: what was measured before a change can't be measured after it.
      if (yielded.kept === true) keep(run, step, capture.id, value)
      run.values = run.values.with(capture, value)
    },
  }
}

/** The longest that a journal keeps, as JSON: it is read whole when a run is gone on with or verified. */
const LONGEST_KEPT = 4 * 1024 * 1024

/** What would come back as another value, or make the journal too long to be read, is not in it: it says so. */
function keep({ input }: RunState, step: Step, capture: string, value: unknown): void {
  const plain = keepable(capture, value)
  const why = withheld(plain, input.published)
  input.journal.append('captured', {
    step: step.id,
    capture,
    ...(why === undefined ? { value: plain } : { withheld: why }),
  })
}

function withheld(plain: Json, published: RunState['input']['published']): string | undefined {
  const text = JSON.stringify(plain)
  if (text.length > LONGEST_KEPT) return `it has ${text.length} characters, and at most ${LONGEST_KEPT} are kept`
  return published === undefined || JSON.stringify(published(plain)) === text ? undefined : 'a secret stands in it'
}

/** What the checks of a step get: values as they are now. */
export function checkContext(run: RunState, step: Step, commands: Commands): CheckContext {
  const { plan, tools, signal, protect, knownSecrets } = run.input
  return {
    protect,
    knownSecrets,
    waited: (id, durationMs) => run.phases.waited(id, durationMs),
    params: plan.params,
    target: plan.target,
    tools,
    values: run.values,
    timeline: run.phases.timeline(),
    signal,
    deadlineMs: step.timeoutMs,
    runIn: runIn(run, step, signal, commands, 'check'),
  }
}

function runIn(run: RunState, step: Step, signal: AbortSignal, commands: Commands, by: By): CheckContext['runIn'] {
  return (runner, command, options = {}) => {
    const limits = { timeoutMs: step.timeoutMs, signal, ...options }
    return recorded(run, step, limits.signal, commands, command, () => runner.run(command, limits), by)
  }
}
