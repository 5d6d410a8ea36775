import type { Json } from '../model/check.ts'
import { didYouMean } from '../model/closest.ts'
import type { Effect } from '../model/runbook.ts'
import { jsonLines } from './json-lines.ts'
import { normalised } from './match-paths.ts'
import { DAYS, type Day, EFFECTS, type Rule, VERDICTS, type Verdict, type Window } from './rule.ts'

const POLICY_SCHEMA = 'runproof-policy-1'

/** Every pair of rules is compared by the lint. */
const MOST_RULES = 1_000

export type ProblemKind = 'malformed' | 'empty' | 'duplicate' | 'shadowed' | 'idle' | 'unknown-name' | 'never-open'

/** What is wrong with a policy file. */
export interface Problem {
  readonly kind: ProblemKind
  readonly line: number
  /** The id of the rule, or `rules[3]` where it has none. */
  readonly rule: string | undefined
  readonly member: string | undefined
  readonly message: string
}

export interface ReadPolicy {
  /** Those that are well formed, with their places in the list. */
  readonly rules: readonly { readonly rule: Rule; readonly index: number }[]
  /** All of them, in the order of lines. A policy with any is not to be used. */
  readonly problems: readonly Problem[]
  /** The line of a member of a rule; of the rule, where it has no such member. */
  lineOf(index: number, member: string): number
}

type Members = Readonly<Record<string, Json>>

const LISTS = ['argv', 'targets', 'effects', 'runbooks', 'steps', 'roles', 'paths'] as const
const MEMBERS = ['id', 'verdict', ...LISTS, 'window', 'confirm', 'reason'] as const

/** Reads a policy file as far as it can be read, and says all that is wrong with it. */
export function readPolicy(text: string): ReadPolicy {
  const problems: Problem[] = []
  const bare = text.replace(/^\uFEFF/, '')
  let document: Json
  try {
    document = JSON.parse(bare) as Json
  } catch (thrown) {
    const line = Number(/\(line (\d+) column \d+\)/.exec(String(thrown))?.[1] ?? bare.split('\n').length)
    problems.push({ kind: 'malformed', line, rule: undefined, member: undefined, message: 'it is not JSON' })
    return { rules: [], problems, lineOf: () => 1 }
  }
  const { lineOf, repeated } = jsonLines(bare)
  const note = (path: string, message: string, kind: ProblemKind = 'malformed', line = lineOf(path)) => {
    const [, index, member] = /^rules\[(\d+)\]\.?(.*)$/.exec(path) ?? []
    const rule = index === undefined ? undefined : ruleName(document, Number(index))
    const named = index === undefined ? path : member
    problems.push({ kind, line, rule, member: named === '' ? undefined : named, message })
  }

  for (const { path, line } of repeated)
    note(path, 'it stands here twice, and only the last would count', 'malformed', line)
  const rules = readRules(document, note)
  const firstOf = new Map<string, number>()
  for (const { rule, index } of rules) {
    const first = firstOf.get(rule.id)
    if (first === undefined) firstOf.set(rule.id, index)
    else note(`rules[${index}].id`, `the rule of line ${lineOf(`rules[${first}]`)} has this id, too`, 'duplicate')
  }
  return {
    rules,
    problems: problems.sort((a, b) => a.line - b.line),
    lineOf: (index, member) => lineOf(`rules[${index}].${member}`),
  }
}

/** @param path - of the value, such as `rules[0].argv[1]` */
type Note = (path: string, message: string, kind?: ProblemKind) => void

function readRules(document: Json, note: Note): ReadPolicy['rules'] {
  if (!isObject(document)) {
    note('', 'it is no object')
    return []
  }
  refuseUnknown(document, ['$schema', 'schema', 'rules'], '', note)
  if (document['schema'] !== POLICY_SCHEMA) note('schema', `it is not ${JSON.stringify(POLICY_SCHEMA)}`)
  const list = document['rules']
  if (!Array.isArray(list)) {
    note('rules', 'it is no list')
    return []
  }
  if (list.length === 0) note('rules', 'there are no rules: it would decide nothing', 'empty')
  if (list.length > MOST_RULES) {
    note('rules', `there are ${list.length} rules, more than ${MOST_RULES}`)
    return []
  }
  return list.flatMap((entry: Json, index) => {
    const rule = readRule(entry, `rules[${index}]`, note)
    return rule === undefined ? [] : [{ rule, index }]
  })
}

/** Undefined for one that has anything wrong with it. */
function readRule(entry: Json, path: string, outer: Note): Rule | undefined {
  let well = true
  const note: Note = (...problem) => {
    well = false
    outer(...problem)
  }
  if (!isObject(entry)) {
    note(path, 'it is no object')
    return undefined
  }
  refuseUnknown(entry, MEMBERS, `${path}.`, note)
  const { id, verdict, confirm, reason } = entry
  if (typeof id !== 'string' || !/^[a-z0-9][a-z0-9.-]{0,63}$/.test(id))
    note(`${path}.id`, 'it is not made of small letters, digits, . and -, at most 64')
  if (!VERDICTS.includes(verdict as Verdict)) note(`${path}.verdict`, `it is none of ${VERDICTS.join(', ')}`)
  if (typeof reason !== 'string' || reason.trim() === '')
    note(`${path}.reason`, 'it is no text: whoever is stopped by the rule reads it')
  if (confirm !== undefined && (typeof confirm !== 'string' || !/^[^\s\p{C}]+$/u.test(confirm)))
    note(`${path}.confirm`, 'it is not one word that can be seen and typed')
  if (confirm !== undefined && verdict !== 'ask') note(`${path}.confirm`, 'only a rule that asks has a word to type')

  const lists: Record<string, readonly string[]> = {}
  for (const name of LISTS) if (entry[name] !== undefined) lists[name] = readList(entry, name, path, note)
  const window = entry['window'] === undefined ? undefined : readWindow(entry['window'], `${path}.window`, note)
  if (!well) return undefined
  return {
    id: id as string,
    verdict: verdict as Verdict,
    reason: reason as string,
    ...(lists as Pick<Rule, (typeof LISTS)[number]>),
    ...(confirm === undefined ? {} : { confirm: confirm as string }),
    ...(window === undefined ? {} : { window }),
  }
}

/** Why one word of a list is refused. */
const REFUSALS: Readonly<Partial<Record<(typeof LISTS)[number], (word: string) => string | undefined>>> = {
  argv: word => {
    if (/\s/.test(word)) return `it is more than one word: ${JSON.stringify(word.trim().split(/\s+/))}`
    return word !== '*' && word.includes('*') ? '* stands for a whole word, never for a part of one' : undefined
  },
  effects: word => (EFFECTS.includes(word as Effect) ? undefined : `${noneOf(word, EFFECTS)}`),
  paths: word => {
    if (!word.startsWith('/')) return 'it is no absolute path'
    if (word.split('/').includes('..')) return 'a root does not climb with ..'
    return /[*?<>\0]/.test(word) ? 'a root is one directory, without * ? < >' : undefined
  },
}

function readList(entry: Members, name: (typeof LISTS)[number], path: string, note: Note): readonly string[] {
  const list = entry[name]
  if (!Array.isArray(list) || list.length === 0) {
    note(`${path}.${name}`, 'it is no list with anything in it')
    return []
  }
  return (list as readonly Json[]).flatMap((word, index) => {
    const refusal = typeof word !== 'string' || word.trim() === '' ? 'it is no text' : REFUSALS[name]?.(word)
    if (refusal !== undefined) {
      note(`${path}.${name}[${index}]`, refusal)
      return []
    }
    return [name === 'paths' ? normalised(word as string) : (word as string)]
  })
}

function readWindow(value: Json, path: string, note: Note): Window | undefined {
  if (!isObject(value)) {
    note(path, 'it is no object')
    return undefined
  }
  refuseUnknown(value, ['zone', 'days', 'from', 'to'], `${path}.`, note)
  const { zone, days } = value
  if (typeof zone !== 'string' || zone.trim() === '') note(`${path}.zone`, 'it is no name of a zone')
  if (!Array.isArray(days) || days.length === 0) note(`${path}.days`, `it is no list of ${DAYS.join(', ')}`)
  else
    for (const [index, day] of days.entries())
      if (!DAYS.includes(day as Day)) note(`${path}.days[${index}]`, noneOf(String(day), DAYS))
  const from = minuteOf(value['from'], 23 * 60 + 59)
  const to = minuteOf(value['to'], 24 * 60)
  if (from === undefined) note(`${path}.from`, 'it is no time from 00:00 to 23:59')
  if (to === undefined) note(`${path}.to`, 'it is no time from 00:00 to 24:00')
  return { zone: zone as string, days: days as unknown as readonly Day[], fromMinute: from ?? 0, toMinute: to ?? 0 }
}

function minuteOf(value: Json | undefined, latest: number): number | undefined {
  const [, hour, minute] = (typeof value === 'string' && /^(\d\d):([0-5]\d)$/.exec(value)) || []
  if (hour === undefined) return undefined
  const minutes = Number(hour) * 60 + Number(minute)
  return minutes <= latest ? minutes : undefined
}

function refuseUnknown(members: Members, known: readonly string[], prefix: string, note: Note): void {
  for (const name of Object.keys(members))
    if (!known.includes(name)) note(`${prefix}${name}`, `there is no such member${didYouMean(name, known)}`)
}

function noneOf(word: string, known: readonly string[]): string {
  return `${word} is none of ${known.join(', ')}${didYouMean(word, known)}`
}

/** What a person looks for in the file: the id, where it has one that could be one. */
function ruleName(document: Json, index: number): string {
  const list = isObject(document) ? document['rules'] : undefined
  const entry = Array.isArray(list) ? (list[index] as Json | undefined) : undefined
  const id = isObject(entry) ? entry['id'] : undefined
  return typeof id === 'string' && id !== '' ? id : `rules[${index}]`
}

function isObject(value: Json | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
