import { withProxy } from '../../daemon/break.ts'
import { daemon } from '../../daemon/subjects.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import type { SseEvent } from '../../sse/event.ts'
import { subjectRun } from '../../suite/probe-run.ts'
import { readStream } from '../../suite/streams.ts'

/** Half as long again as a daemon is silent before it says that it is there. */
const WITHIN_MS = 15_000

interface Observed {
  readonly heartbeat: SseEvent | undefined
  readonly durationMs: number
}

/** A stream on which nothing happens says now and then that it lives, in an event that moves no cursor. */
export const heartbeatComes = defineCheck<Observed>({
  id: 'heartbeat',
  title: 'An idle stream sends a heartbeat within 15 s, named so and without an id',

  async probe(context) {
    const { tools, target } = context
    const run = context.values.find(subjectRun)
    const path = run === undefined ? target.events.path('global') : target.events.path('session', run.sessionId)
    const isHeartbeat = (event: SseEvent) => event.event === target.events.heartbeatEvent
    const began = tools.clock.monotonicMs()
    const { events } = await readStream(context, path, {}, isHeartbeat, { first: WITHIN_MS, next: WITHIN_MS })
    const durationMs = tools.clock.monotonicMs() - began
    context.waited('first heartbeat of an idle stream', durationMs)
    return { heartbeat: events.find(isHeartbeat), durationMs }
  },

  judge({ heartbeat, durationMs }) {
    if (heartbeat === undefined) return failed(`no heartbeat came within ${WITHIN_MS} ms`)
    return heartbeat.id === undefined
      ? passed({ actual: { durationMs: Math.round(durationMs) } })
      : failed('the heartbeat has an id, and moves the cursor', { actual: heartbeat.id })
  },

  counterproofs: [
    {
      id: 'heartbeat-with-id',
      breaks: 'the heartbeat has an id',
      because: /has an id/,
      observation: observed => ({ ...observed, heartbeat: { ...observed.heartbeat!, id: '7' } }),
    },
    {
      id: 'heartbeat-swallowed',
      breaks: 'heartbeats never come out',
      because: /no heartbeat came/,
      unavailable: ({ values }: CheckContext) =>
        values.get(daemon).reached === 'isolated' ? undefined : 'the daemon is in use',
      subject: (context, scope) =>
        withProxy(context, scope, { stream: { swallow: context.target.events.heartbeatEvent } }),
    },
  ],
})
