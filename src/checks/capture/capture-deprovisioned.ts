import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { capture } from '../../model/capture.ts'
import type { CaptureAgentView } from '../../model/capture-agents.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import { jsonAnswer } from '../../model/json-answer.ts'

import {
  type Enrolment,
  enrol,
  enrolledAgain,
  LATE_MACHINE,
  MACHINE,
  PATIENT,
  REASON,
  type Refusal,
  revoke,
  showAll,
  viewOf,
  wrongRefusal,
} from '../../suite/capture-agents.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

/** What the daemon said of a machine when it was ended, when it was ended again, and of another machine after that. */
interface Ending {
  readonly said: CaptureAgentView
  readonly again: CaptureAgentView
  readonly other: CaptureAgentView
}

export const deprovisioned = capture<Ending>('capture-ending', 'what was said when the machine was ended')

/** Ends the machine, and what else the suite provisioned. What a step does, and a counterproof on another daemon. */
export async function deprovision(context: CheckContext, alsoMachines: readonly string[]): Promise<Ending> {
  const { paths, read } = context.target.captureAgents
  const end = async (machineId: string) =>
    read.agent(jsonAnswer(paths.revoke(machineId), await revoke(context, machineId)))
  const said = await end(MACHINE)
  const again = await end(MACHINE)
  const other = await viewOf(context, LATE_MACHINE)
  for (const machineId of alsoMachines) await end(machineId)
  return { said, again, other }
}

interface Observed extends Ending {
  readonly view: CaptureAgentView
  readonly refusals: readonly Refusal[]
}

/** A machine that was ended is shown so, and its tokens open nothing; another one goes on. */
export const captureDeprovisioned = defineCheck<Observed>({
  id: 'capture-deprovisioned',
  title: 'A revoked machine is shown as revoked, all its tokens are refused, and other machines go on',

  async probe(context) {
    const agent = context.values.get(enrolledAgain)
    return {
      ...context.values.get(deprovisioned),
      view: await viewOf(context, agent.machineId),
      refusals: await showAll(context, agent),
    }
  },

  judge({ said, again, other, view, refusals }) {
    for (const [what, one] of [
      ['it was said to be', said],
      ['it is shown as', view],
    ] as const) {
      if (one.status !== 'revoked' || one.heartbeat !== 'revoked')
        return failed(`${what} ${one.status} and ${one.heartbeat}, not revoked`)
      if (one.revokedReason !== REASON || one.revokedAtMs === undefined)
        return failed(`${what} revoked, without when or why`)
      if (one.leases.length === 0) return failed('no lease is shown, so none can be revoked')
      if (one.leases.some(lease => lease.revokedAtMs === undefined))
        return failed(`${what} revoked, and a lease is not`)
    }
    if (again.status !== 'revoked' || again.revokedAtMs !== said.revokedAtMs)
      return failed('revoking it again changed when it was revoked')
    if (other.status !== 'active') return failed(`another machine is ${other.status}, too`)
    const wrong = wrongRefusal(refusals)
    return wrong === undefined ? passed({ actual: { refused: refusals.length } }) : failed(wrong)
  },

  counterproofs: [
    {
      id: 'lease-lives',
      breaks: 'a lease of it is not revoked',
      because: /and a lease is not/,
      observation: ({ view, ...rest }) => ({
        ...rest,
        view: { ...view, leases: view.leases.map(lease => ({ ...lease, revokedAtMs: undefined })) },
      }),
    },
    {
      id: 'revoked-anew',
      breaks: 'a second revocation counts anew',
      because: /changed when/,
      observation: observed => ({ ...observed, again: { ...observed.again, revokedAtMs: 1 } }),
    },
    {
      id: 'others-too',
      breaks: 'another machine is revoked with it',
      because: /another machine is revoked/,
      observation: observed => ({ ...observed, other: { ...observed.other, status: 'revoked' } }),
    },
    {
      id: 'reason-forgotten',
      breaks: 'the view does not say why',
      because: /it is shown as revoked, without when or why/,
      subject: (context, scope) =>
        withProxy(context, scope, { rewriteBody: (_path, text) => text.replaceAll('"revoked_reason"', '"reason"') }),
    },
    {
      id: 'kept',
      breaks: 'a daemon answers a revocation with success and keeps the machine',
      because: /it is shown as active/,
      unavailable: withoutFaults,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const other = await withBrokenDaemon(context, scope, { extras: { faults: ['deprovision-keeps-agent'] } })
        const agent: Enrolment = await enrol(other, MACHINE, PATIENT)
        await enrol(other, LATE_MACHINE, PATIENT)
        const values = other.values.with(enrolledAgain, agent)
        return changed(other, { values: values.with(deprovisioned, await deprovision(other, [])) })
      },
    },
  ],
})
