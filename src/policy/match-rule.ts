import { type AnnouncedCommand, type AskedStep, announcedBy } from './announced.ts'
import { anyOf, everyOf, type Held, no, unknown, yes } from './held.ts'
import { beginsWith, ranWith } from './match-argv.ts'
import { pathsInside } from './match-paths.ts'
import { isOpen } from './match-window.ts'
import type { Rule } from './rule.ts'

/** What is to be decided: a step of a runbook, on a target, at an instant. */
export interface Situation {
  readonly step: AskedStep
  readonly runbook: string
  readonly target: { readonly id: string; readonly real: boolean; readonly inUse: boolean }
  readonly at: Date
  /** What is looked at instead of what the step announces: a command that is about to be run. */
  readonly running?: AnnouncedCommand & { readonly argv: readonly string[]; readonly program: string }
}

export interface Matched {
  readonly matches: boolean
  /** Of a rule that does not match, what kept it; of one that does, what it matched by. */
  readonly why: string
}

/**
 * Whether a rule is for a step. An allow must hold for certain and for all that the step announces; of an ask or a deny
 * one command is enough, and so is not knowing.
 */
export function matchRule(rule: Rule, situation: Situation): Matched {
  const held = conditionsOf(rule, situation)
  const missed = held.find(one => one.holds === 'no')
  if (missed !== undefined) return { matches: false, why: missed.why }
  const doubt = held.find(one => one.holds === 'unknown')
  if (doubt === undefined) return { matches: true, why: held.map(one => one.why).join('; ') || 'it has no conditions' }
  return rule.verdict === 'allow'
    ? { matches: false, why: `not certain: ${doubt.why}` }
    : { matches: true, why: `it cannot be ruled out: ${doubt.why}` }
}

function conditionsOf(rule: Rule, { step, runbook, target, at, running }: Situation): readonly Held[] {
  const { targets, effects, runbooks, steps, roles, argv, paths, window } = rule
  // Most rules look at no command, and those of a file may be a thousand.
  const looked = running === undefined ? () => announcedBy(step) : () => [running]
  const commands = argv === undefined && paths === undefined ? [] : looked()
  return [
    ...(targets === undefined ? [] : [isOneOf('target', target.id, targets)]),
    ...(effects === undefined ? [] : [isOneOf('effect', step.effect, effects)]),
    ...(runbooks === undefined ? [] : [isOneOf('runbook', runbook, runbooks)]),
    ...(steps === undefined ? [] : [isOneOf('step', step.id, steps)]),
    ...(roles === undefined ? [] : [isOneOf('role', step.role, roles)]),
    ...(argv === undefined ? [] : [running === undefined ? argvHolds(rule, argv, commands) : runsIt(argv, running)]),
    ...(paths === undefined ? [] : [pathsHold(rule, paths, commands)]),
    ...(window === undefined ? [] : [isOpen(window, at)]),
  ]
}

function isOneOf(what: string, value: string | undefined, wanted: readonly string[]): Held {
  if (value === undefined) return no(`the step has no ${what}`)
  return wanted.includes(value)
    ? yes(`the ${what} is ${value}`)
    : no(`the ${what} is ${value}, not ${wanted.join(' or ')}`)
}

const SILENT = 'the step announces no commands'

function argvHolds({ verdict }: Rule, argv: readonly string[], commands: readonly AnnouncedCommand[]): Held {
  if (commands.length === 0) return unknown(SILENT)
  const held = commands.map(command => beginsWith(argv, command, { byName: verdict !== 'allow' }))
  if (verdict === 'allow') return everyOf(held, `every command begins with ${argv.join(' ')}`)
  return anyOf(held, `no command begins with ${argv.join(' ')}`)
}

/** What is denied or asked for by the name of its program is so by every name of it. */
function runsIt(argv: readonly string[], { argv: words, program, text }: NonNullable<Situation['running']>): Held {
  return ranWith(argv, words, [words[0]!, program])
    ? yes(`it is run with ${argv.join(' ')}: ${text}`)
    : no(`it is not run with ${argv.join(' ')}: ${text}`)
}

function pathsHold({ verdict }: Rule, roots: readonly string[], commands: readonly AnnouncedCommand[]): Held {
  if (commands.length === 0) return unknown(SILENT)
  const held = commands.flatMap(command => pathsInside(roots, command))
  if (held.length === 0) return no('no command names a path')
  if (verdict === 'allow') return everyOf(held, `every path lies inside of ${roots.join(', ')}`)
  return anyOf(held, `no path lies inside of ${roots.join(', ')}`)
}
