import { setTimeout as delay } from 'node:timers/promises'
import { client } from '../../daemon/client.ts'
import { daemon, isolated } from '../../daemon/subjects.ts'
import { keptCapture } from '../../model/capture.ts'
import type { CheckContext, Json } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { TaskView } from '../../model/incident-api.ts'
import type { ProcessIdentity } from '../../model/instance.ts'
import { ask, askFor } from '../../suite/ask.ts'
import { activeRoute, openSession, runEnded, submitRun } from '../../suite/probe-run.ts'
import type { WorkspaceDigests } from './workspace.ts'

const RUN_MS = 60_000
const SEEN_MS = 10_000
const POLL_MS = 50
/** Of its output so much of the end is kept. */
export const TAIL_BYTES = 65_536
const SESSION = 'runproof-stuck'

/** A command with a child of its own that writes into the workspace all the time. */
const STUCK = 'sleep 3600 & while :; do date +%s%N >> stuck-task.log; sleep 0.1; done'

/** The task that is to be stopped. */
export interface StuckTask {
  readonly sessionId: string
  readonly taskId: string
  /** Processes of it; null where nobody can see them. */
  readonly tree: readonly ProcessIdentity[] | null
}
export const stuckTask = keptCapture<StuckTask>('stuck-task', 'the task that does not end')

/** What the task was like before it was stopped. */
export interface TaskBefore {
  readonly status: string
  readonly liveShells: number
  readonly outputBytes: number
}
export const taskBefore = keptCapture<TaskBefore>('task-before', 'the task before it was stopped')

/** The workspace before the task was stopped; null where nobody said where it is. */
export const workspaceBefore = keptCapture<WorkspaceDigests | null>('workspace-before', 'the workspace before')

/** Has the model of a rehearsal leave a command behind, and waits until its processes run. */
export async function leaveTask(context: CheckContext): Promise<StuckTask> {
  const { instance } = context.values.get(isolated)
  const { target } = context
  const before = new Set((await instance.facts()).processes.map(({ identity }) => keyOf(identity)))
  const { allowTools, submission } = target.mcp
  await ask(context, allowTools.path, { body: allowTools.body })
  await openSession(context, SESSION)
  const route = await activeRoute(context)
  const prompt = `${target.incident.leaveShell(STUCK)}\nREPLY_WITH:left`
  await runEnded(context, await submitRun(context, SESSION, submission(prompt, route.id)), RUN_MS)
  const [task] = await tasksOf(context, SESSION)
  if (task === undefined) throw new RunproofError('COMMAND_FAILED', 'the run left no task behind')
  const { clock } = context.tools
  for (const deadline = clock.monotonicMs() + SEEN_MS; clock.monotonicMs() < deadline; ) {
    const { processes } = await instance.facts()
    const tree = processes.filter(({ identity, role }) => role === 'other' && !before.has(keyOf(identity)))
    // The shell, the child that stays, and whatever the loop runs at the moment.
    const stays = tree.filter(({ argv }) => argv[0] === 'bash' || argv.includes('3600'))
    if (stays.length >= 2) return { sessionId: SESSION, taskId: task.id, tree: stays.map(({ identity }) => identity) }
    await delay(POLL_MS, undefined, { signal: context.signal })
  }
  throw new RunproofError('COMMAND_FAILED', `task ${task.id} has no processes that could be seen within ${SEEN_MS} ms`)
}

export function tasksOf(context: CheckContext, sessionId: string): Promise<readonly TaskView[]> {
  const { paths, read } = context.target.incident
  return askFor(context, paths.tasks(sessionId), read.tasks)
}

export function taskOf(context: CheckContext, { sessionId, taskId }: StuckTask): Promise<TaskView> {
  const { paths, read } = context.target.incident
  return askFor(context, paths.task(sessionId, taskId), read.task)
}

export function liveShells(context: CheckContext): Promise<number> {
  return askFor(context, context.target.http.status, context.target.incident.read.liveShells)
}

/** Processes of the task that are still there; null where nobody can see them. */
export async function treeLeft(context: CheckContext, { tree }: StuckTask): Promise<readonly number[] | null> {
  if (tree === null || context.values.get(daemon).reached === 'running') return null
  const { processes } = await context.values.get(isolated).instance.facts()
  const there = new Set(processes.map(({ identity }) => keyOf(identity)))
  return tree.filter(identity => there.has(keyOf(identity))).map(({ pid }) => pid)
}

/** Stops a task by the daemon's own client. @throws RunproofError COMMAND_FAILED */
export async function stopTask(context: CheckContext, { sessionId, taskId }: StuckTask): Promise<TaskView> {
  const { read } = context.target.incident
  const words = ['tasks', 'stop', sessionId, taskId]
  const { exitCode, view } = await client(context, words, read.task, { limitMs: 40_000 })
  if (view === undefined) throw new RunproofError('COMMAND_FAILED', `${words.join(' ')} ended with exit ${exitCode}`)
  return view
}

/** What the client prints of the task's output, the end of it only. @throws RunproofError COMMAND_FAILED */
export async function printOutput(context: CheckContext, { sessionId, taskId }: StuckTask): Promise<Json> {
  const words = ['tasks', 'output', sessionId, taskId, '--tail-bytes', String(TAIL_BYTES)]
  const { exitCode, view } = await client(context, words, document => document)
  if (view === undefined) throw new RunproofError('COMMAND_FAILED', `${words.join(' ')} ended with exit ${exitCode}`)
  return view
}

/** A pid alone is given again. */
function keyOf({ pid, startTicks }: ProcessIdentity): string {
  return `${pid}.${startTicks}`
}
