import { withoutCredentials } from '../findings/credentials.ts'
import type { NginxMessage } from '../model/nginx.ts'
import type { Position } from './ast.ts'
import { RULES } from './rules/all.ts'
import type { Found, Rule, Severity, Subject } from './rules/rule.ts'
import type { Waiver, Waivers } from './waivers.ts'

/** What a finding is an instance of. */
export type RuleText = Pick<Rule, 'id' | 'title' | 'why' | 'severity'>

export interface Finding {
  readonly rule: RuleText
  readonly at: Position
  /** Ids of the paths it was found for; empty where it is the same for all. */
  readonly paths: readonly string[]
  /** Credentials are replaced in both. */
  readonly expected: string
  readonly actual: string
  readonly waived: Pick<Waiver, 'reason' | 'expires'> | undefined
}

const EXPIRED: RuleText = {
  id: 'waiver-expired',
  title: 'A waiver holds until the day it was given for',
  why: 'What it excused counts again: keep the rule, or decide anew and give another day.',
  severity: 'error',
}

const UNUSED: RuleText = {
  id: 'waiver-unused',
  title: 'A waiver excuses something',
  why: 'What it excused is gone, or it was never written right. It would hide the next finding of its kind.',
  severity: 'warning',
}

const REFUSED: RuleText = {
  id: 'nginx-refused',
  title: 'nginx accepts the configuration',
  why: 'nginx does not start with it, for a reason that no rule saw: what the rules say of it may not hold either.',
  severity: 'error',
}

/** All there is to be told, also what is about no setting. */
export const RULE_TEXTS: readonly RuleText[] = [...RULES, EXPIRED, UNUSED, REFUSED]

/** What nginx itself refuses, as findings of their own. */
export function refusals(file: string, messages: readonly NginxMessage[]): readonly Finding[] {
  return messages
    .filter(({ level }) => level === 'emerg' || level === 'crit' || level === 'alert')
    .map(({ text, at = { file, line: 1, column: 1 } }) =>
      toFinding(REFUSED, { at, expected: 'what nginx -t accepts', actual: text }, undefined),
    )
}

/**
 * Every finding, in the order of files, lines and columns. What is the same at one place for several paths is one finding.
 *
 * @param rules - all of them by default
 */
export function judge(subject: Subject, waivers?: Waivers, rules: readonly Rule[] = RULES): readonly Finding[] {
  const valid = waivers?.list.filter(({ expires }) => expires >= waivers.today) ?? []
  const used = new Set<Waiver>()
  const merged = new Map<string, Finding & { paths: string[] }>()
  for (const rule of rules) {
    for (const found of rule.judge(subject)) {
      const waiver = valid.find(one => excuses(one, rule, found))
      if (waiver !== undefined) used.add(waiver)
      const { at, path } = found
      const finding = toFinding(rule, found, waiver)
      const key = JSON.stringify([
        rule.id,
        at.file,
        at.line,
        at.column,
        finding.actual,
        finding.expected,
        waiver?.reason,
      ])
      const same = merged.get(key)
      if (same === undefined) merged.set(key, finding)
      else if (path !== undefined && !same.paths.includes(path)) same.paths.push(path)
    }
  }
  const order = new Map(subject.configuration.files.map(({ path }, index) => [path, index]))
  return [...[...merged.values()].sort(byPlace(order)), ...aboutWaivers(waivers, valid, used)]
}

function excuses({ rule, path, location }: Waiver, { id }: Rule, found: Found): boolean {
  return (
    rule === id && (path === undefined || path === found.path) && (location === undefined || isAt(location, found.at))
  )
}

function isAt(location: string, { file, line }: Position): boolean {
  const [, name = '', wanted] = /^(.*?)(?::(\d+))?$/.exec(location) ?? []
  return (file === name || file.endsWith(`/${name}`)) && (wanted === undefined || Number(wanted) === line)
}

function toFinding(rule: RuleText, { at, path, expected, actual }: Found, waiver: Waiver | undefined) {
  return {
    rule,
    at,
    paths: path === undefined ? [] : [path],
    expected: withoutCredentials(expected),
    actual: withoutCredentials(actual),
    waived: waiver === undefined ? undefined : { reason: waiver.reason, expires: waiver.expires },
  }
}

function byPlace(order: ReadonlyMap<string, number>) {
  const rank = ({ file }: Position) => order.get(file) ?? -1
  return ({ at: one }: Finding, { at: other }: Finding) =>
    rank(one) - rank(other) || one.line - other.line || one.column - other.column
}

function aboutWaivers(
  waivers: Waivers | undefined,
  valid: readonly Waiver[],
  used: ReadonlySet<Waiver>,
): readonly Finding[] {
  if (waivers === undefined) return []
  const at = { file: waivers.file, line: 1, column: 1 }
  return waivers.list.flatMap((waiver, index): readonly Finding[] => {
    const which = `entry ${index + 1}, for ${waiver.rule} (${waiver.reason})`
    if (!valid.includes(waiver)) {
      const found = {
        at,
        expected: `a day not before ${waivers.today}`,
        actual: `${which}, held until ${waiver.expires}`,
      }
      return [toFinding(EXPIRED, found, undefined)]
    }
    if (used.has(waiver)) return []
    return [
      toFinding(UNUSED, { at, expected: 'a finding that it excuses', actual: `${which}, excuses nothing` }, undefined),
    ]
  })
}

/** Whether findings are to fail a check at a level. */
export function failing(findings: readonly Finding[], failOn: Severity): readonly Finding[] {
  return findings.filter(
    ({ rule, waived }) => waived === undefined && (failOn === 'warning' || rule.severity === 'error'),
  )
}
