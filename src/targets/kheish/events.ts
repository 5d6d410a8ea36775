import type { EventsApi } from '../../model/events-api.ts'
import { Document } from './document.ts'

const PATHS = {
  global: () => '/v1/events/stream',
  session: (id: string) => `/v1/sessions/${encodeURIComponent(id)}/stream`,
  run: (id: string) => `/v1/runs/${encodeURIComponent(id)}/stream`,
}
/** Where an event says whose it is, if not at its top. */
const HOLDERS: Readonly<Record<string, string>> = { output: 'output', run_updated: 'run', trace: 'trace' }

const text = (document: Document) => document.text()

/** Event streams of the daemon. */
export const events: EventsApi = {
  path: (scope, id = '') => PATHS[scope](id),
  cursor: 'cursor',
  invalidCursorCode: 'invalid_event_cursor',
  gapEvent: 'stream_gap',
  heartbeatEvent: 'heartbeat',
  restartReason: 'restart_epoch',
  windowReason: 'replay_window',
  runEvents: ['trace', 'output', 'run_updated'],

  read: {
    retained(value) {
      const counters = new Document(value, 'status').at('events')
      return {
        count: counters.at('retained_event_count').count(),
        // Absent with an empty history; that is documented, not a default of ours.
        oldestId: counters.at('oldest_event_id').optional(text, undefined),
        newestId: counters.at('newest_event_id').optional(text, undefined),
      }
    },
    owner(event, value) {
      const data = new Document(value, event)
      const name = HOLDERS[event]
      const holder = name === undefined ? data : data.at(name)
      return {
        sessionId: holder.at('session_id').optional(text, undefined),
        runId: holder.at('run_id').optional(text, undefined),
      }
    },
    gap(value) {
      const gap = new Document(value, 'gap')
      return {
        reason: gap.at('reason').text(),
        scope: gap.at('scope').text(),
        resumeAfterId: gap.at('resume_after_id').text(),
      }
    },
    name: value => new Document(value, 'event').at('type').text(),
  },
}
