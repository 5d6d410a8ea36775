import type { AnyCheck, NonEmpty } from '../model/check.ts'
import type { PlanInput, Step, StepContext } from '../model/runbook.ts'
import { isIsolated } from '../suite/params.ts'
import { type DaemonStep, daemonStep, endSteps } from '../suite/steps.ts'
import { type Closing, closeStep } from './close.ts'
import { firstContainment, readSettings, restoreSettings } from './first-containment.ts'
import { decideScope, tellStakeholders } from './people.ts'
import { snapshotStep } from './snapshot/snapshot.ts'
import type { SnapshotSubjects } from './snapshot/snapshot-items.ts'

/** The checks of the steps that every containment has. */
type CourseChecks = Readonly<
  Record<
    'ready' | 'noted' | 'contained' | 'before' | 'after' | 'restored' | 'written' | 'nothingLeft' | 'noSecretWritten',
    AnyCheck
  >
>

/** What one containment has of its own. */
export interface Course {
  readonly daemon?: Omit<DaemonStep, 'verify'>
  /** Makes the incident, in a rehearsal. */
  readonly make: readonly Step[]
  /** What the snapshots are about. */
  readonly about?: (context: StepContext) => SnapshotSubjects
  /** What the commander decides, after `Decide whether`. */
  readonly decide: string
  /** Contains the cause. */
  readonly contain: readonly Step[]
  /** Looks from where the attacker stands. */
  readonly verify: readonly Step[]
  /** What people are told. */
  readonly tell: string
  readonly recover: readonly Step[]
  readonly closing: (context: StepContext) => Closing | Promise<Closing>
}

/**
 * The course of every containment: settings noted, contained first, evidence before, the cause, evidence after, the attacker's
 * view, recovery, settings put back, the list that is left behind.
 *
 * A failed step does not stop the others that contain or keep: half contained is better than not. Nothing is put back then.
 */
export function courseOf(input: PlanInput, checks: CourseChecks, course: Course): NonEmpty<Step> {
  const steps: NonEmpty<Step> = [
    daemonStep(input, { ...course.daemon, verify: [checks.ready] }),
    ...(isIsolated(input) ? course.make : []),
    readSettings(checks.noted),
    firstContainment(input, checks.contained),
    snapshotStep('before', input, checks.before, course.about),
    decideScope(course.decide),
    ...course.contain,
    snapshotStep('after', input, checks.after, course.about),
    ...course.verify,
    tellStakeholders(course.tell),
    ...course.recover,
    restoreSettings(input, checks.restored),
  ]
  const { nothingLeft, noSecretWritten } = checks
  return [
    ...steps,
    // What is open is worth most where something failed, even that nobody was reached.
    { ...closeStep(input, { written: checks.written, steps, closing: course.closing }), afterFailure: [] },
    ...endSteps(input, { nothingLeft, noSecretWritten }),
  ]
}
