import type { Json } from '../../model/check.ts'
import type { IncidentApi, TaskView } from '../../model/incident-api.ts'
import { Document } from './document.ts'

const TASK_STATUSES = ['pending', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled'] as const
const ENDED_STATUSES: readonly string[] = ['completed', 'failed', 'cancelled']

const AGENT_STATUSES = [
  'idle',
  'running',
  'waiting_for_approval',
  'waiting_for_user_input',
  'failed',
  'completed',
] as const
const BUSY: readonly string[] = ['running', 'waiting_for_approval', 'waiting_for_user_input']

/** More is cut down to it, and nothing says so. */
const PAGE_SIZE = 100

const seg = encodeURIComponent

function task(view: Document): TaskView {
  const status = view.at('status').oneOf(TASK_STATUSES)
  return { id: view.at('id').text(), status, ended: ENDED_STATUSES.includes(status) }
}

/** What an incident is looked at through. */
export const incident: IncidentApi = {
  paths: {
    sessionEvents: id => `/v1/sessions/${seg(id)}/events`,
    tasks: sessionId => `/v1/sessions/${seg(sessionId)}/tasks`,
    task: (sessionId, taskId) => `/v1/sessions/${seg(sessionId)}/tasks/${seg(taskId)}`,
    taskOutput: (sessionId, taskId, tailBytes) =>
      `/v1/sessions/${seg(sessionId)}/tasks/${seg(taskId)}/output?tail_bytes=${tailBytes}`,
    runEvents: id => `/v1/runs/${seg(id)}/events`,
    deliveries: runId => `/v1/deliveries?run_id=${seg(runId)}`,
    debug: runId => `/v1/runs/${seg(runId)}/debug`,
    debugLevel: '/v1/runtime/debug-level',
    newestRuns: cursor =>
      `/v1/runs?page=true&limit=${PAGE_SIZE}&order=desc${cursor === undefined ? '' : `&cursor=${seg(cursor)}`}`,
    runsOf: sessionId => `/v1/runs?session_id=${seg(sessionId)}`,
    connector: (kind, name) => `/v1/runtime/connectors/${seg(kind)}/${seg(name)}`,
    hooks: '/v1/runtime/hooks',
  },
  leaveShell: command => `CALL_TOOL:bash:${JSON.stringify({ command, background: true })}`,
  debugLevel: level => ({ level }),
  nothingCaptured: 'run_debug_not_found',
  debugDir: 'debug',

  read: {
    page(value) {
      const page = new Document(value, 'page')
      page.at('items').list()
      const pagination = page.at('pagination')
      return {
        items: (value as { items: readonly Json[] }).items,
        total: pagination.at('total_count').count(),
        next: pagination.at('next_cursor').optional(cursor => cursor.text(), undefined),
      }
    },
    originAllowed: value =>
      new Document(value, 'doctor')
        .at('checks')
        .list()
        .find(check => check.at('name').text() === 'control_plane_cors')
        ?.at('ok')
        .flag(),
    session(value) {
      const status = new Document(value, 'session').at('snapshot').at('agent').at('status').oneOf(AGENT_STATUSES)
      return { status, busy: BUSY.includes(status) }
    },
    hooks(value) {
      const hooks = new Document(value, 'hooks').at('hooks')
      // Names only: what an event's hooks look like is theirs.
      hooks.names()
      return (value as { hooks: Json }).hooks
    },
    liveShells: value => new Document(value, 'status').at('tasks').at('live_background_shell_task_count').count(),
    task: value => task(new Document(value, 'task')),
    tasks: value => new Document(value, 'tasks').list().map(task),
    taskOutput(value) {
      const output = new Document(value, 'task output')
      return {
        // Null where it has written nothing yet.
        text: (value as { output_text?: Json }).output_text === null ? '' : output.at('output_text').text(),
        totalBytes: output.at('output_total_bytes').count(),
        truncated: output.at('output_truncated').flag(),
      }
    },
    // The form of this list is not documented: names are told where it has some, and that it answers says enough.
    captured: value => ({
      artifacts: new Document(value, 'run debug')
        .at('artifacts')
        .optional(list => list.list().map(artifact => artifact.at('name').text()), []),
    }),
  },
}
