import type { Evidence } from '../evidence/schema.ts'
import type { AnyCheck, Json } from '../model/check.ts'
import type { Journal, Tools } from '../model/ports.ts'
import type { Secret } from '../model/secret.ts'
import type { RuleInUse } from '../policy/rule.ts'
import type { Attester } from './attest.ts'
import type { Approver } from './authorise.ts'
import type { Origin } from './broken-run.ts'
import type { Conductor } from './conductor.ts'
import type { CounterproofMode } from './falsify.ts'
import type { Standing } from './people.ts'
import type { Resuming } from './pick-up.ts'
import type { Plan } from './plan.ts'
import type { Watch } from './progress.ts'

/** All that a run is given. */
export interface ExecuteInput {
  readonly plan: Plan
  readonly runId: string
  readonly tools: Tools
  readonly journal: Journal
  readonly watch: Watch
  /** Default: nobody is named. */
  readonly people?: Standing
  readonly approve: Approver
  /** Who confirms what only a person can do; without, such steps are skipped. */
  readonly attest?: Attester
  /** Who decides before each step; without, steps follow each other. */
  readonly conductor?: Conductor
  readonly secrets: Readonly<Record<string, Secret>>
  readonly protect: (secret: Secret) => void
  readonly knownSecrets: () => readonly Secret[]
  /** What the journal would make of a value: known secrets are masked in it. */
  readonly published?: (value: Json) => Json
  readonly scratchDir: string
  readonly artifactsDir: string
  readonly counterproofs: CounterproofMode
  readonly width: number
  readonly allowedSkips: readonly { readonly id: string; readonly reason: string }[]
  readonly lacking: (check: AnyCheck) => string | undefined
  readonly signal: AbortSignal
  /** Rules of policy files; without any the default policy decides alone. */
  readonly rules?: readonly RuleInUse[]
  /** What is on record before anything runs. */
  readonly before?: { readonly facts: RunResult['facts']; readonly notTested: readonly string[] }
  /** What a run that breaks off is gone on with; on record first of all. */
  readonly origin?: Origin
  /** The journal is then one that goes on: it has begun with the records of the run that broke off. */
  readonly resuming?: Resuming
  readonly patience?: Partial<Patience>
}

/** How long the engine waits for what is not a step's own time. */
export interface Patience {
  /** For an answer to a step that asks; after it the approval is expired, which denies. */
  readonly approvalMs: number
  /** For releasing or undoing one thing; after it the leftover is reported and the next one is released. */
  readonly releaseMs: number
  /** For work that was told to stop; after it the run goes on without it and says so. */
  readonly settleMs: number
}

export const PATIENCE: Patience = { approvalMs: 15 * 60_000, releaseMs: 30_000, settleMs: 10_000 }

/** The part of the evidence that the engine knows; who, where and with which key is added by the composition root. */
export type RunResult = Pick<
  Evidence,
  | 'outcome'
  | 'steps'
  | 'released'
  | 'rto'
  | 'rpoMs'
  | 'rpoBasis'
  | 'facts'
  | 'notTested'
  | 'assumptions'
  | 'allowedSkips'
  | 'breaks'
  | 'roles'
  | 'notes'
  | 'handovers'
  | 'snapshots'
>
