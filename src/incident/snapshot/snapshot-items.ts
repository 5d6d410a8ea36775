import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { client } from '../../daemon/client.ts'
import { daemon, isolated } from '../../daemon/subjects.ts'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { RunView } from '../../model/target.ts'
import { ask } from '../../suite/ask.ts'
import { diagnoseAs } from '../../suite/diagnose.ts'
import { asAdmin } from '../../suite/revocations.ts'
import { newestRuns } from './newest-runs.ts'
import { withoutSentAlong } from './redacted.ts'

/** One document of a snapshot. */
export interface SnapshotItem {
  /** File name below the snapshot's directory. */
  readonly file: string
  /** What is asked, for people. */
  readonly what: string
  /** How long it may take. */
  readonly limitMs: number
  /** Why it is not collected then. Default: that it did not answer. */
  readonly late?: string
  /** Which end is kept of what is too long. Default `head`. */
  readonly keep?: 'head' | 'tail'
  collect(context: CheckContext): Promise<Given>
}

/** What was given, and whether there is more of it. */
export interface Part {
  readonly text: string
  readonly more: boolean
  /** What this is of all there is, for people. */
  readonly why?: string
}

/** A text is all there is. */
export type Given = string | Part

/** What of a daemon an incident is about; whatever else is there is collected as far as the bounds go. */
export interface SnapshotSubjects {
  readonly sessions?: readonly string[]
  readonly runs?: readonly string[]
  readonly tasks?: readonly { readonly sessionId: string; readonly taskId: string }[]
  /** Subjects of the credential broker. */
  readonly subjects?: readonly string[]
  readonly leases?: readonly string[]
}

/** There is nothing of the kind, or nobody said where it is: a reason to stand in the index, and no error. */
export class NotThere extends RunproofError {
  constructor(reason: string) {
    super('ANSWER_MALFORMED', reason)
  }
}

export const RUNS_FILE = 'runs.json'
const ASK_MS = 5_000
const LIST_MS = 10_000
const MOST_RUNS = 500
/** An idle daemon's stream is silent for ten seconds. A containment does not wait that long for a diagnosis. */
const DOCTOR_MS = { before: 2_500, after: 15_000 } as const
const ROUTES_MS = 10_000
/** Of each of these many newest runs everything is asked; of older ones only what the list says. */
const NEWEST_RUNS = 20
const TAIL_BYTES = 64 * 1024
export const MOST_AUDIT_BYTES = 1024 * 1024

/** What is asked of every daemon. */
export function generalItems(context: CheckContext, when: 'before' | 'after'): readonly SnapshotItem[] {
  const { http, runs } = context.target
  return [
    withoutValues(asked(context, 'status.json', http.status)),
    withoutValues(asked(context, 'runtime.json', runs.paths.runtime)),
    asked(context, 'sessions.json', runs.paths.sessions),
    asked(context, 'slots.json', http.secrets, 'admin'),
    {
      file: 'doctor.json',
      what: 'doctor',
      limitMs: DOCTOR_MS[when],
      late: `it gave no answer within ${DOCTOR_MS[when]} ms; it waits for one event, and an idle daemon has none for ten seconds`,
      collect: inner => printed(inner, () => diagnoseAs(inner, ['doctor'], text)),
    },
    ...(['auth', 'references'] as const).map(kind => ({
      file: `doctor-routes-${kind}.json`,
      what: `doctor routes --check-${kind}`,
      limitMs: ROUTES_MS,
      collect: (inner: CheckContext) =>
        printed(inner, () => client(inner, ['doctor', 'routes', `--check-${kind}`], text)),
    })),
    {
      file: 'audit.jsonl',
      what: `<state_root>/${context.target.signals.auditLog}`,
      limitMs: ASK_MS,
      keep: 'tail',
      collect: auditTail,
    },
  ]
}

/** The command lines of the daemon's client that are run; everything else is asked by HTTP, which gives the same documents. */
export const SNAPSHOT_COMMANDS = ['doctor', 'doctor routes --check-auth', 'doctor routes --check-references']

/** The list of runs, from which it is known what else there is to ask. */
export function runsItem({ target }: CheckContext): SnapshotItem {
  return {
    file: RUNS_FILE,
    what: `GET ${target.incident.paths.newestRuns()}, page by page`,
    limitMs: LIST_MS,
    async collect(inner) {
      const { documents, total } = await newestRuns(inner, MOST_RUNS)
      return {
        text: text(documents),
        more: total > documents.length,
        why: `the newest ${documents.length} of ${total} runs`,
      }
    },
  }
}

/** What belongs to runs, sessions, tasks, subjects and leases, the named ones first. */
export function particularItems(
  context: CheckContext,
  runs: readonly RunView[],
  named: SnapshotSubjects,
): readonly SnapshotItem[] {
  const { access, incident, runs: api } = context.target
  const newest = runs.slice(0, NEWEST_RUNS)
  const runIds = unique([...(named.runs ?? []), ...newest.map(({ id }) => id)])
  const sessionIds = unique([
    ...(named.sessions ?? []),
    ...(named.tasks ?? []).map(({ sessionId }) => sessionId),
    ...newest.map(({ sessionId }) => sessionId),
  ])
  return [
    ...(named.tasks ?? []).map(({ sessionId, taskId }) =>
      asked(context, fileOf('task-output', taskId), incident.paths.taskOutput(sessionId, taskId, TAIL_BYTES)),
    ),
    ...(named.subjects ?? []).map(id => asked(context, fileOf('subject', id), access.paths.subject(id), 'admin')),
    ...(named.leases ?? []).map(id => asked(context, fileOf('lease', id), access.paths.lease(id), 'admin')),
    ...runIds.flatMap(id => [
      asked(context, fileOf('run', id), api.paths.run(id)),
      asked(context, fileOf('run-events', id), incident.paths.runEvents(id)),
      asked(context, fileOf('external-actions', id), api.paths.actions(id)),
      asked(context, fileOf('deliveries', id), incident.paths.deliveries(id)),
    ]),
    ...sessionIds.flatMap(id => [
      asked(context, fileOf('session-events', id), incident.paths.sessionEvents(id)),
      asked(context, fileOf('tasks', id), incident.paths.tasks(id)),
    ]),
  ]
}

function asked(context: CheckContext, file: string, path: string, as?: 'admin'): SnapshotItem {
  return {
    file,
    what: `GET ${path}`,
    limitMs: ASK_MS,
    async collect(inner) {
      const { status, text: body } = await ask(inner, path, as === 'admin' ? asAdmin(context) : {})
      if (status !== 200) throw new NotThere(`it answered ${status}`)
      return body
    },
  }
}

/** Settings are shown with their hooks, and hooks with the headers that they send. */
function withoutValues(item: SnapshotItem): SnapshotItem {
  return {
    ...item,
    async collect(inner) {
      const given = await item.collect(inner)
      return typeof given === 'string' ? withoutSentAlong(given) : { ...given, text: withoutSentAlong(given.text) }
    },
  }
}

const text = (document: unknown): string => JSON.stringify(document, null, 2)

async function printed(
  { values }: CheckContext,
  run: () => Promise<{ readonly exitCode: number | null; readonly view: string | undefined }>,
): Promise<string> {
  if (values.get(daemon).binary === undefined) throw new NotThere('no binary= was given, and only the client diagnoses')
  const { exitCode, view } = await run()
  if (view === undefined) throw new NotThere(`it printed nothing, exit ${exitCode}`)
  return view
}

/** The end of the audit log: refusals only, which is all that is written into it. */
async function auditTail(context: CheckContext): Promise<Given> {
  const { reached, stateRoot } = context.values.get(daemon)
  if (stateRoot === undefined) throw new NotThere('no state-root= was given')
  const path = join(stateRoot, context.target.signals.auditLog)
  const { commands, files } = context.tools
  if (reached === 'running') {
    const facts = await files.facts(path)
    if (facts === undefined) throw new NotThere('it does not exist: nothing was refused so far')
    if (facts.type !== 'file') throw new NotThere(`${path} is a ${facts.type}, and is not followed`)
  }
  const runner = reached === 'running' ? commands : context.values.get(isolated).instance
  // One byte more than is kept, so that it is known whether there was more.
  const command = { argv: ['tail', '-c', String(MOST_AUDIT_BYTES + 1), '--', path] as const }
  const { exitCode, stdout, timedOut } = await context.runIn(runner, command, {
    timeoutMs: ASK_MS,
    maxOutputBytes: MOST_AUDIT_BYTES + 1,
    signal: context.signal,
  })
  if (timedOut) throw new RunproofError('TIMEOUT', `${path} could not be read in time`)
  if (exitCode !== 0) throw new NotThere('it cannot be read, or does not exist because nothing was refused so far')
  return { text: stdout, more: Buffer.byteLength(stdout) > MOST_AUDIT_BYTES }
}

/** Ids become file names: whatever is no plain letter is written as its code, so that two ids never share a file. */
function fileOf(kind: string, id: string): string {
  const plain = id.replace(/[^A-Za-z0-9-]/g, letter => `_${letter.codePointAt(0)!.toString(16)}_`)
  return `${kind}-${plain.length > MOST_LETTERS ? shortened(plain, id) : plain}.json`
}

/** Whoever may name sessions could otherwise have one of them take the other's place. */
const MOST_LETTERS = 150
const shortened = (plain: string, id: string) =>
  `${plain.slice(0, MOST_LETTERS - 17)}-${createHash('sha256').update(id).digest('hex').slice(0, 16)}`

function unique(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)]
}
