import { type Plan, plan } from '../engine/plan.ts'
import { isManual, type Step } from '../model/runbook.ts'
import { type Decision, decideBy } from '../policy/decide.ts'
import { shownJson } from '../reporters/text/json.ts'
import { terminalLine } from '../reporters/text/terminal.ts'
import type { PlanFlags } from './commands/plan.ts'
import { policyInUse } from './policy/policy-in-use.ts'
import { loadRunbook, loadTarget } from './registry.ts'

/** Prints what a run would do, and what policy would say to it now. Nothing is executed, and nothing is read but runbook and policy. */
export async function showPlan(
  name: string,
  { target: targetId, policy, json }: Omit<PlanFlags, 'param'>,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  const [{ runbook }, target] = [await loadRunbook(name), await loadTarget(targetId)]
  const planned = plan(runbook, target, params)
  const { rules } = policyInUse(policy, process.cwd())
  const { id, real } = target
  const situation = { runbook: runbook.id, target: { id, real, inUse: planned.inUse !== undefined }, at: new Date() }
  const steps = planned.steps.map(step => shownStep(step, decideBy(rules, { ...situation, step })))
  if (json === true) {
    const shown = { runbook: runbook.id, target: id, params: planned.params, steps, notTested: planned.limits }
    process.stdout.write(`${shownJson(shown, 2)}\n`)
    return
  }
  const lines = [
    `${runbook.title} — ${target.title}`,
    ...steps.flatMap((step, index) => stepLines(step, index, planned.inUse)),
    ...sumLines(steps, planned),
  ]
  for (const line of lines.flatMap(one => one.split('\n'))) process.stdout.write(`${terminalLine(line)}\n`)
}

type ShownStep = ReturnType<typeof shownStep>

function shownStep(step: Step, decision: Decision) {
  return {
    id: step.id,
    title: step.title,
    effect: step.effect,
    ...policyOf(decision),
    does: describe(step),
    docs: step.docs,
    undo: 'undo' in step ? step.undo.describe : 'irreversible' in step ? `none: ${step.irreversible}` : undefined,
    checks: step.verify.map(check => ({
      id: check.id,
      title: check.title,
      counterproofs: check.counterproofs.map(one => ({
        id: one.id,
        breaks: one.breaks,
        on: 'subject' in one ? 'subject' : 'observation',
      })),
    })),
  }
}

function stepLines(step: ShownStep, index: number, inUse: string | undefined): readonly string[] {
  const { reason, rule, docs, undo } = step
  return [
    '',
    `${index + 1}. ${step.title}  [${step.id}: ${step.effect}, ${step.policy}]`,
    `   ${step.does}`,
    ...(reason === undefined ? [] : [`   ${rule}: ${reason}`]),
    ...(docs?.command === undefined ? [] : [`   documented: ${docs.page}: ${docs.command}`]),
    ...(undo === undefined ? [] : [`   undo: ${undo}`]),
    ...step.checks.flatMap(({ title, counterproofs }) => [
      `   ? ${title}`,
      ...counterproofs.map(one => `       ${broken(one.on, inUse)}: ${one.breaks}`),
    ]),
  ]
}

function sumLines(steps: readonly ShownStep[], { inUse, limits }: Plan): readonly string[] {
  const checks = steps.flatMap(step => step.checks)
  const counterproofs = checks.flatMap(check => check.counterproofs)
  return [
    '',
    `${steps.length} steps, ${checks.length} checks, ${counterproofs.length} counterproofs. Nothing was run.`,
    ...(inUse === undefined ? [] : [`Counterproofs on subjects would not run: ${inUse}.`]),
    ...(limits.length === 0 ? [] : ['Not tested by this plan:', ...limits.map(limit => `  - ${limit}`)]),
  ]
}

function policyOf({ verdict, rule, confirm, reason }: Decision) {
  return { policy: verdict, rule, confirm, reason }
}

function broken(on: string, inUse: string | undefined): string {
  return on === 'subject' && inUse !== undefined ? 'not broken (subject)' : `broken on purpose (${on})`
}

function describe(step: Step): string {
  if (isManual(step.run)) return `a person${step.role === undefined ? '' : ` (${step.role})`}: ${step.run.instruction}`
  return [step.run.describe, ...(step.run.commands ?? []).map(command => `$ ${command}`)].join('\n   ')
}
