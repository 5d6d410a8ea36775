import { closest } from '../../model/closest.ts'
import { RunproofError } from '../../model/error.ts'
import type { Params, PlanInput, Runbook } from '../../model/runbook.ts'
import type { Target } from '../../model/target.ts'
import type { SmokeFlags } from '../commands/smoke.ts'
import { parsePairs } from '../options.ts'
import { idsOf, type LoadedRunbook, loadSuite, SUITES } from '../registry.ts'
import { checkIds, type PreparedRun, prepareRun, readSkips, refuseUnknownSkip, secretsOf } from './prepare-run.ts'

/** A suite that is not run, and why. */
export interface NotRun {
  readonly id: string
  readonly reason: string
}

export interface SkippedSuite extends NotRun {
  /** The reason the caller gave for letting it be skipped. */
  readonly allowed: string | undefined
}

export interface Chosen {
  readonly runs: readonly PreparedRun[]
  /** They have nothing to ask here, and nobody named them. */
  readonly leftOut: readonly NotRun[]
  /** They should have been asked, and something was not given. */
  readonly skipped: readonly SkippedSuite[]
}

/**
 * The suites named, or all that there are, with what of the command line each is meant to have.
 *
 * @throws RunproofError UNKNOWN_RUNBOOK, UNKNOWN_PARAM for a parameter that none of them has, PARAM_INVALID, USAGE when nothing
 *   is left to run
 */
export async function chooseSuites(names: readonly string[], target: Target, flags: SmokeFlags): Promise<Chosen> {
  const loaded = await Promise.all([...new Set(names.length > 0 ? names : idsOf(SUITES))].map(loadSuite))
  const params = paramsOf(flags)
  refuseUnknownParams(params, loaded)
  const secrets = await secretsOf(flags, loaded)
  const skips = readSkips(flags.allowSkip)

  const runs: PreparedRun[] = []
  const leftOut: NotRun[] = []
  const skipped: SkippedSuite[] = []
  for (const one of loaded) {
    const { runbook } = one
    const given = pick(params, runbook)
    const input: PlanInput = { params: withDefaults(given, runbook), target }
    const unfit = runbook.unfit?.(input)
    if (unfit !== undefined && names.length === 0) {
      leftOut.push({ id: runbook.id, reason: unfit })
      continue
    }
    const missing = unfit ?? runbook.missing?.({ ...input, secretNames: Object.keys(secrets) })
    // Whoever names a suite and gives it what it cannot be asked with made a mistake, which planning tells.
    const mistaken = names.length > 0 && runbook.conflict?.(input) !== undefined
    if (missing !== undefined && !mistaken) {
      skipped.push({ id: runbook.id, reason: missing, allowed: skips.find(({ id }) => id === runbook.id)?.reason })
      continue
    }
    const ids = checkIds(prepareRun(one, target, { params: given, secrets: {}, skips: [] }).plan)
    runs.push(prepareRun(one, target, { params: given, secrets, skips: skips.filter(({ id }) => ids.includes(id)) }))
  }
  refuseUnknownSkip(skips, [...loaded.map(one => one.runbook.id), ...runs.flatMap(run => checkIds(run.plan))], 'smoke')
  if (runs.length === 0 && skipped.length === 0)
    throw new RunproofError('USAGE', 'no smoke suite has anything to ask here', {
      hint: leftOut.map(({ id, reason }) => `${id}: ${reason}`).join('; '),
    })
  return { runs, leftOut, skipped }
}

/** Flags that stand for a parameter of every suite. */
function paramsOf(flags: SmokeFlags): Readonly<Record<string, string>> {
  return parsePairs('--param', [
    ...flags.param,
    ...(flags.own === true ? ['own=yes'] : []),
    ...(flags.allowWrite === true ? ['allow-write=yes'] : []),
    ...(flags.failOn === undefined ? [] : [`fail-on=${flags.failOn}`]),
  ])
}

function refuseUnknownParams(params: Params, loaded: readonly LoadedRunbook[]): void {
  const known = [...new Set(loaded.flatMap(({ runbook }) => Object.keys(runbook.params)))]
  const unknown = Object.keys(params).find(name => !known.includes(name))
  if (unknown === undefined) return
  const near = closest(unknown, known)
  throw new RunproofError('UNKNOWN_PARAM', `no smoke suite that is run has a parameter ${unknown}`, {
    hint: near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}=?`,
  })
}

function pick(params: Params, runbook: Runbook): Params {
  return Object.fromEntries(Object.entries(params).filter(([name]) => Object.hasOwn(runbook.params, name)))
}

function withDefaults(given: Params, runbook: Runbook): Params {
  const defaults = Object.entries(runbook.params).map(([name, spec]) => [name, given[name] ?? spec.default])
  return Object.fromEntries(defaults)
}
