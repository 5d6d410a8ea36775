import type { Effect } from '../model/runbook.ts'
import { type Matched, matchRule, type Situation } from './match-rule.ts'
import type { RuleInUse, Verdict } from './rule.ts'

export interface Decision {
  readonly verdict: Verdict
  /** The rule that decided, for evidence; those of a file as `policy.ID`. */
  readonly rule: string
  /** What an approval must say: nothing but yes, or a typed word. */
  readonly confirm?: string
  /** What the rule of a file says of itself. */
  readonly reason?: string
}

/**
 * The default policy: reads are allowed; on a stand-in of runproof's own everything is; elsewhere a write asks, and a destroy asks
 * for the target's id to be typed. What was running before is somebody's, whatever it was called on the command line. What meets no rule is denied: a runbook that was not type-checked may say anything.
 */
export function decide(
  step: { readonly effect: Effect },
  target: { readonly id: string; readonly real: boolean; readonly inUse: boolean },
): Decision {
  if (step.effect === 'read') return { verdict: 'allow', rule: 'default.read' }
  if (step.effect !== 'write' && step.effect !== 'destroy') return { verdict: 'deny', rule: 'default.none' }
  if (!target.real && !target.inUse) return { verdict: 'allow', rule: 'default.stand-in' }
  if (step.effect === 'write') return { verdict: 'ask', rule: 'default.write' }
  return { verdict: 'ask', rule: 'default.destroy', confirm: target.id }
}

export interface Considered extends Matched {
  readonly rule: RuleInUse
}

export interface Explained {
  readonly decision: Decision
  /** All rules, in the order of their files. */
  readonly considered: readonly Considered[]
}

/** The default policy and the rules of files, together: the gravest that matches decides, wherever it stands. */
export function decideBy(rules: readonly RuleInUse[], situation: Situation): Decision {
  return explainBy(rules, situation).decision
}

/** The decision, and what became of each rule on the way to it. */
export function explainBy(rules: readonly RuleInUse[], situation: Situation): Explained {
  const usual = decide(situation.step, situation.target)
  const considered = rules.map(rule => ({ rule, ...consider(rule, situation) }))
  const matching = considered.filter(one => one.matches).map(one => one.rule)
  // Equals are told apart by their names, so that not even the name of the rule depends on the order.
  const gravest = matching.sort((a, b) => gravity(b) - gravity(a) || (a.id < b.id ? -1 : 1))[0]
  return { decision: gravest === undefined ? usual : combine(usual, gravest), considered }
}

function consider(rule: RuleInUse, situation: Situation): Matched {
  const why = rule.verdict === 'allow' ? unlicensed(rule, situation) : undefined
  return why === undefined ? matchRule(rule, situation) : { matches: false, why }
}

/** Why an allow may not take back what the default policy asks; see `docs/policy.md`. */
function unlicensed(rule: RuleInUse, { step }: Situation): string | undefined {
  if (!rule.mayLoosen) return 'a policy that was found may not allow anything; give it by --policy'
  if (rule.targets === undefined) return 'it names no targets'
  if (step.effect === 'destroy' && rule.effects?.includes('destroy') !== true)
    return 'it does not name the effect destroy'
  return undefined
}

/** A rule tightens in any case; it loosens an ask only, and that only when it may ({@link unlicensed}). */
function combine(usual: Decision, rule: RuleInUse): Decision {
  if (usual.verdict === 'deny') return usual
  const confirm = rule.verdict === 'ask' ? (rule.confirm ?? usual.confirm) : undefined
  return {
    verdict: rule.verdict,
    rule: `policy.${rule.id}`,
    ...(confirm === undefined ? {} : { confirm }),
    reason: rule.reason,
  }
}

/** Higher is graver: a word that has to be typed is more than a yes. */
export function gravity({ verdict, confirm }: Pick<RuleInUse, 'verdict' | 'confirm'>): number {
  return { allow: 0, ask: confirm === undefined ? 1 : 2, deny: 3 }[verdict]
}
