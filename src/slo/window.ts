import { durationText } from '../model/duration-text.ts'

export type Level = 'ok' | 'warn' | 'page' | 'unknown'

/** What one sample alone says of a signal. */
export interface Look {
  readonly grade: Grade
  /** One clause for people, with the values. */
  readonly says: string
  /** For signals that are judged by growth. */
  readonly count?: number
}

export type Grade = 'ok' | 'warning' | 'error'

export type Seen = Look & { readonly atMs: number }

interface RuleBase {
  readonly level: 'warn' | 'page'
  /** The threshold as documentation states it. */
  readonly text: string
}

/** That many samples one after the other look at least this bad, the last two of them no further apart than `withinMs`. */
interface InSamples extends RuleBase {
  readonly samples: number
  readonly from: Grade
  readonly withinMs?: number
}

/** It has looked at least this bad for so long, or, with `more`, for longer. */
interface Held extends RuleBase {
  readonly forMs: number
  readonly more?: true
  readonly from: Grade
  /** The level while it looks so bad and nobody has seen since when. */
  readonly unseen: 'ok' | 'warn'
}

/** The count went up so many times. */
interface Growing extends RuleBase {
  readonly rises: number
}

export type Rule = InSamples | Held | Growing

export interface Verdict {
  readonly level: Level
  readonly reason: string
}

/** Two samples further apart than this part of a window say nothing of what was between them. */
const HOLE = 1 / 3

const RANK: Readonly<Record<Grade, number>> = { ok: 0, warning: 1, error: 2 }
const atLeast = (look: Look, grade: Grade) => RANK[look.grade] >= RANK[grade]

/**
 * Judges what was seen, oldest first, by the gravest rule that is met. A window is claimed only when it was seen: from a single
 * sample nothing has lasted.
 *
 * @param seen - at least one
 */
export function judgeSeen(seen: readonly Seen[], rules: readonly Rule[]): Verdict {
  const last = seen.at(-1)!
  const results = rules.map(rule => ({ rule, ...resultOf(rule, seen) }))
  const met = results.find(({ rule, met }) => met && rule.level === 'page') ?? results.find(one => one.met)
  if (met?.rule.level === 'page') return { level: 'page', reason: join(last.says, met.note) }
  const open = results.flatMap(one => (one.met || one.open === undefined ? [] : [one]))
  const raised =
    met !== undefined || open.some(({ rule, unseen }) => unseen && 'unseen' in rule && rule.unseen === 'warn')
  return {
    level: raised ? 'warn' : 'ok',
    reason: join(last.says, met?.note, ...open.map(({ rule, open: why }) => `${rule.level}: ${why}`)),
  }
}

const join = (...parts: readonly (string | undefined)[]) => parts.filter(part => part !== undefined).join('; ')

interface Result {
  readonly met: boolean
  /** What else there is to say about a rule that is met. */
  readonly note?: string
  /** What is missing until it is met. */
  readonly open?: string
  /** Whether it may be met already, by what was before the first sample or between two. */
  readonly unseen?: true
}

function resultOf(rule: Rule, seen: readonly Seen[]): Result {
  if ('rises' in rule) return grown(rule, seen)
  if (!atLeast(seen.at(-1)!, rule.from)) return { met: false }
  return 'samples' in rule ? inSamples(rule, seen) : held(rule, seen)
}

function inSamples({ samples, from, withinMs }: InSamples, seen: readonly Seen[]): Result {
  const last = seen.slice(-samples)
  const bad = last.every(look => atLeast(look, from))
  if (!bad) return { met: false }
  if (last.length < samples) return { met: false, open: `needs ${samples} consecutive samples, seen one` }
  const apartMs = last.at(-1)!.atMs - last[0]!.atMs
  if (withinMs === undefined || apartMs <= withinMs) return { met: true }
  return {
    met: false,
    open: `needs ${samples} samples within ${spanText(withinMs)}, they are ${spanText(apartMs)} apart`,
  }
}

function held({ forMs, more, from }: Held, seen: readonly Seen[]): Result {
  const lastAtMs = seen.at(-1)!.atMs
  let first = seen.length - 1
  const joined = (index: number) => seen[index]!.atMs - seen[index - 1]!.atMs <= forMs * HOLE
  while (first > 0 && atLeast(seen[first - 1]!, from) && joined(first)) first -= 1
  const lastedMs = lastAtMs - seen[first]!.atMs
  if (more === true ? lastedMs > forMs : lastedMs >= forMs) return { met: true, note: `for ${spanText(lastedMs)}` }
  // A sample close before it that looked better shows when it began.
  if (first > 0 && joined(first)) return { met: false, open: `for ${spanText(lastedMs)} of ${spanText(forMs)}` }
  const what = first === seen.length - 1 ? 'one sample' : spanText(lastedMs)
  return { met: false, open: `needs a window of ${spanText(forMs)}, seen ${what}`, unseen: true }
}

function grown({ rises }: Growing, seen: readonly Seen[]): Result {
  const counts = seen.map(look => look.count ?? 0)
  const times = counts.filter((count, index) => index > 0 && count > counts[index - 1]!).length
  if (times >= rises) return { met: true, note: `it grew ${times === 1 ? 'once' : `${times} times`}` }
  return seen.length === 1 && counts[0]! > 0
    ? { met: false, open: 'growth needs a second sample, seen one' }
    : { met: false }
}

/** A threshold or a span, in the largest unit that fits. */
export function spanText(milliseconds: number): string {
  const units = [
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const
  if (milliseconds === 60_000) return '60 s'
  const unit = units.find(([, size]) => milliseconds >= size && milliseconds % size === 0)
  return unit === undefined ? durationText(milliseconds) : `${milliseconds / unit[1]} ${unit[0]}`
}
