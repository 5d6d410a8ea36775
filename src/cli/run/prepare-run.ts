import type { CounterproofMode } from '../../engine/falsify.ts'
import type { Standing } from '../../engine/people.ts'
import { type Plan, plan } from '../../engine/plan.ts'
import { didYouMean } from '../../model/closest.ts'
import { parseDuration } from '../../model/duration.ts'
import { RunproofError } from '../../model/error.ts'
import type { Params } from '../../model/runbook.ts'
import { isManual } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import type { Target } from '../../model/target.ts'
import type { RunFlags } from '../commands/run.ts'
import { parsePairs } from '../options.ts'
import { type Places, placesFor } from '../places.ts'
import { type PolicyInUse, policyInUse } from '../policy/policy-in-use.ts'
import { type LoadedRunbook, loadTarget } from '../registry.ts'
import { readSecrets } from '../secrets.ts'
import { Desk } from '../step-mode/desk.ts'
import { approverFor } from './approve.ts'
import { standingOf } from './people-flags.ts'

/** What several runs of one command line share: read once, and refused before anything has happened. */
export interface Settings {
  readonly target: Target
  readonly places: Places
  readonly counterproofs: CounterproofMode
  readonly width: number
  readonly json: boolean
  /** Whether a person can be asked. */
  readonly terminal: boolean
  readonly approve: ReturnType<typeof approverFor>
  /** Where people sit; undefined without a terminal. */
  readonly desk: Desk | undefined
  readonly people: Standing
  /** How long an approval is waited for; undefined: as long as usual. */
  readonly approvalMs: number | undefined
  /** Whether `--yes` was given without a name. */
  readonly yesToAll: boolean
  readonly policy: PolicyInUse
}

/** One run that may begin. */
export interface PreparedRun {
  readonly plan: Plan
  readonly path: string
  readonly allowedSkips: readonly AllowedSkip[]
  readonly secrets: Readonly<Record<string, Secret>>
}

export interface AllowedSkip {
  readonly id: string
  readonly reason: string
}

/** @throws RunproofError USAGE, UNKNOWN_TARGET, POLICY_INVALID, CONFIG_INVALID */
export async function readSettings(flags: RunFlags): Promise<Settings> {
  const counterproofs = counterproofMode(flags.counterproofs)
  const width = positive('--width', flags.width)
  const target = await loadTarget(flags.target)
  const terminal = process.stdin.isTTY === true && process.stderr.isTTY === true
  const stepwise = flags.step === true
  if (stepwise) refuseUnattended(terminal, flags.json === true)
  const desk = terminal ? new Desk(process.stdin, process.stderr, { stepwise }) : undefined
  return {
    target,
    places: placesFor(process.env, flags),
    counterproofs,
    width,
    json: flags.json === true,
    terminal,
    approve: approverFor({ target, flags, person: desk?.person }),
    desk,
    people: standingOf(flags),
    approvalMs: flags.approveWithin === undefined ? undefined : approvalTime(flags.approveWithin),
    yesToAll: flags.yes === true,
    policy: policyInUse(flags.policy, process.cwd()),
  }
}

/** @throws RunproofError USAGE: steps are conducted by a person, who needs a terminal to be asked at and shown to */
function refuseUnattended(terminal: boolean, json: boolean): void {
  if (json)
    throw new RunproofError('USAGE', '--step talks with a person, and --json with a program', {
      hint: 'leave out --json; afterwards: runproof evidence show DIR --json',
    })
  if (!terminal)
    throw new RunproofError('USAGE', '--step needs a terminal for what is typed and for what is shown', {
      hint: 'over SSH: ssh -t HOST; without a person leave out --step',
    })
}

/** @throws RunproofError USAGE */
function approvalTime(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds >= 1_000 && milliseconds <= 86_400_000) return milliseconds
  throw new RunproofError('USAGE', `--approve-within ${text}: expected a time from 1s to 24h`, { hint: 'such as 15m' })
}

/** What of a command line is meant for one run. */
export interface Given {
  readonly params: Params
  /** May hold more than the runbook takes, where others take it. */
  readonly secrets: Readonly<Record<string, Secret>>
  readonly skips: readonly AllowedSkip[]
}

/** @throws RunproofError USAGE for a skip that no check has, UNKNOWN_PARAM, PARAM_INVALID */
export function prepareRun({ runbook, path }: LoadedRunbook, target: Target, given: Given): PreparedRun {
  const planned = plan(runbook, target, given.params)
  refuseUnknownSkip(given.skips, [...checkIds(planned), ...byHand(planned)], runbook.id)
  const secrets = Object.entries(given.secrets).filter(([name]) => (runbook.secrets ?? []).includes(name))
  return { plan: planned, path, allowedSkips: given.skips, secrets: Object.fromEntries(secrets) }
}

/** Read once: what comes from standard input can't be read again. @throws RunproofError USAGE, SECRET_MISSING, SECRET_TOO_SHORT */
export function secretsOf(
  flags: Pick<RunFlags, 'secret'>,
  runbooks: readonly LoadedRunbook[],
): Promise<Readonly<Record<string, Secret>>> {
  const known = [...new Set(runbooks.flatMap(({ runbook }) => runbook.secrets ?? []))]
  return readSecrets(parsePairs('--secret', flags.secret, { secret: true }), known, process.env, process.stdin)
}

/** `id=reason` words of --allow-skip. */
export function readSkips(words: readonly string[]): readonly AllowedSkip[] {
  return Object.entries(parsePairs('--allow-skip', words)).map(([id, reason]) => {
    if (reason.trim() === '') throw new RunproofError('USAGE', `--allow-skip ${id}: a reason is needed`)
    return { id, reason }
  })
}

/** A skip that no check has would be a typing mistake that silently allows nothing. */
export function refuseUnknownSkip(skips: readonly AllowedSkip[], known: readonly string[], of: string): void {
  const unknown = skips.find(({ id }) => !known.includes(id))
  if (unknown === undefined) return
  throw new RunproofError(
    'USAGE',
    `--allow-skip ${unknown.id}: ${of} has no such check, and no such step that a person does${didYouMean(unknown.id, known)}`,
    { hint: `one of ${known.join(', ')}` },
  )
}

export function checkIds(planned: Plan): readonly string[] {
  return planned.steps.flatMap(step => step.verify.map(check => check.id))
}

/** Steps that are skipped where there is no person. */
function byHand({ steps }: Plan): readonly string[] {
  return steps.filter(({ run }) => isManual(run)).map(({ id }) => id)
}

function counterproofMode(text: string): CounterproofMode {
  if (text === 'all' || text === 'observation') return text
  throw new RunproofError('USAGE', `--counterproofs ${text}: expected all or observation`)
}

/** @throws RunproofError USAGE */
export function positive(flag: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 64) return value
  throw new RunproofError('USAGE', `${flag} ${text}: expected a whole number from 1 to 64`)
}
