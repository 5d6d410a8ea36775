import { loadTarget } from '../registry.ts'
import type { Finding } from './finding.ts'
import { baseline, clientBinary, namedFiles, secretSources } from './given.ts'
import type { IncidentDoctorInput } from './input.ts'
import { clockIsSane, isolation, launcher, node, terminal } from './machine.ts'
import { evidencePlace, scratchPlace, signingKey } from './places.ts'
import { citations, loadRunbooks, planRunbooks, programs, refuseUnknownParams } from './runbooks.ts'

/**
 * Everything an incident will need that can be looked at beforehand: nothing is asked of the network, no daemon is asked,
 * and nothing is changed or made.
 *
 * @throws RunproofError UNKNOWN_RUNBOOK, UNKNOWN_TARGET, UNKNOWN_PARAM, USAGE for what was typed
 */
export async function lookForIncident(input: IncidentDoctorInput): Promise<readonly Finding[]> {
  const { params, places, env } = input
  const target = await loadTarget(input.targetId)
  const loaded = await loadRunbooks(input.runbooks)
  refuseUnknownParams(params, loaded.things)
  const planned = await planRunbooks(loaded.things, target, params, { named: input.policy, cwd: input.cwd })
  const found: readonly (Finding | readonly Finding[])[] = await Promise.all([
    node(process.versions.node),
    launcher(),
    clockIsSane(input.now, places.reportsDir),
    input.terminal === undefined ? [] : terminal(input.terminal, env),
    isolation(input.instances),
    signingKey(places.stateDir),
    evidencePlace(places),
    scratchPlace(places),
    loaded.findings,
    planned.findings,
    citations(planned.things),
    programs(planned.things),
    clientBinary(target, params),
    namedFiles(params),
    secretSources(input.secrets, env),
    params['baseline'] === undefined ? [] : baseline(params, target, places.stateDir),
  ])
  return found.flat()
}
