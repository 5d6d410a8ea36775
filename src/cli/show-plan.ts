import { plan } from '../engine/plan.ts'
import { isManual, type Step } from '../model/runbook.ts'
import { type Decision, decideBy } from '../policy/decide.ts'
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
  const at = new Date()
  const decided = (step: Step) => {
    const { id, real } = target
    return decideBy(rules, { step, runbook: runbook.id, target: { id, real, inUse: planned.inUse !== undefined }, at })
  }
  const steps = planned.steps.map(step => ({
    id: step.id,
    title: step.title,
    effect: step.effect,
    ...policyOf(decided(step)),
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
  }))

  if (json === true) {
    process.stdout.write(
      `${JSON.stringify({ runbook: runbook.id, target: target.id, params: planned.params, steps, notTested: planned.limits }, null, 2)}\n`,
    )
    return
  }
  const lines = [`${runbook.title} — ${target.title}`]
  for (const [index, step] of steps.entries()) {
    lines.push('', `${index + 1}. ${step.title}  [${step.effect}, ${step.policy}]`, `   ${step.does}`)
    if (step.reason !== undefined) lines.push(`   ${step.rule}: ${step.reason}`)
    if (step.docs?.command !== undefined) lines.push(`   documented: ${step.docs.page}: ${step.docs.command}`)
    if (step.undo !== undefined) lines.push(`   undo: ${step.undo}`)
    for (const check of step.checks) {
      lines.push(
        `   ? ${check.title}`,
        ...check.counterproofs.map(one => `       ${broken(one.on, planned.inUse)}: ${one.breaks}`),
      )
    }
  }
  const counterproofs = steps.flatMap(step => step.checks.flatMap(check => check.counterproofs)).length
  lines.push(
    '',
    `${steps.length} steps, ${steps.flatMap(step => step.checks).length} checks, ${counterproofs} counterproofs. Nothing was run.`,
  )
  if (planned.inUse !== undefined) lines.push(`Counterproofs on subjects would not run: ${planned.inUse}.`)
  if (planned.limits.length > 0) lines.push('Not tested by this plan:', ...planned.limits.map(limit => `  - ${limit}`))
  for (const line of lines.flatMap(one => one.split('\n'))) process.stdout.write(`${terminalLine(line)}\n`)
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
