import { didYouMean } from '../model/closest.ts'
import { ROLES } from '../model/runbook.ts'
import { isWithin } from '../model/within.ts'
import { gravity } from './decide.ts'
import { covers } from './match-argv.ts'
import { openMinutes } from './match-window.ts'
import { type Problem, type ProblemKind, type ReadPolicy, readPolicy } from './read-policy.ts'
import { EFFECTS, type Rule, type Window } from './rule.ts'

/** Names that rules may use. */
export interface KnownNames {
  readonly targets: readonly string[]
  /** Ids of their steps, by runbook. */
  readonly steps: ReadonlyMap<string, readonly string[]>
  readonly zones: readonly string[]
}

export interface Linted {
  readonly ruleCount: number
  readonly problems: readonly Problem[]
}

/** All that is wrong with a policy file, and all in it that can never do anything. */
export function lintPolicy(text: string, known: KnownNames): Linted {
  const policy = readPolicy(text)
  const problems = [
    ...policy.problems,
    ...policy.rules.flatMap(({ rule, index }) => [
      ...unknownNames(rule, index, policy, known),
      ...neverOpen(rule, index, policy),
      ...idle(rule, index, policy),
    ]),
    ...shadowed(policy),
  ]
  return { ruleCount: policy.rules.length, problems: problems.sort((a, b) => a.line - b.line) }
}

type Place = Pick<ReadPolicy, 'lineOf'>

function unknownNames(rule: Rule, index: number, place: Place, known: KnownNames): readonly Problem[] {
  const note = problemsOf('unknown-name', rule, index, place)
  const runbooks = [...known.steps.keys()]
  const inThese = (rule.runbooks ?? runbooks).filter(one => known.steps.has(one))
  // Of a runbook that is not known here nobody knows the steps.
  const judgeSteps = inThese.length === (rule.runbooks ?? runbooks).length
  const stepIds = [...new Set(inThese.flatMap(one => known.steps.get(one)!))]
  const check = (member: string, names: readonly string[] | undefined, there: readonly string[], noun: string) =>
    (names ?? []).flatMap((name, at) =>
      there.includes(name) ? [] : [note(`${member}[${at}]`, `there is no ${noun} ${name}${didYouMean(name, there)}`)],
    )
  const zone = rule.window?.zone
  const zoneKnown = zone === undefined || known.zones.some(one => one.toLowerCase() === zone.toLowerCase())
  return [
    ...check('targets', rule.targets, known.targets, 'target'),
    ...check('runbooks', rule.runbooks, runbooks, 'runbook or smoke suite'),
    ...(judgeSteps ? check('steps', rule.steps, stepIds, stepNoun(rule)) : []),
    ...check('roles', rule.roles, ROLES, 'role'),
    ...(zoneKnown ? [] : [note('window.zone', `there is no zone ${zone}${didYouMean(zone!, known.zones)}`)]),
  ]
}

function stepNoun({ runbooks }: Rule): string {
  return runbooks === undefined ? 'step in any runbook called' : `step in ${runbooks.join(', ')} called`
}

function neverOpen(rule: Rule, index: number, place: Place): readonly Problem[] {
  if (rule.window === undefined || openMinutes(rule.window) > 0n) return []
  const note = problemsOf('never-open', rule, index, place)
  return [note('window', 'the window ends when it begins, so it never opens; a whole day is 00:00 to 24:00')]
}

function idle(rule: Rule, index: number, place: Place): readonly Problem[] {
  if (rule.verdict !== 'allow') return []
  const note = problemsOf('idle', rule, index, place)
  if (rule.targets === undefined) return [note(undefined, 'an allow without targets allows nothing')]
  if (rule.effects?.every(effect => effect === 'read') === true)
    return [note('effects', 'an allow of reads allows nothing: they are allowed in any case')]
  return []
}

/** A rule that can never decide, since a graver one matches whenever it does. */
function shadowed(policy: ReadPolicy): readonly Problem[] {
  const open = new Map(policy.rules.flatMap(({ rule: { window } }) => (window ? [[window, openMinutes(window)]] : [])))
  return policy.rules.flatMap(({ rule, index }) => {
    const by = policy.rules.find(other => gravity(other.rule) > gravity(rule) && isCovered(rule, other.rule, open))
    if (by === undefined) return []
    const line = policy.lineOf(by.index, 'id')
    const note = problemsOf('shadowed', rule, index, policy)
    return [
      note(undefined, `${by.rule.id} (line ${line}) matches whenever it does, and its ${by.rule.verdict} is graver`),
    ]
  })
}

/** Whether a graver rule matches whenever this one does. */
function isCovered(rule: Rule, graver: Rule, open: ReadonlyMap<Window, bigint>): boolean {
  const lists = ['targets', 'runbooks', 'steps', 'roles'] as const
  return (
    lists.every(name => graver[name] === undefined || isSubset(rule[name], graver[name])) &&
    isSubset(rule.effects ?? EFFECTS, graver.effects ?? EFFECTS) &&
    (graver.argv === undefined || (rule.argv !== undefined && covers(graver.argv, rule.argv, true))) &&
    (graver.paths === undefined ||
      rule.paths?.every(path => graver.paths!.some(root => isWithin(path, root))) === true) &&
    (graver.window === undefined || (rule.window !== undefined && lastsAsLong(rule.window, graver.window, open)))
  )
}

function isSubset(some: readonly string[] | undefined, all: readonly string[]): boolean {
  return some?.every(one => all.includes(one)) === true
}

/** Two zones are compared by nothing: the clocks of one tell nothing of the other's. */
function lastsAsLong(window: Window, other: Window, open: ReadonlyMap<Window, bigint>): boolean {
  const [narrow, wide] = [open.get(window)!, open.get(other)!]
  return window.zone === other.zone && (narrow | wide) === wide
}

function problemsOf(kind: ProblemKind, { id }: Rule, index: number, { lineOf }: Place) {
  return (member: string | undefined, message: string): Problem => ({
    kind,
    line: lineOf(index, member ?? 'id'),
    rule: id,
    member,
    message,
  })
}
