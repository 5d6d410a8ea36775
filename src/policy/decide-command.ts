import type { AskedStep } from './announced.ts'
import { gravity } from './decide.ts'
import { everyOf } from './held.ts'
import { ranWith } from './match-argv.ts'
import { pathsInside } from './match-paths.ts'
import { matchRule, type Situation } from './match-rule.ts'
import type { RuleInUse } from './rule.ts'

/** A command that is about to be run. */
export interface RealCommand {
  readonly argv: readonly string[]
  /** The file that its first word leads to, where that is a link; else its first word. */
  readonly program: string
}

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
  command: RealCommand,
  approved: boolean,
): RuleInUse | undefined {
  const running = { text: command.argv.join(' '), redirects: [], ...command }
  return rules
    .filter(rule => rule.verdict !== 'allow' && (rule.argv !== undefined || rule.paths !== undefined))
    .filter(rule => matchRule(rule, { ...situation, running }).matches)
    .filter(rule => rule.verdict === 'deny' || !approved || !matchRule(rule, situation).matches)
    .sort((a, b) => gravity(b) - gravity(a) || (a.id < b.id ? -1 : 1))[0]
}

/**
 * Whether a command is another one than those that a rule allowed a step for. The rule held for what was announced; the program may
 * lie anywhere, since pages call it by its name, and what a link leads to has to have that name, too.
 */
export function beyondLicence({ argv, paths }: RuleInUse, { argv: words, program }: RealCommand): boolean {
  if (argv !== undefined && !ranWith(argv, words, [program])) return true
  if (paths === undefined) return false
  const command = { text: words.join(' '), argv: words.slice(1), redirects: [] }
  return everyOf(pathsInside(paths, command), 'it names none').holds !== 'yes'
}
