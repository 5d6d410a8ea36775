import { hostname } from 'node:os'
import { clock } from '../../adapters/clock.ts'
import { BINARY_FACT } from '../../docs/stale.ts'
import type { RunResult } from '../../engine/run-input.ts'
import type { Evidence } from '../../evidence/schema.ts'
import type { Unsealed } from '../../evidence/seal.ts'
import { worstOutcome } from '../../model/outcome.ts'
import { operatorName } from '../operator.ts'
import { version } from '../version.ts'
import type { BegunRun } from './begin-run.ts'
import type { PreparedRun, Settings } from './prepare-run.ts'

/** What is only known once a run is over. */
interface Came {
  readonly result: RunResult
  readonly machine: Evidence['machine']
  /** Errors that no step awaited. */
  readonly strays: readonly Error[]
}

/** All that evidence says of a run: what the engine found, and who, where, when and with what it was run. */
export function unsealedRun(
  { runId, origin, startedAt, beganMs }: BegunRun,
  { plan, secrets }: PreparedRun,
  { target, people, counterproofs }: Settings,
  { result, machine, strays }: Came,
): Unsealed {
  const { id, title, purpose } = plan.runbook
  return {
    schema: 'runproof-evidence-2',
    runId,
    tool: { name: 'runproof', version: version(), node: process.versions.node },
    runbook: { id, title, purpose, sha256: origin.runbookSha256 },
    target: { id: target.id, title: target.title, real: target.real, ...binaryDigest(result.facts) },
    operator: operatorOf(people.operator),
    machine,
    params: { ...origin.params },
    secretNames: Object.keys(secrets).sort(),
    counterproofs,
    startedAt: startedAt.toISOString(),
    endedAt: clock.now().toISOString(),
    durationMs: clock.monotonicMs() - beganMs,
    ...result,
    ...strayed(result, strays),
  }
}

/** The account is a fact; a name is what somebody said. */
function operatorOf(name: string): Evidence['operator'] {
  const user = operatorName()
  return { user, host: hostname(), ...(name === user ? {} : { name }) }
}

/** An error that no step awaited is nobody's record, and yet something went wrong: no verdict. */
function strayed(run: RunResult, errors: readonly Error[]): Partial<Unsealed> {
  if (errors.length === 0) return {}
  return {
    outcome: worstOutcome([run.outcome, 'errored']),
    assumptions: [...run.assumptions, ...errors.map(error => `an error outside of every step: ${error.message}`)],
  }
}

function binaryDigest(facts: Evidence['facts']): { binarySha256?: string } {
  const digest = facts[BINARY_FACT]
  return typeof digest === 'string' ? { binarySha256: digest } : {}
}
