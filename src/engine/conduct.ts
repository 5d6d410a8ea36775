import { join } from 'node:path'
import type { StepRecord } from '../evidence/schema.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import type { Action, Step } from '../model/runbook.ts'
import { decisionOn } from './authorise.ts'
import type { Choice, Conductor, Scene } from './conductor.ts'
import { stepContext } from './contexts.ts'
import { withDeadline } from './deadline.ts'
import type { Who } from './people.ts'
import type { RunState } from './run-state.ts'

/** Collecting evidence must not keep anybody from containing. */
const SNAPSHOT_MS = 120_000

/** Nobody asks anything of a snapshot. */
const NOTHING = [] as unknown as Extract<Step, { run: Action }>['verify']

/**
 * Before a step: a person chooses, as often as it takes, until the step is run or left out. Everything is on record before it acts.
 *
 * @returns who left the step out, and why; undefined where it is to be run
 * @throws RunproofError INTERRUPTED when the person stops the run; DISK_FULL, FILE_UNREADABLE: nothing was done
 */
export async function conduct(run: RunState, step: Step, index: number): Promise<StepRecord['skippedBy']> {
  const { conductor, signal } = run.input
  if (conductor === undefined) return undefined
  for (;;) {
    const choice = await withoutWaiting(conductor, sceneOf(run, step, index), signal)
    if (signal.aborted)
      throw new RunproofError('INTERRUPTED', `step ${step.id} was not started: the run was interrupted`)
    if (choice.do === 'run') return undefined
    if (choice.do === 'skip') return skip(run, step, choice.reason)
    await aside(run, step, conductor, choice)
  }
}

/**
 * After a step that failed or gave no verdict: a person may have it tried again, or go on without it. Half contained beats not
 * contained. A denial is not asked about: nothing goes round it.
 *
 * @returns `end` where the run ends with it, also when nothing can be put on record any more
 */
export async function conductFailed(
  run: RunState,
  step: Step,
  index: number,
  { outcome, reason = '' }: StepRecord,
): Promise<'again' | 'end' | NonNullable<StepRecord['skippedBy']>> {
  const { conductor, signal, journal } = run.input
  if (conductor === undefined || (outcome !== 'failed' && outcome !== 'errored')) return 'end'
  try {
    for (;;) {
      const scene = { ...sceneOf(run, step, index), ended: { outcome, reason } }
      const choice = await withoutWaiting(conductor, scene, signal)
      if (signal.aborted) return 'end'
      if (choice.do === 'skip') return skip(run, step, choice.reason)
      if (choice.do === 'run') {
        journal.append('step-again', { step: step.id, ...run.people.acting(step.role) })
        return 'again'
      }
      await aside(run, step, conductor, choice)
    }
  } catch (thrown) {
    const { code, message } = toRunproofError(thrown)
    if (code !== 'INTERRUPTED') conductor.tell(message)
    return 'end'
  }
}

/** An interrupt does not wait for somebody to choose. */
function withoutWaiting(conductor: Conductor, scene: Scene, signal: AbortSignal): Promise<Choice> {
  const what = `the question before step ${scene.step.id}`
  return withDeadline(what, Number.POSITIVE_INFINITY, signal, inner => conductor.choose(scene, inner), 0)
}

function sceneOf(run: RunState, step: Step, index: number): Scene {
  const { plan } = run.input
  const { last } = run.releases
  return {
    step,
    index,
    steps: plan.steps.length,
    decision: decisionOn(run, step),
    asked: run.people.askedFor(step.role),
    operator: run.people.operator,
    ...(last === undefined ? {} : { undo: last }),
    ...(plan.runbook.snapshot === undefined ? {} : { snapshot: plan.runbook.snapshot.describe }),
  }
}

function skip(run: RunState, step: Step, reason: string): NonNullable<StepRecord['skippedBy']> {
  const who = run.people.acting(step.role)
  const at = run.input.journal.append('skipped', { step: step.id, ...who, reason })
  return { ...who, at, reason }
}

/** What is done beside the steps. */
async function aside(
  run: RunState,
  step: Step,
  conductor: Conductor,
  choice: Exclude<Choice, { do: 'skip' }>,
): Promise<void> {
  const { journal, plan } = run.input
  const who = run.people.acting(step.role)
  switch (choice.do) {
    case 'note': {
      const at = journal.append('note', { ...who, text: choice.text, step: step.id })
      run.people.notes.push({ ...who, at, text: choice.text })
      return conductor.tell('noted for the timeline')
    }
    case 'hand-over': {
      const { to, role } = choice
      const atKeyboard = role === undefined || role === 'operator'
      const from = atKeyboard ? run.people.operator : run.people.holderOf(role)
      const at = journal.append('handover', { from, to, ...(role === undefined ? {} : { role }), by: who.by })
      run.people.handOver(at, to, role)
      const what = atKeyboard ? 'is at this keyboard' : `holds the role ${role}`
      return conductor.tell(`${to} ${what} from here on`)
    }
    case 'snapshot':
      if (plan.runbook.snapshot === undefined) conductor.tell('this runbook says nothing of what to collect')
      else await takeSnapshot(run, conductor, plan.runbook.snapshot, who)
      return
    case 'undo':
      return takeBack(run, conductor, who)
    case 'stop':
      journal.append('stopped', { ...(choice.nobody === true ? { nobody: true } : who), step: step.id })
      run.stop()
      throw new RunproofError(
        'INTERRUPTED',
        `step ${step.id} was not started: ${choice.nobody === true ? 'nobody is at the terminal any more' : `${who.by} stopped the run`}`,
      )
    case 'run':
      return
  }
}

/** Into a directory of its own, so that a later one can be held against it. What fails is told, and the run is where it was. */
async function takeSnapshot(run: RunState, conductor: Conductor, snapshot: Action, who: Who): Promise<void> {
  const { journal, artifactsDir, tools, signal, watch } = run.input
  const number = run.people.snapshots.length + 1
  const id = `snapshot-${number}`
  const step: Step = {
    id,
    title: snapshot.describe,
    effect: 'read',
    timeoutMs: SNAPSHOT_MS,
    run: snapshot,
    verify: NOTHING,
  }
  const decision = decisionOn(run, step)
  if (decision.verdict === 'deny') return conductor.tell(`not collected: ${decision.rule} denies it`)

  const path = `artifacts/${id}`
  const at = journal.append('snapshot', { ...who, path })
  const record = { ...who, at, path, outcome: 'errored' as 'done' | 'errored' }
  run.people.snapshots.push(record)
  try {
    const directory = join(artifactsDir, id)
    await tools.files.makeDirectory(directory)
    await withDeadline(id, SNAPSHOT_MS, signal, inner => {
      const context = stepContext(run, step, inner, [])
      return snapshot.execute({ ...context, run: { ...context.run, artifactsDir: directory } })
    })
    record.outcome = 'done'
    run.note('snapshot-ended', { path, outcome: 'done' })
    conductor.tell(`collected into ${path}`)
  } catch (thrown) {
    const { code, message } = toRunproofError(thrown)
    run.note('snapshot-ended', { path, outcome: 'errored', reason: `${code}: ${message}` })
    conductor.tell(`not collected whole: ${message}`)
  }
  watch({ type: 'release', what: path, outcome: record.outcome })
}

/** The last step that can be taken back is; its record says so, and what it yielded is gone. */
async function takeBack(run: RunState, conductor: Conductor, who: Who): Promise<void> {
  const { last } = run.releases
  if (last === undefined) return conductor.tell('there is nothing that can be taken back')
  const taken = await run.releases.undoLast(who)
  if (taken.outcome !== 'done') return conductor.tell(`not taken back: ${taken.error?.message ?? taken.outcome}`)
  const at = run.input.tools.clock.now().toISOString()
  const index = run.records.findIndex(record => record.id === last.step)
  const record = run.records[index]
  if (record !== undefined) {
    const reason = `taken back by ${who.by} at ${at}; it was ${record.outcome}`
    // What had gone wrong has gone wrong all the same.
    const outcome = ['failed', 'errored'].includes(record.outcome) ? record.outcome : 'skipped'
    run.records[index] = { ...record, outcome, reason, undone: { ...who, at } }
  }
  const step = run.input.plan.steps.find(({ id }) => id === last.step)
  run.values = run.values.without((step?.yields ?? []).map(({ id }) => id))
  conductor.tell(`taken back: ${last.describe}`)
}
