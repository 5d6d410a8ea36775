import type { Effect } from '../model/runbook.ts'

/** From the mildest to the gravest. */
export const VERDICTS = ['allow', 'ask', 'deny'] as const
export type Verdict = (typeof VERDICTS)[number]

export const EFFECTS: readonly Effect[] = ['read', 'write', 'destroy']

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof DAYS)[number]

/** When a rule holds, by the clocks of a zone. One that ends before it begins goes on past midnight, and belongs to the day it began on. */
export interface Window {
  /** By its name in the IANA database, such as `Europe/Berlin`. */
  readonly zone: string
  readonly days: readonly Day[]
  /** Minutes after midnight, 0 to 1439. */
  readonly fromMinute: number
  /** The first minute outside, 0 to 1440. */
  readonly toMinute: number
}

/** What a rule asks of a step. A condition that is left out holds for every step. */
export interface Conditions {
  /** The first words of a command; `*` is any one word. */
  readonly argv?: readonly string[]
  readonly targets?: readonly string[]
  readonly effects?: readonly Effect[]
  readonly runbooks?: readonly string[]
  readonly steps?: readonly string[]
  /** Roles that steps are bound to. */
  readonly roles?: readonly string[]
  /** Absolute and normalised. */
  readonly paths?: readonly string[]
  readonly window?: Window
}

export interface Rule extends Conditions {
  readonly id: string
  readonly verdict: Verdict
  /** The word that has to be typed, of a rule that asks. */
  readonly confirm?: string
  readonly reason: string
}

/** A rule in use: only one out of a file that the operator named may loosen what the default policy says. */
export interface RuleInUse extends Rule {
  readonly mayLoosen: boolean
}
