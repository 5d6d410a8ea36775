import path from 'node:path'
import { files } from '../adapters/files.ts'
import type { CitingStep } from '../docs/citations.ts'
import type { PlannedStep, PlannedWay } from '../docs/runbook-page.ts'
import { type Plan, plan } from '../engine/plan.ts'
import type { NonEmpty } from '../model/check.ts'
import { isManual, type Runbook, type Step, type Way } from '../model/runbook.ts'
import type { Target } from '../model/target.ts'
import { decide } from '../policy/decide.ts'
import { ROOT } from './installation.ts'
import { idsOf, loadRunbook, loadSuite, loadTarget, RUNBOOKS, SUITES, TARGETS } from './registry.ts'

/** A runbook or suite of this installation, planned in every way that its page shows. */
export interface PlannedRunbook {
  readonly runbook: Runbook
  /** Relative to the installation: `smoke/live.ts`. */
  readonly file: string
  readonly ways: NonEmpty<WayPlan>
}

interface WayPlan {
  readonly title: string
  readonly command: string
  readonly plan: Plan
}

const OWN: Way = { title: 'On the stand-in', params: {} }

/** Nothing is run, and nothing is read but the runbooks themselves. */
export async function planRunbooks(): Promise<readonly PlannedRunbook[]> {
  const targets = await Promise.all(idsOf(TARGETS).map(loadTarget))
  const standIn = targets.find(({ real }) => !real)!
  const real = targets.find(target => target.real)!
  const planned: PlannedRunbook[] = []
  for (const [registry, load] of [
    [RUNBOOKS, loadRunbook],
    [SUITES, loadSuite],
  ] as const) {
    for (const id of idsOf(registry)) {
      const { runbook, path: file } = await load(id)
      const verb = registry === SUITES ? 'smoke' : 'run'
      const wayOf = (way: Way, target: Target): WayPlan => ({
        title: way.title,
        command: commandLine(verb, runbook, way, target, standIn),
        plan: plan(runbook, target, way.params),
      })
      const ways = (runbook.ways ?? []).map(way => wayOf(way, real))
      planned.push({ runbook, file: path.relative(ROOT, file), ways: [wayOf(OWN, standIn), ...ways] })
    }
  }
  return planned
}

/** The steps of all its ways; one that is the same in several of them counts once. */
export async function citingSteps({ runbook, file, ways }: PlannedRunbook): Promise<readonly CitingStep[]> {
  const source = await files.readText(path.join(ROOT, file))
  const steps = new Map<string, CitingStep>()
  for (const step of ways.flatMap(way => way.plan.steps)) {
    const documented = documentedOf(step)
    steps.set(keyOf(documented), { runbook: runbook.id, ...documented, at: placeOf(step, file, source) })
  }
  return [...steps.values()]
}

/** What a page shows of a way to run it. @param cited - where the citation of a step stands, by its {@link keyOf} */
export function plannedWay(
  { title, command, plan: planned }: WayPlan,
  cited: (key: string) => PlannedStep['cited'],
): PlannedWay {
  const { steps, limits, inUse, target } = planned
  const shown = steps.map(step => ({
    step,
    policy: decide(step, { ...target, inUse: inUse !== undefined }).verdict,
    cited: cited(keyOf(documentedOf(step))),
  }))
  return { title, command, steps: shown as unknown as NonEmpty<PlannedStep>, limits, inUse }
}

/** What makes two steps the same to documentation. */
type Documented = Pick<CitingStep, 'step' | 'cites' | 'commands'>

export function keyOf({ step, cites, commands }: Documented): string {
  return JSON.stringify([step, cites, commands])
}

function documentedOf(step: Step): Documented {
  return { step: step.id, cites: step.docs, commands: commandsOf(step) }
}

function commandsOf({ run, ...step }: Step): readonly string[] {
  const undone = 'undo' in step ? (step.undo.commands ?? []) : []
  return isManual(run) ? undone : [...(run.commands ?? []), ...undone]
}

/** Where its file has the step: the citation, its id; the first line for a step that another file makes. */
function placeOf({ id, docs }: Step, file: string, source: string): CitingStep['at'] {
  const lines = source.split('\n')
  const start = Math.max(
    lines.findIndex(line => line.includes(`id: '${id}'`)),
    0,
  )
  const command = docs?.command
  const cited = command === undefined ? -1 : lines.findIndex((line, at) => at >= start && line.includes(command))
  const index = cited === -1 || cited > start + 12 ? start : cited
  const text = lines[index]!
  const column = text.length - text.trimStart().length + 1
  return { file, line: index + 1, column, endLine: index + 1, endColumn: text.length + 1 }
}

function commandLine(verb: string, { id }: Runbook, { params }: Way, target: Target, standIn: Target): string {
  const given = Object.entries(params).map(([name, value]) => quoted(`${name}=${value}`))
  return [
    `bin/runproof ${verb} ${id}`,
    ...(target === standIn ? [] : [`--target ${target.id}`]),
    ...(given.length === 0 ? [] : [`--param ${given.join(' ')}`]),
  ].join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`
}
