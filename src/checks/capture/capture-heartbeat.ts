import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { capture } from '../../model/capture.ts'
import type { CaptureAgentView, HeartbeatReply } from '../../model/capture-agents.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import { jsonAnswer } from '../../model/json-answer.ts'
import { askFor } from '../../suite/ask.ts'
import {
  AGENT_VERSION,
  beatWell,
  enrol,
  enrolled,
  freshKey,
  MACHINE,
  PATIENT,
  upload,
  viewOf,
} from '../../suite/capture-agents.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

interface Beat {
  readonly before: CaptureAgentView
  readonly reply: HeartbeatReply
}

export const firstBeat = capture<Beat>('capture-heartbeat', 'the first heartbeat of the machine')

/** What a step does, and a counterproof on another daemon. */
export async function sendFirstBeat(context: CheckContext): Promise<Beat> {
  const agent = context.values.get(enrolled)
  return { before: await viewOf(context, agent.machineId), reply: await beatWell(context, agent) }
}

/** A heartbeat makes a waiting machine healthy, and what it said is kept. */
export const captureHeartbeat = defineCheck<Beat & { readonly after: CaptureAgentView }>({
  id: 'capture-heartbeat',
  title: 'The first heartbeat makes a waiting machine healthy and moves its deadline',

  async probe(context) {
    const beat = context.values.get(firstBeat)
    return { ...beat, after: await viewOf(context, context.values.get(enrolled).machineId) }
  },

  judge({ before, reply, after }) {
    if (before.heartbeat !== 'pending' || before.lastHeartbeatAtMs !== undefined)
      return failed(`before its first heartbeat the machine is ${before.heartbeat}`)
    if (reply.heartbeat !== 'healthy' || reply.machineId !== after.machineId)
      return failed(`the heartbeat is answered ${reply.heartbeat} for ${reply.machineId}`)
    if (after.heartbeat !== 'healthy') return failed(`after its heartbeat the machine is shown as ${after.heartbeat}`)
    if (after.lastHeartbeatAtMs !== reply.lastHeartbeatAtMs)
      return failed('another heartbeat is shown than was answered')
    const untilDeadline = after.deadlineMs - reply.lastHeartbeatAtMs
    if (after.deadlineMs !== reply.deadlineMs || untilDeadline !== after.intervalMs + after.graceMs)
      return failed('the deadline did not move to one interval and the grace after the heartbeat', {
        expected: after.intervalMs + after.graceMs,
        actual: untilDeadline,
      })
    const observed = after.observedSourceIds
    if (after.agentVersion !== AGENT_VERSION || observed?.join() !== after.sourceIds[0])
      return failed('what the heartbeat said is not kept', {
        actual: [after.agentVersion ?? null, ...(observed ?? [])],
      })
    return passed({ actual: { before: before.heartbeat, after: after.heartbeat } })
  },

  counterproofs: [
    {
      id: 'healthy-before',
      breaks: 'the machine is healthy before it ever said anything',
      because: /before its first heartbeat/,
      observation: observed => ({ ...observed, before: { ...observed.before, heartbeat: 'healthy' } }),
    },
    {
      id: 'deadline-stays',
      breaks: 'the deadline stays where it was',
      because: /did not move/,
      observation: observed => ({ ...observed, after: { ...observed.after, deadlineMs: observed.before.deadlineMs } }),
    },
    {
      id: 'version-forgotten',
      breaks: 'the version it told is forgotten',
      because: /is not kept/,
      observation: observed => ({ ...observed, after: { ...observed.after, agentVersion: undefined } }),
    },
    {
      id: 'heartbeat-lost',
      breaks: 'a daemon answers heartbeats with success and forgets them',
      because: /after its heartbeat the machine is shown as pending/,
      unavailable: withoutFaults,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const other = await withBrokenDaemon(context, scope, { extras: { faults: ['capture-heartbeat-lost'] } })
        const agent = await enrol(other, MACHINE, PATIENT)
        const values = other.values.with(enrolled, agent)
        return changed(other, { values: values.with(firstBeat, await sendFirstBeat(changed(other, { values }))) })
      },
    },
  ],
})

interface Uploads {
  readonly first: string
  readonly again: string
  readonly otherPayload: number
  readonly otherKey: string
  /** Accepted uploads of this source on record before and after: earlier runs had the same machine. */
  readonly acceptedBefore: number
  readonly accepted: number
}

/** An upload is stored once for its key, and on record. */
export const captureUpload = defineCheck<Uploads>({
  id: 'capture-upload',
  title: 'An upload with its token is stored, once for its key, and stands in the audit',

  async probe(context) {
    const { paths, read } = context.target.captureAgents
    const { sources } = context.values.get(enrolled)
    const [{ sourceId, uploadToken }] = sources as [(typeof sources)[0]]
    const key = freshKey()
    const acceptedNow = async () =>
      (await askFor(context, paths.uploadAudit, read.uploadAudit)).filter(
        entry => entry.sourceId === sourceId && entry.outcome === 'accepted',
      ).length
    const acceptedBefore = await acceptedNow()
    const stored = async (k: string) =>
      read.uploaded(jsonAnswer(paths.uploads(sourceId), await upload(context, sourceId, uploadToken, k)))
    return {
      first: await stored(key),
      again: await stored(key),
      otherPayload: (await upload(context, sourceId, uploadToken, key, 'another page')).status,
      otherKey: await stored(freshKey()),
      acceptedBefore,
      accepted: await acceptedNow(),
    }
  },

  judge({ first, again, otherPayload, otherKey, acceptedBefore, accepted }) {
    if (again !== first) return failed('the same upload was stored twice')
    if (otherKey === first) return failed('another upload got the id of the first one')
    if (otherPayload !== 400) return failed(`another payload under the same key gave ${otherPayload}, expected 400`)
    const audited = accepted - acceptedBefore
    return audited >= 2
      ? passed({ actual: { audited } })
      : failed('the audit lacks an upload that was accepted', { expected: 'two or more', actual: audited })
  },

  counterproofs: [
    {
      id: 'one-id-for-all',
      breaks: 'every upload gets the same id',
      because: /got the id of the first one/,
      observation: observed => ({ ...observed, otherKey: observed.first }),
    },
    {
      id: 'overwritten',
      breaks: 'another payload under the same key is taken',
      because: /gave 200/,
      observation: observed => ({ ...observed, otherPayload: 200 }),
    },
    {
      id: 'not-audited',
      breaks: 'nothing is on record but what was there before',
      because: /the audit lacks/,
      observation: observed => ({ ...observed, acceptedBefore: 9, accepted: 9 }),
    },
    {
      id: 'stored-twice',
      breaks: 'every answer names a new observation',
      because: /stored twice/,
      subject: (context, scope) => {
        let answers = 0
        return withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replace(/("observation_id":"[^"]*)"/, `$1-${++answers}"`),
        })
      },
    },
  ],
})
