import type { StepRecord } from '../evidence/schema.ts'
import type { CheckContext } from '../model/check.ts'
import type { Command } from '../model/command.ts'
import { RunproofError } from '../model/error.ts'
import type { Step, StepContext } from '../model/runbook.ts'
import { keepable } from './broken-run.ts'
import { recorded } from './recorded.ts'
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
    runIn: runIn(run, step, signal, commands),
    recorded: (command: Command, work) => recorded(run, step, signal, commands, command, work),
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

/** A value with a secret in it would come back as another one: the journal says that it has none. */
function keep({ input }: RunState, step: Step, capture: string, value: unknown): void {
  const plain = keepable(capture, value)
  const isWhole = JSON.stringify(input.published?.(plain) ?? plain) === JSON.stringify(plain)
  const kept = isWhole ? { value: plain } : { withheld: 'a secret stands in it' }
  input.journal.append('captured', { step: step.id, capture, ...kept })
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
    runIn: runIn(run, step, signal, commands),
  }
}

function runIn(run: RunState, step: Step, signal: AbortSignal, commands: Commands): CheckContext['runIn'] {
  return (runner, command, options = {}) => {
    const limits = { timeoutMs: step.timeoutMs, signal, ...options }
    return recorded(run, step, limits.signal, commands, command, () => runner.run(command, limits))
  }
}
