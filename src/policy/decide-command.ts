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
  const text = argv.join(' ')
  const readings = withoutOptions(argv).map(words => ({ text, argv: words, redirects: [] }))
  const isFor = (rule: RuleInUse) => readings.some(running => matchRule(rule, { ...situation, running }).matches)
  return rules
    .filter(rule => rule.verdict !== 'allow' && (rule.argv !== undefined || rule.paths !== undefined))
    .filter(isFor)
    .filter(rule => rule.verdict === 'deny' || !approved || !matchRule(rule, situation).matches)
    .sort((a, b) => gravity(b) - gravity(a) || (a.id < b.id ? -1 : 1))[0]
}

/**
 * A command as it is, and without the options that stand between the program and its first word: `git -C dir push` is a push.
 * Nobody knows here which option takes a value, so both are tried; a rule that forbids is right to hold for one too many.
 */
function withoutOptions(argv: readonly string[]): readonly (readonly string[])[] {
  const [program, ...words] = argv
  if (program === undefined) return [argv]
  const starts = new Set([0])
  for (const start of starts) {
    const word = words[start]
    if (word === undefined || !word.startsWith('-')) continue
    starts.add(start + 1)
    if (!word.includes('=')) starts.add(start + 2)
  }
  return [...starts].map(start => [program, ...words.slice(start)])
}
