import { withBrokenDaemon } from '../../daemon/break.ts'
import { isolated } from '../../daemon/subjects.ts'
import {
  leaveTask,
  liveShells,
  stopTask,
  stuckTask,
  taskBefore,
  taskOf,
  tasksOf,
  treeLeft,
} from '../../incident/scenarios/stuck-task.ts'
import { changesWithin, type WorkspaceDiff, workspaceDiff, workspaceOf } from '../../incident/scenarios/workspace.ts'
import {
  type CheckContext,
  changed,
  defineCheck,
  failed,
  type NonEmpty,
  type ObservationCounterproof,
  passed,
} from '../../model/check.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

const STILL_MS = 500

interface Seen {
  readonly taskId: string
  readonly listed: readonly string[]
  readonly status: string
  readonly ended: boolean
  readonly tree: number | null
}

/** The task is one of its session. That it has ended by itself meanwhile is told, and not held against anybody. */
export const taskSeen = defineCheck<Seen>({
  id: 'task-seen',
  title: 'The task is one of its session, and in a rehearsal its processes run',

  async probe(context) {
    const task = context.values.get(stuckTask)
    const { status, ended } = await taskOf(context, task)
    const listed = (await tasksOf(context, task.sessionId)).map(({ id }) => id)
    return { taskId: task.taskId, listed, status, ended, tree: (await treeLeft(context, task))?.length ?? null }
  },

  judge({ taskId, listed, status, ended, tree }) {
    if (!listed.includes(taskId)) return failed('the session does not list the task', { actual: [...listed] })
    if (tree !== null && (tree < 2 || ended)) return failed('the task of the rehearsal is not stuck: it ends by itself')
    return passed({ actual: { status, processes: tree } })
  },

  counterproofs: [
    {
      id: 'not-listed',
      breaks: 'the session lists other tasks only',
      because: /does not list the task/,
      observation: observed => ({ ...observed, listed: ['task-of-somebody'] }),
    },
    {
      id: 'tree-of-one',
      breaks: 'only one process of the task runs',
      because: /ends by itself/,
      observation: observed => ({ ...observed, tree: 1 }),
    },
  ],
})

interface Stopped {
  readonly status: string
  readonly ended: boolean
  readonly liveBefore: number
  readonly liveNow: number
  /** It ran when it was looked at first. */
  readonly ran: boolean
  readonly left: readonly number[] | null
}

/** The same, asked once more when the evidence was kept. */
interface Stays {
  readonly status: string
  readonly ended: boolean
}

/** What was stopped is still stopped: a supervisor may have started it anew. */
export const taskStaysGone = defineCheck<Stays>({
  id: 'task-stays-gone',
  title: 'The task is still stopped after the evidence was kept',
  async probe(context) {
    const { status, ended } = await taskOf(context, context.values.get(stuckTask))
    return { status, ended }
  },
  judge: ({ status, ended }) => (ended ? passed({ actual: status }) : failed(`the task is ${status} again`)),
  counterproofs: [
    {
      id: 'begun-anew',
      breaks: 'the task is in progress again',
      because: /in_progress again/,
      observation: () => ({ status: 'in_progress', ended: false }),
    },
  ],
})

/** What a daemon may say of it. */
const SAID: NonEmpty<ObservationCounterproof<Stopped>> = [
  {
    id: 'still-running',
    breaks: 'the task is in progress',
    because: /the task is in_progress/,
    observation: observed => ({ ...observed, status: 'in_progress', ended: false }),
  },
  {
    id: 'counted-still',
    breaks: 'the daemon counts as many shell commands as before',
    because: /this one runs on/,
    observation: observed => ({ ...observed, ran: true, liveBefore: 1, liveNow: 1, left: null }),
  },
]

/** The task is over, and so is everything that it had started: what a daemon says of it is not taken for that. */
export const taskGone = defineCheck<Stopped>({
  id: 'task-gone',
  title: 'The task is stopped, and nothing that it started runs on',

  async probe(context) {
    const task = context.values.get(stuckTask)
    const before = context.values.get(taskBefore)
    const { status, ended } = await taskOf(context, task)
    return {
      status,
      ended,
      liveBefore: before.liveShells,
      liveNow: await liveShells(context),
      ran: before.status === 'in_progress',
      left: await treeLeft(context, task),
    }
  },

  judge({ status, ended, liveBefore, liveNow, ran, left }) {
    const actual = { status, liveBefore, liveNow, left: left === null ? null : left.length }
    if (!ended) return failed(`the task is ${status}`, { actual })
    if (left !== null && left.length > 0) return failed(`processes of the task run on: ${left.join(', ')}`, { actual })
    if (ran && liveNow >= liveBefore)
      return failed(
        `the daemon counts ${liveNow} shell commands, ${liveBefore} before: this one runs on, or another one began`,
        { actual },
      )
    return passed({ actual })
  },

  counterproofs: [
    ...SAID,
    {
      id: 'ignores-the-stop',
      breaks: 'the daemon marks the task as stopped and lets its command run on',
      because: /processes of the task run on/,
      cost: { instances: 1 },
      unavailable: withoutFaults,
      subject: (context, scope) => withDeafTask(context, scope),
    },
  ],
})

/** The same beside other things that are stopped, for which no other daemon is started. */
export const taskGoneToo = defineCheck<Stopped>({
  ...taskGone,
  counterproofs: [
    ...SAID,
    {
      id: 'process-left',
      breaks: 'a process of the task runs on',
      because: /processes of the task run on: 4711/,
      observation: observed => ({ ...observed, left: [4711] }),
    },
  ],
})

interface Compared {
  readonly diff: WorkspaceDiff
  readonly files: number
  /** What changed within half a second, long after the task was stopped. */
  readonly still: readonly string[]
}

/** What the task left is known, and nothing is added any more. */
export const workspaceStill = defineCheck<Compared>({
  id: 'workspace-still',
  title: 'What is different in the workspace is known by digest, and nothing writes on',
  untested: context =>
    workspaceOf(context) === undefined ? 'nobody said where the workspace is: workspace-root=' : undefined,

  async probe(context) {
    const { diff, files } = context.values.get(workspaceDiff)
    return { diff, files, still: await changesWithin(context, workspaceOf(context)!, STILL_MS) }
  },

  judge({ diff, files, still }) {
    const actual = { files, added: diff.added.length, changed: diff.changed.length, removed: diff.removed.length }
    if (still.length > 0)
      return failed(`something still writes: ${still.slice(0, 3).join(', ')}`, {
        actual: { ...actual, still: still.length },
      })
    return passed({ actual })
  },

  counterproofs: [
    {
      id: 'writes-on',
      breaks: 'a file is different half a second later',
      because: /something still writes/,
      observation: observed => ({ ...observed, still: ['stuck-task.log'] }),
    },
    {
      id: 'writer-beside',
      breaks: 'a command goes on writing into the workspace',
      because: /something still writes: /,
      subject: async (context, scope) => {
        const { instance, workspaceRoot } = context.values.get(isolated)
        const script = 'cd "$1" && while :; do date +%s%N >> written-on.log; sleep 0.1; done'
        const writer = instance.accompany({ argv: ['sh', '-c', script, 'sh', workspaceRoot] })
        scope.use(writer)
        return context
      },
    },
  ],
})

/** Another daemon, on which the same task is stopped in vain. */
async function withDeafTask(context: CheckContext, scope: AsyncDisposableStack): Promise<CheckContext> {
  const broken = await withBrokenDaemon(context, scope, { extras: { faults: ['deaf-task'] } })
  const task = await leaveTask(broken)
  await stopTask(broken, task)
  return changed(broken, { values: broken.values.with(stuckTask, task) })
}
