import type { Values } from './capture.ts'
import type { Command } from './command.ts'
import type { ErrorCode } from './error.ts'
import type { Tools } from './ports.ts'
import type { CommandRunner, RunOptions, RunResult } from './run-command.ts'
import type { Params } from './runbook.ts'
import type { Secret } from './secret.ts'
import type { Target } from './target.ts'

export type NonEmpty<Item> = readonly [Item, ...Item[]]

/** Plain data that evidence can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

export type Judgement =
  | { readonly outcome: 'passed'; readonly expected?: Json | undefined; readonly actual?: Json | undefined }
  | {
      readonly outcome: 'failed'
      readonly reason: string
      readonly expected?: Json | undefined
      readonly actual?: Json | undefined
    }

/** The answer was yes. */
export function passed(details: { expected?: Json; actual?: Json } = {}): Judgement {
  return { outcome: 'passed', ...details }
}

/** The answer was no. The reason is one sentence for people; expected and actual are data. */
export function failed(
  reason: string,
  details: { expected?: Json | undefined; actual?: Json | undefined } = {},
): Judgement {
  return { outcome: 'failed', reason, ...details }
}

/**
 * What a check may need from the place it runs in; what is absent skips the check by name. A `local-nginx` is no container’s, so
 * that it can run beside a daemon.
 */
export type Need =
  | 'url'
  | 'read-token'
  | 'admin-token'
  | 'binary'
  | 'host-files'
  | 'barrier'
  | 'baseline'
  | 'nginx'
  | 'local-nginx'

export interface CheckContext {
  readonly params: Params
  readonly target: Target
  readonly tools: Tools
  readonly values: Values
  readonly timeline: Timeline
  readonly signal: AbortSignal
  /** The longest a single wait inside a probe may take; a counterproof that hangs shortens it. */
  readonly deadlineMs: number
  /** From now on the value is redacted everywhere and searched for before anything is published. */
  protect(secret: Secret): void
  /** Every secret the run knows so far. */
  knownSecrets(): readonly Secret[]
  /** A part of this step's time that is a wait by design, shown apart inside its recovery phase. */
  waited(id: string, durationMs: number): void
  /** Runs a command, on this machine or inside an instance, and puts it on record before and after. */
  runIn(runner: CommandRunner, command: Command, options?: Partial<RunOptions>): Promise<RunResult>
}

/** How long the phases of a recovery have taken so far, counterproofs not counted. */
export interface Timeline {
  readonly totalMs: number
  readonly phases: readonly { readonly id: string; readonly durationMs: number }[]
}

interface CounterproofBase {
  readonly id: string
  /** What is broken, as a sentence that evidence shows. */
  readonly breaks: string
}

/** What red means here. Red for another reason is not red, and neither is an accident. */
type Red =
  | {
      /** A part of the reason that `failed` must give. */
      readonly because: RegExp
      readonly expects?: undefined
    }
  | {
      readonly because?: undefined
      /** The code of an error that the check itself must answer with. */
      readonly expects: ErrorCode
    }

/** The pure judge is fed a broken fact. */
export type ObservationCounterproof<Observed> = CounterproofBase &
  Red & {
    readonly observation: (observed: Observed) => Observed
  }

/** The check runs again on a broken copy of its subject, never on the subject itself. */
export type SubjectCounterproof = CounterproofBase &
  Red & {
    /**
     * Makes the broken copy and returns the context that points to it. What it starts or creates goes onto `scope`, which
     * is disposed of when the probe is done.
     */
    readonly subject: (context: CheckContext, scope: AsyncDisposableStack) => Promise<CheckContext>
    /** A shorter deadline for a break that hangs; recorded. */
    readonly deadlineMs?: number
    /** Why this break can't be made here (no such input, not this target), or undefined when it can. */
    readonly unavailable?: (context: CheckContext) => string | undefined
    /** What the break costs, in whole instances of the target and in bytes written. */
    readonly cost?: { readonly instances?: number; readonly diskBytes?: (context: CheckContext) => number }
  }

export type Counterproof<Observed> = ObservationCounterproof<Observed> | SubjectCounterproof

/**
 * A question. `probe` gets the facts and may throw (no verdict: errored); `judge` is pure and decides. A check without
 * a counterproof does not compile: a check that can't fail proves nothing.
 */
export interface Check<Observed> {
  readonly id: string
  readonly title: string
  readonly needs?: readonly Need[]
  /**
   * Why it can't be asked with what the operator gave, or undefined. It is then listed as not tested; a step none of whose
   * checks can be asked is errored.
   */
  readonly untested?: (context: CheckContext) => string | undefined | Promise<string | undefined>
  probe(context: CheckContext): Promise<Observed>
  judge(observed: Observed): Judgement
  readonly counterproofs: NonEmpty<Counterproof<Observed>>
  /** Numbered statements of the target's own smoke scripts that it answers, for instance `7.1/4`. */
  readonly covers?: readonly string[]
}

/** A check whose observed type is known only to itself. */
// biome-ignore lint/suspicious/noExplicitAny: a list of checks of different observed types; probe and judge of one check always agree
export type AnyCheck = Check<any>

export function defineCheck<Observed>(check: Check<Observed>): Check<Observed> {
  return check
}

/** The same context with one more deadline, value or parameter changed: the usual last line of a subject counterproof. */
export function changed(context: CheckContext, change: Partial<CheckContext>): CheckContext {
  return { ...context, ...change }
}
