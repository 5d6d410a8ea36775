import path from 'node:path'
import { files } from '../../adapters/files.ts'
import { lookUpProgram, SYSTEM_PATH } from '../../adapters/find-program.ts'
import { type CitingStep, judgeCitations } from '../../docs/citations.ts'
import { topOf } from '../../docs/place.ts'
import { type Plan, plan } from '../../engine/plan.ts'
import { closest } from '../../model/closest.ts'
import { RunproofError } from '../../model/error.ts'
import { isManual, type Params, type Runbook, type Step } from '../../model/runbook.ts'
import type { Target } from '../../model/target.ts'
import { decideBy } from '../../policy/decide.ts'
import type { RuleInUse } from '../../policy/rule.ts'
import { readCitable } from '../docs/citable-pages.ts'
import { policyInUse } from '../policy/policy-in-use.ts'
import { idsOf, type LoadedRunbook, loadRunbook, RUNBOOKS } from '../registry.ts'
import { citedPages, PAGES_DIR } from '../run/run-facts.ts'
import { ask, type Finding, missing, ok } from './finding.ts'

/** Programs that a run takes beside what its plan names. */
const ALWAYS = ['tar', 'flock']
const IN_AN_INCIDENT = ['containment', 'rotation']

export interface Looked<Thing> {
  readonly findings: readonly Finding[]
  readonly things: readonly Thing[]
}

/**
 * The runbooks that are named, or all that contain or rotate.
 *
 * @throws RunproofError UNKNOWN_RUNBOOK for a name that there is not: a typing mistake is no state of this machine
 */
export async function loadRunbooks(names: readonly string[]): Promise<Looked<LoadedRunbook>> {
  const findings: Finding[] = []
  const things: LoadedRunbook[] = []
  for (const name of names.length > 0 ? new Set(names) : idsOf(RUNBOOKS)) {
    try {
      const loaded = await loadRunbook(name)
      if (names.length > 0 || IN_AN_INCIDENT.includes(loaded.runbook.purpose)) things.push(loaded)
    } catch (thrown) {
      if (names.length > 0) throw thrown
      findings.push(missing(name, `it does not load: ${String(thrown)}`, `runproof plan ${name}`))
    }
  }
  if (things.length === 0 && findings.length === 0)
    throw new RunproofError('USAGE', 'no runbook of this installation contains or rotates', {
      hint: `name one: ${idsOf(RUNBOOKS).join(', ')}`,
    })
  return { findings, things }
}

/** @throws RunproofError UNKNOWN_PARAM for one that none of the runbooks has */
export function refuseUnknownParams(params: Params, loaded: readonly LoadedRunbook[]): void {
  const known = [...new Set(loaded.flatMap(({ runbook }) => Object.keys(runbook.params)))]
  const unknown = Object.keys(params).find(name => !known.includes(name))
  if (unknown === undefined) return
  const near = closest(unknown, known)
  throw new RunproofError('UNKNOWN_PARAM', `no runbook that is looked at has a parameter ${unknown}`, {
    hint: near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}=?`,
  })
}

/** Each runbook with the parameters that it has. */
export async function planRunbooks(
  loaded: readonly LoadedRunbook[],
  target: Target,
  params: Params,
  policy: { readonly named: string | undefined; readonly cwd: string },
): Promise<Looked<Plan>> {
  let rules: readonly RuleInUse[] = []
  const policyFinding = await ask('policy', async () => {
    rules = policyInUse(policy.named, policy.cwd).rules
    return ok(
      'policy',
      rules.length === 0 ? 'the default policy alone' : `${rules.length} rules beside the default policy`,
    )
  })
  const things: Plan[] = []
  const findings = await Promise.all(
    loaded.map(({ runbook }) =>
      ask(runbook.id, async () => {
        const planned = plan(runbook, target, pick(params, runbook))
        things.push(planned)
        return judged(planned, rules)
      }),
    ),
  )
  return { findings: [policyFinding, ...findings], things }
}

function pick(params: Params, runbook: Runbook): Params {
  return Object.fromEntries(Object.entries(params).filter(([name]) => Object.hasOwn(runbook.params, name)))
}

function judged({ runbook, target, steps, inUse }: Plan, rules: readonly RuleInUse[]): Finding {
  const situation = { runbook: runbook.id, target: { id: target.id, real: target.real, inUse: inUse !== undefined } }
  const decided = steps.map(step => ({ step, decision: decideBy(rules, { ...situation, step, at: new Date() }) }))
  const denied = decided.find(({ decision }) => decision.verdict === 'deny')
  if (denied !== undefined)
    return missing(
      runbook.id,
      `policy denies its step ${denied.step.id} (${denied.decision.rule})`,
      `runproof policy explain ${runbook.id}`,
    )
  const asks = decided.filter(({ decision }) => decision.verdict === 'ask').length
  const manual = steps.filter(({ run }) => isManual(run)).length
  return ok(runbook.id, `${steps.length} steps; ${asks} ask, ${manual} are a person's`)
}

/** Whether each page that a step cites can be read here, and has what is cited: a step is shown with its page. */
export async function citations(plans: readonly Plan[], pagesDir = PAGES_DIR): Promise<readonly Finding[]> {
  const cited = citedPages(plans.flatMap(one => one.steps)).toSorted()
  const pages = await Promise.all(
    cited.map(page =>
      ask(`page ${page}`, async () => {
        const file = path.join(pagesDir, `${page}.md`)
        await files.readText(file)
        return ok(`page ${page}`, file)
      }),
    ),
  )
  if (cited.length === 0 || pages.some(({ state }) => state !== 'ok')) return pages
  return [...pages, await ask('citations', () => judgedCitations(plans, pagesDir))]
}

async function judgedCitations(plans: readonly Plan[], pagesDir: string): Promise<Finding> {
  const citable = await readCitable(pagesDir)
  const steps = plans.flatMap(({ runbook, steps }) => steps.map(step => citingStep(runbook.id, step)))
  const { findings, places } = judgeCitations(steps, citable.pages, citable.trees)
  const [first] = findings
  return first === undefined
    ? ok('citations', `${places.size} steps, each where its page says it`)
    : missing('citations', `${findings.length} are wrong; ${first.message}`, 'runproof docs write --check')
}

function citingStep(runbook: string, { id, docs, run }: Step): CitingStep {
  const commands = isManual(run) ? [] : (run.commands ?? [])
  return { runbook, step: id, cites: docs, commands, at: topOf(runbook) }
}

/** The programs that the plans name, and those that a run takes by itself. */
export async function programs(
  plans: readonly Plan[],
  lookUp: (name: string) => string | undefined = lookUpProgram,
): Promise<readonly Finding[]> {
  const named = plans.flatMap(one => one.steps.flatMap(step => programsOf(step, one.target)))
  return [...new Set([...ALWAYS, ...named])].toSorted().map(name => {
    const found = lookUp(name)
    return found === undefined
      ? missing(name, `not in ${SYSTEM_PATH}`, `apt-get install ${PACKAGES[name] ?? name}`)
      : ok(name, found)
  })
}

const PACKAGES: Readonly<Record<string, string>> = { flock: 'util-linux' }

/** First words of what a step runs beside the commands of the target itself. */
function programsOf({ run, verify }: Step, { program }: Target): readonly string[] {
  const commands = isManual(run) ? [] : (run.commands ?? [])
  const words = commands.map(command => command.trim().split(/\s+/)[0]!)
  const local = verify.some(check => check.needs?.includes('local-nginx')) ? ['nginx'] : []
  return [...words.filter(word => word !== program && /^[a-z][\w.-]*$/.test(word)), ...local]
}
