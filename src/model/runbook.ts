import type { Capture } from './capture.ts'
import type { AnyCheck, CheckContext, Need, NonEmpty } from './check.ts'
import type { Command } from './command.ts'
import type { Outcome } from './outcome.ts'
import type { Secret } from './secret.ts'
import type { Target } from './target.ts'

export type Params = Readonly<Record<string, string | undefined>>

export interface ParamSpec {
  readonly describe: string
  readonly example?: string
  readonly default?: string
  readonly required?: boolean
  /** Why the value is refused, or undefined. Pure: whether a file exists is a preflight check. */
  readonly refuse?: (value: string) => string | undefined
}

/** Why parameters do not go together, and what to give instead. */
export interface ParamConflict {
  readonly message: string
  readonly hint: string
}

export type Effect = 'read' | 'write' | 'destroy'

/** The documentation a step follows: a page of the target's operator documentation, and the command as it stands there. */
export interface Citation {
  readonly page: string
  readonly command?: string
}

/** What planning knows: no I/O has happened and no step has run. */
export interface PlanInput {
  readonly params: Params
  readonly target: Target
}

export interface StepContext extends CheckContext {
  /** Puts a command on record that is not run by a runner but streamed by a port: before it starts, and when it ended. */
  recorded<Result>(command: Command, work: () => Promise<Result>): Promise<Result>
  readonly secrets: Readonly<Record<string, Secret>>
  readonly run: RunNotes
  /** Sets a capture that this step declares in `yields`. */
  set<Value>(capture: Capture<Value>, value: Value): void
}

/** What a step tells the evidence besides its checks. */
export interface RunNotes {
  readonly runId: string
  /** Private scratch directory of the run, removed at the end. */
  readonly scratchDir: string
  /** Directory whose files become part of the sealed evidence. */
  readonly artifactsDir: string
  /** From now on this step's time counts for another phase of the recovery. */
  phase(id: string): void
  assume(text: string): void
  notTested(text: string): void
  /** Recovery point objective, measured: `basis` says from what. */
  rpo(milliseconds: number, basis: string): void
  /** A fact that evidence should hold under a name (digests, versions). */
  fact(name: string, value: string | number | boolean): void
  /** A fact that is on record, also from before a break; undefined when there is none of that name. */
  known(name: string): string | number | boolean | undefined
  /** How the steps before this one ended, in their order. */
  ended(): readonly EndedStep[]
  /** Released when the run ends, last first, whatever happened; failure to release is reported. */
  defer(describe: string, release: () => Promise<void>): void
}

/** How a step ended, as evidence has it. */
export interface EndedStep {
  readonly id: string
  readonly outcome: Outcome
  readonly reason?: string
}

/** Work: command lines of the target, or what is no command line. */
export interface Action {
  readonly describe: string
  /** The target's command lines it runs, with placeholders, as the plan shows them. */
  readonly commands?: readonly string[]
  execute(context: StepContext): Promise<void>
}

/** The work that takes a step back. A daemon that is started again may need longer than a tear-down is given. */
export interface Undo extends Action {
  readonly timeoutMs?: number
}

/** Who is in charge of a step in an incident. */
export const ROLES = ['incident-commander', 'operator', 'security-owner', 'comms'] as const
export type Role = (typeof ROLES)[number]

/** A person acts, and says so: the step is attested, never passed. What the world shows of it is the checks of another step. */
export interface Manual {
  readonly instruction: string
  /** What the person confirms, as a sentence. */
  readonly confirm: string
  /** What should be attached (a ticket, a screenshot of the provider's page): a file that becomes an artifact. */
  readonly attachment?: string
}

/**
 * What a second execution would do after a break: `repeatable` nothing bad; `once` must not be repeated, so a person is asked;
 * `check-first` a probe tells whether the first one took effect.
 */
export type Resume = 'repeatable' | 'check-first' | 'once'

interface StepBase {
  readonly id: string
  readonly title: string
  readonly docs?: Citation
  readonly timeoutMs: number
  readonly yields?: readonly Capture<unknown>[]
  /** The phase of a recovery that acting counts for; the step may move on to the next one while it acts. */
  readonly phase?: string
  /** The phase that asking its checks counts for. Default: the same. */
  readonly checksPhase?: string
  readonly role?: Role
  /**
   * After a break, where this step had ended: sets what it yields anew, without acting. Needed of a writing step whose captures
   * are not kept; a reading one is simply run again.
   */
  readonly reestablish?: (context: StepContext) => Promise<void>
  /**
   * Run also after a step that failed or errored, provided that these were yielded: a tear-down with its proof, a search for
   * secrets. Never after one that was denied or interrupted. An empty list: whatever had failed.
   */
  readonly afterFailure?: readonly Capture<unknown>[]
}

/** Who acts. What a person does may have no check: it is attested then, and nothing is taken for it. */
type Work =
  | { readonly run: Action; readonly verify: NonEmpty<AnyCheck> }
  | { readonly run: Manual; readonly verify: readonly AnyCheck[] }

export type ReadStep = StepBase & Work & { readonly effect: 'read' }

/** A step that changes something says how to undo it or why that is impossible, and what a second execution would do. */
export type WritingStep = StepBase &
  Work & {
    readonly effect: 'write' | 'destroy'
    readonly resume: Resume
    /** Of a step that is checked first: whether it already took effect. It may set what the step yields. */
    readonly tookEffect?: (context: StepContext) => Promise<boolean>
  } & ({ readonly undo: Undo } | { readonly irreversible: string })

export type Step = ReadStep | WritingStep

/** Parameters as somebody would give them, for a target that is real. */
export interface Way {
  readonly title: string
  readonly params: Params
}

export interface Runbook {
  readonly id: string
  readonly title: string
  readonly purpose: 'drill' | 'smoke' | 'rotation' | 'containment'
  readonly params: Readonly<Record<string, ParamSpec>>
  /** Secrets a caller may give by name. */
  readonly secrets?: readonly string[]
  /** Capabilities of the target without which the runbook can't do anything. */
  readonly requires?: readonly string[]
  /** Pure: params and target in, steps out; nothing runs. */
  steps(input: PlanInput): NonEmpty<Step>
  /** Parameters that do not go together, or lack each other; pure. */
  conflict?(input: PlanInput): ParamConflict | undefined
  /** Why it has nothing to do here, or undefined: where several suites are run, it is then left out and named. Pure. */
  unfit?(input: PlanInput): string | undefined
  /** What it would need and was not given: a suite is then skipped, and skipped is not passed. Pure. */
  missing?(input: PlanInput & { readonly secretNames: readonly string[] }): string | undefined
  /** What the operator did not give; checks that need it are listed as not tested. Pure. */
  lacks?(need: Need, input: PlanInput): string | undefined
  /** Why no subject may be broken: what it acts on is in use. Pure. */
  inUse?(input: PlanInput): string | undefined
  /** Why a run that broke off can't be gone on with, or undefined. Pure. */
  unresumable?(input: PlanInput): string | undefined
  /** What an incident's handler may want to be kept at any moment; it writes artifacts and changes nothing. */
  readonly snapshot?: Action
  /** How else it is run than on the stand-in; its page shows what is different then. */
  readonly ways?: readonly Way[]
  /** What is known beforehand not to be tested. */
  limits?(input: PlanInput): readonly string[]
}

export function defineRunbook(runbook: Runbook): Runbook {
  return runbook
}

export function isManual(run: Step['run']): run is Manual {
  return 'instruction' in run
}
