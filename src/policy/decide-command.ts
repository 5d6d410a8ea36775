import type { AskedStep } from './announced.ts'
import { gravity } from './decide.ts'
import { matchRule, type Situation } from './match-rule.ts'
import type { RuleInUse } from './rule.ts'

/**
 * What keeps a step from running a command that it is about to run: a rule that denies the command, or asks for it when nobody was
 * asked. What a step announces was held against all rules before it began; this is what it really runs.
 *
 * @param approved - whether somebody approved the step: a rule that asks for what the step announced is then answered
 * @returns the gravest such rule
 */
export function keptFrom(
  rules: readonly RuleInUse[],
  situation: Omit<Situation, 'running'> & { readonly step: AskedStep },
  argv: readonly string[],
  approved: boolean,
): RuleInUse | undefined {
  const running = { text: argv.join(' '), argv, redirects: [] }
  return rules
    .filter(rule => rule.verdict !== 'allow' && (rule.argv !== undefined || rule.paths !== undefined))
    .filter(rule => matchRule(rule, { ...situation, running }).matches)
    .filter(rule => rule.verdict === 'deny' || !approved || !matchRule(rule, situation).matches)
    .sort((a, b) => gravity(b) - gravity(a) || (a.id < b.id ? -1 : 1))[0]
}
