import { plan } from '../../engine/plan.ts'
import { plural, wrap } from '../../findings/wrap.ts'
import { RunproofError } from '../../model/error.ts'
import type { Target } from '../../model/target.ts'
import { announcedLines } from '../../policy/announced.ts'
import { type Decision, explainBy } from '../../policy/decide.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { ExplainPolicyFlags } from '../commands/policy.ts'
import { parsePairs } from '../options.ts'
import { loadRunbook, loadTarget } from '../registry.ts'
import { type PolicyInUse, policyInUse } from './policy-in-use.ts'

const WIDTH = 80

/** Prints what policy says to each step of a runbook, and why. Nothing is run. */
export async function explainPolicy(name: string, flags: ExplainPolicyFlags): Promise<void> {
  process.stdout.write(await explainedText(name, flags, process.cwd()))
}

/** What would be printed. @param cwd - where the policy is looked for */
export async function explainedText(name: string, flags: ExplainPolicyFlags, cwd: string): Promise<string> {
  const at = flags.at === undefined ? new Date() : instantOf(flags.at)
  const policy = policyInUse(flags.policy, cwd)
  const [{ runbook }, target] = [await loadRunbook(name), await loadTarget(flags.target)]
  const explained = explain(plan(runbook, target, parsePairs('--param', flags.param)), policy, at)
  if (flags.json === true) return `${JSON.stringify(explained, null, 2)}\n`
  return lines(explained)
    .map(line => `${line}\n`)
    .join('')
}

function explain({ runbook, target, steps, inUse }: ReturnType<typeof plan>, { rules, facts }: PolicyInUse, at: Date) {
  return {
    schema: 'runproof-policy-explained-1',
    runbook: runbook.id,
    target: target.id,
    at: at.toISOString(),
    rules: rules.length,
    facts,
    steps: steps.map(step => {
      const { decision, considered } = explainBy(rules, {
        step,
        runbook: runbook.id,
        target: { id: target.id, real: target.real, inUse: inUse !== undefined },
        at,
      })
      return {
        id: step.id,
        title: step.title,
        effect: step.effect,
        commands: announcedLines(step),
        ...decision,
        because: considered.find(({ rule }) => `policy.${rule.id}` === decision.rule)?.why,
        asks: asked(decision, target),
        others: considered
          .filter(({ rule }) => `policy.${rule.id}` !== decision.rule)
          .map(({ rule, matches, why }) => ({ rule: `policy.${rule.id}`, verdict: rule.verdict, matches, why })),
      }
    }),
  }
}

/** What has to be answered, and the flag that answers it where there is no terminal. */
function asked({ verdict, confirm }: Decision, { id }: Target) {
  if (verdict !== 'ask') return undefined
  return confirm === undefined
    ? { answer: 'yes', typed: false, flag: `--yes ${id}` }
    : { answer: confirm, typed: true, flag: `--confirm ${confirm}` }
}

function lines({ runbook, target, at, rules, steps }: ReturnType<typeof explain>): readonly string[] {
  return [
    ...fold(`${runbook} on ${target}, ${at}, ${plural(rules, 'rule')} beside the default policy`),
    ...steps.flatMap((step, index) => [
      '',
      ...fold(`${index + 1}. ${step.id}: ${step.title}`),
      ...step.commands.flatMap(command => fold(`$ ${command}`, '   ')),
      ...fold(`${step.verdict} (${step.effect}), by ${step.rule}${reasonOf(step)}`, '   '),
      ...(step.because === undefined ? [] : fold(`because ${step.because}`, '   ')),
      ...(step.asks === undefined
        ? []
        : fold(
            `asks for ${step.asks.typed ? `the word ${step.asks.answer}` : 'yes'}; without a terminal: ${step.asks.flag}`,
            '   ',
          )),
      ...step.others.flatMap(({ rule, verdict, matches, why }) =>
        fold(`- ${rule} (${verdict}): ${matches ? `not the gravest; it matches: ${why}` : why}`, '     '),
      ),
    ]),
    '',
    `${plural(steps.length, 'step')}. Nothing was run.`,
  ]
}

function fold(text: string, indent?: string): readonly string[] {
  return wrap(terminalLine(text), WIDTH, indent)
}

function reasonOf({ reason }: Pick<Decision, 'reason'>): string {
  return reason === undefined ? '' : `: ${reason}`
}

/** @throws RunproofError USAGE for what is no instant, or one without a zone: it would be another one on each machine */
function instantOf(text: string): Date {
  const at = new Date(text)
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(at.getTime()))
    return at
  throw new RunproofError('USAGE', `--at ${text}: expected an instant with its zone`, {
    hint: '--at 2026-11-21T23:30:00Z',
  })
}
