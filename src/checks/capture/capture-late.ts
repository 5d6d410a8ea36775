import { setTimeout as delay } from 'node:timers/promises'
import { withProxy } from '../../daemon/break.ts'
import { capture } from '../../model/capture.ts'
import type { CaptureAgentView, CaptureAlert, HeartbeatReply } from '../../model/capture-agents.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import { askFor } from '../../suite/ask.ts'
import { enrolledLate, LATE_MACHINE, MACHINE, viewOf } from '../../suite/capture-agents.ts'

/** A daemon may look at its machines only now and then. */
const NOTICED_WITHIN_MS = 15_000

export const lastBeat = capture<HeartbeatReply>('capture-last-heartbeat', 'the last heartbeat before a machine is late')

export const alertsBefore = capture<string>('capture-alerts-before', 'the alerts while a machine was late, as answered')

interface Late {
  readonly last: HeartbeatReply
  readonly view: CaptureAgentView
  readonly alerts: readonly CaptureAlert[]
}

/** A machine that stops reporting is missed, and nobody else is. */
export const captureMissed = defineCheck<Late>({
  id: 'capture-missed',
  title: 'A machine whose heartbeat stays away is missing after its deadline, and an alert says so',

  async probe(context) {
    const last = context.values.get(lastBeat)
    return { last, view: await missing(context), alerts: await alertsOf(context) }
  },

  judge({ last, view, alerts }) {
    if (last.heartbeat !== 'healthy') return failed(`its last heartbeat made it ${last.heartbeat}`)
    if (view.heartbeat !== 'missing') return failed(`long after its deadline the machine is ${view.heartbeat}`)
    if (view.lastHeartbeatAtMs !== last.lastHeartbeatAtMs) return failed('it is another heartbeat that was the last')
    if (view.missingSinceMs === undefined || view.missingSinceMs < last.deadlineMs)
      return failed('it counts as missing before its deadline', {
        expected: last.deadlineMs,
        actual: view.missingSinceMs ?? null,
      })
    const alert = alerts.find(({ machineId }) => machineId === view.machineId)
    if (alert === undefined) return failed('no alert says so')
    if (alert.deadlineMs !== last.deadlineMs || alert.detectedAtMs < alert.deadlineMs)
      return failed('the alert names another deadline, or came before it')
    if (alerts.some(({ machineId }) => machineId === MACHINE)) return failed('an alert is about a machine that reports')
    return passed({ actual: { detectedAfterMs: alert.detectedAtMs - alert.deadlineMs } })
  },

  counterproofs: [
    {
      id: 'still-healthy',
      breaks: 'it stays healthy',
      because: /the machine is healthy/,
      observation: observed => ({ ...observed, view: { ...observed.view, heartbeat: 'healthy' } }),
    },
    {
      id: 'too-early',
      breaks: 'it counts as missing before its deadline',
      because: /before its deadline/,
      observation: observed => ({
        ...observed,
        view: { ...observed.view, missingSinceMs: observed.last.deadlineMs - 1 },
      }),
    },
    {
      id: 'wrong-alert',
      breaks: 'there is an alert about a machine that reports',
      because: /a machine that reports/,
      observation: observed => ({
        ...observed,
        alerts: [...observed.alerts, { ...observed.alerts[0]!, machineId: MACHINE }],
      }),
    },
    {
      id: 'alerts-swallowed',
      breaks: 'alerts do not come through',
      because: /no alert says so/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (path, text) => (path === context.target.captureAgents.paths.alerts ? '[]' : text),
        }),
    },
  ],
})

interface Back {
  readonly view: CaptureAgentView
  readonly alerts: readonly string[]
}

/** Whoever reports again is missed no longer. */
export const captureBack = defineCheck<Back>({
  id: 'capture-back',
  title: 'The machine that reports again is healthy, and its alert is gone',

  async probe(context) {
    return {
      view: await viewOf(context, LATE_MACHINE),
      alerts: (await alertsOf(context)).map(({ machineId }) => machineId),
    }
  },

  judge({ view, alerts }) {
    if (view.heartbeat !== 'healthy') return failed(`the machine is ${view.heartbeat}`)
    if (view.missingSinceMs !== undefined) return failed('it is healthy and still missing since an instant')
    return alerts.includes(view.machineId) ? failed('its alert stands') : passed({ actual: view.heartbeat })
  },

  counterproofs: [
    {
      id: 'still-missing',
      breaks: 'it is still missing',
      because: /the machine is missing/,
      observation: observed => ({ ...observed, view: { ...observed.view, heartbeat: 'missing' } }),
    },
    {
      id: 'both',
      breaks: 'it is healthy and missing',
      because: /still missing since/,
      observation: observed => ({ ...observed, view: { ...observed.view, missingSinceMs: 1 } }),
    },
    {
      id: 'alert-stands',
      breaks: 'the alerts of before are shown on and on',
      because: /its alert stands/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (path, text) =>
            path === context.target.captureAgents.paths.alerts ? context.values.get(alertsBefore) : text,
        }),
    },
  ],
})

function alertsOf(context: CheckContext): Promise<readonly CaptureAlert[]> {
  const { paths, read } = context.target.captureAgents
  return askFor(context, paths.alerts, read.alerts)
}

/** Asks until the machine is missed; after that time as it then is. */
async function missing(context: CheckContext): Promise<CaptureAgentView> {
  const { clock } = context.tools
  const { machineId, intervalMs, graceMs } = context.values.get(enrolledLate)
  const began = clock.monotonicMs()
  const giveUpMs = Math.min(intervalMs + graceMs + NOTICED_WITHIN_MS, context.deadlineMs / 2)
  for (;;) {
    const view = await viewOf(context, machineId)
    const waitedMs = clock.monotonicMs() - began
    if (view.heartbeat === 'missing' || waitedMs > giveUpMs) {
      context.waited('a heartbeat that stays away', waitedMs)
      return view
    }
    await delay(25, undefined, { signal: context.signal })
  }
}
