#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { join } from 'node:path'
import { courseChecks } from '../src/checks/incident/incident-course.ts'
import { taskGone, taskSeen, taskStaysGone, workspaceStill } from '../src/checks/incident/stuck-task.ts'
import { daemon } from '../src/daemon/subjects.ts'
import { type Closing, resultOf } from '../src/incident/close.ts'
import { courseOf } from '../src/incident/course.ts'
import { INCIDENT_WAYS, incidentConflict, incidentParams, incidentUnresumable, shown } from '../src/incident/params.ts'
import { person } from '../src/incident/people.ts'
import { smokeLine } from '../src/incident/regression.ts'
import {
  leaveTask,
  liveShells,
  printOutput,
  stopTask,
  stuckTask,
  TAIL_BYTES,
  taskBefore,
  taskOf,
  tasksOf,
  workspaceBefore,
} from '../src/incident/scenarios/stuck-task.ts'
import { diffOf, digestsOf, workspaceDiff, workspaceOf } from '../src/incident/scenarios/workspace.ts'
import { keepRedacted } from '../src/incident/snapshot/redacted.ts'
import { snapshotAction } from '../src/incident/snapshot/snapshot.ts'
import { RunproofError } from '../src/model/error.ts'
import { defineRunbook, type PlanInput, type Step, type StepContext } from '../src/model/runbook.ts'
import { reachOf, suiteInUse, suiteLacks } from '../src/suite/params.ts'

const PAGE = 'production-runbooks'

const about = ({ values }: StepContext) => {
  const task = values.find(stuckTask)
  return task === undefined ? {} : { tasks: [task] }
}

export default defineRunbook({
  id: 'contain-stuck-task',
  title: 'A shell task hangs: keep what it wrote, stop it, and see that nothing of it runs on',
  purpose: 'containment',
  params: {
    ...incidentParams,
    session: { describe: 'the session that the task belongs to', example: 'session-1' },
    task: { describe: 'the task that hangs', example: 'task-1' },
    'workspace-root': {
      describe: 'the daemon’s workspace, where this machine has it',
      example: '/var/lib/daemon/workspace',
      refuse: value => (value.startsWith('/') ? undefined : 'expected an absolute path'),
    },
  },
  conflict: taskConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: incidentUnresumable,
  snapshot: snapshotAction('kheish-daemon', about),
  ways: INCIDENT_WAYS.map(({ title, params }) => ({
    title,
    params: { ...params, session: 'session-1', task: 'task-1', 'workspace-root': '/var/lib/daemon/workspace' },
  })),
  limits: input => [
    'files that the task wrote outside the workspace',
    'how big the files are that it changed: the workspace is compared by digests of 8000 files at most',
    ...(reachOf(input) === 'running'
      ? ['the processes of the task: a running daemon is asked how many shell commands it counts']
      : []),
  ],
  steps: input =>
    courseOf(input, courseChecks, {
      make: [leave],
      about,
      decide: 'the task is stopped: what it was doing is not gone on with',
      contain: [look(input), stop(input)],
      verify: [compare],
      tell: 'a shell task was stopped, and which files it had changed',
      recover: [restartOrQuarantine],
      closing: context => closing(input, context),
    }),
})

function taskConflict(input: PlanInput) {
  const { params } = input
  const missing = ['session', 'task'].find(name => params[name] === undefined)
  const stray = ['session', 'task', 'workspace-root'].find(name => params[name] !== undefined)
  if (params['base-url'] !== undefined && missing !== undefined)
    return {
      message: `nothing says which ${missing} hangs`,
      hint: '--param session=ID task=ID; tasks list SESSION shows them',
    }
  if (params['base-url'] === undefined && stray !== undefined)
    return {
      message: `${stray}= belongs to a running daemon, and no base-url= says which`,
      hint: '--param base-url=URL',
    }
  return incidentConflict(input)
}

const leave: Step = {
  id: 'leave-task',
  title: 'Have a model leave a command behind that never ends',
  effect: 'write',
  timeoutMs: 90_000,
  resume: 'once',
  irreversible: 'the daemon is the rehearsal’s own',
  yields: [stuckTask],
  run: {
    describe: 'allow every tool, have a run start a shell command that sleeps for ever and writes a file all the time',
    execute: async context => context.set(stuckTask, await leaveTask(context)),
  },
  verify: [taskSeen],
}

const look = (input: PlanInput): Step => {
  const running = reachOf(input) === 'running'
  return {
    id: 'look',
    title: 'Keep the task as it is: its state, the end of its output, and the workspace by digests',
    effect: 'read',
    docs: { page: PAGE, command: 'tasks output <session_id> <task_id> --tail-bytes <n>' },
    timeoutMs: 90_000,
    role: 'operator',
    afterFailure: [daemon],
    yields: [...(running ? [stuckTask] : []), taskBefore, workspaceBefore],
    run: {
      describe: 'list the tasks of the session; keep the end of the output, and digests of the workspace’s files',
      commands: [`kheish-daemon tasks output ${taskWords(input)} --tail-bytes ${TAIL_BYTES}`],
      execute: context => keepTask(context, running),
    },
    verify: [taskSeen],
  }
}

async function keepTask(context: StepContext, running: boolean): Promise<void> {
  const { params, run, target } = context
  const task = running
    ? { sessionId: params.session!, taskId: params.task!, tree: null }
    : context.values.get(stuckTask)
  if (running) context.set(stuckTask, task)
  const listed = (await tasksOf(context, task.sessionId)).map(({ id }) => id)
  if (!listed.includes(task.taskId))
    throw new RunproofError('PARAM_INVALID', `session ${task.sessionId} has no task ${task.taskId}`, {
      hint: `it has ${listed.slice(0, 10).join(', ') || 'none'}`,
    })
  const { status, ended } = await taskOf(context, task)
  const printed = await printOutput(context, task)
  const { totalBytes, truncated } = target.incident.read.taskOutput(printed)
  await keepRedacted(context, 'task-output.json', printed)
  if (truncated) run.notTested(`what the task wrote before the last ${TAIL_BYTES} bytes: ${totalBytes} bytes in all`)
  if (ended) run.assume(`the task had ended before it was stopped: it is ${status}`)
  context.set(taskBefore, { status, liveShells: await liveShells(context), outputBytes: totalBytes })
  const workspace = workspaceOf(context)
  const digests = workspace === undefined ? null : await digestsOf(context, workspace)
  if (digests === null) run.notTested('what the task changed: no workspace-root= was given')
  if (digests?.cut === true) run.notTested('all files of the workspace: there are more than were read')
  context.set(workspaceBefore, digests)
}

const stop = (input: PlanInput): Step => ({
  id: 'stop',
  title: 'Stop the task',
  effect: 'write',
  docs: { page: PAGE, command: 'tasks stop <session_id> <task_id>' },
  timeoutMs: 60_000,
  role: 'operator',
  afterFailure: [stuckTask],
  resume: 'check-first',
  tookEffect: async context => (await taskOf(context, context.values.get(stuckTask))).ended,
  irreversible: 'a command that was ended is not gone on with; what it wrote stays',
  run: {
    describe:
      'stop the task; the daemon ends its command and everything in its process group, ten seconds later by force',
    commands: [`kheish-daemon tasks stop ${taskWords(input)}`],
    async execute(context) {
      const { status } = await stopTask(context, context.values.get(stuckTask))
      context.run.fact('task.statusAfterStop', status)
      context.run.fact('task.stoppedAt', context.tools.clock.now().toISOString())
    },
  },
  verify: [taskGone],
})

const taskWords = ({ params }: PlanInput): string =>
  `${shown(params['session'], '<session_id>')} ${shown(params['task'], '<task_id>')}`

const compare: Step = {
  id: 'compare',
  title: 'See what the task had changed in the workspace, and that nothing changes any more',
  effect: 'read',
  docs: { page: PAGE, command: 'tasks list <session_id>' },
  timeoutMs: 120_000,
  role: 'operator',
  afterFailure: [workspaceBefore],
  yields: [workspaceDiff],
  run: {
    describe: 'digest the workspace again; write workspace-diff.json; look twice, half a second apart',
    async execute(context) {
      const before = context.values.get(workspaceBefore)
      const workspace = workspaceOf(context)
      if (before === null || workspace === undefined) return
      const after = await digestsOf(context, workspace)
      const diff = diffOf(before, after)
      context.set(workspaceDiff, { diff, files: Object.keys(after.files).length })
      const { artifactsDir } = context.run
      await context.tools.files.write(
        join(artifactsDir, 'workspace-diff.json'),
        `${JSON.stringify({ diff, before, after }, null, 2)}\n`,
      )
    },
  },
  verify: [workspaceStill, taskStaysGone],
}

const restartOrQuarantine = person(
  'restart-or-quarantine',
  'Restart only when nothing of the task is left',
  'operator',
  {
    instruction:
      'Look for processes of the task on the host: ps -e -o pid,ppid,lstart,args. Restart the daemon only when none is left, or when they are quarantined on purpose, in a cgroup that is frozen. Otherwise leave it running.',
    confirm: 'Nothing of the task is left on the host, or it is quarantined on purpose.',
  },
)

function closing(input: PlanInput, context: StepContext): Closing {
  const { values } = context
  const task = values.find(stuckTask)
  const diff = values.find(workspaceDiff)?.diff
  const touched = diff === undefined ? [] : [...diff.added, ...diff.changed, ...diff.removed]
  return {
    scenario: 'A shell task hung',
    contained:
      task === undefined
        ? []
        : [{ what: `task ${task.taskId} of session ${task.sessionId}`, result: resultOf(context, 'stop', 'stopped') }],
    rotated: [],
    revoked: [],
    restored: [],
    open: [
      ...(diff === undefined ? ['what the task changed in the workspace was not compared'] : []),
      ...(touched.length > 0 ? [`review ${touched.length} files of the workspace: artifacts/workspace-diff.json`] : []),
      'no service level signal tells of a shell task that outlives its run: watch tasks.live_background_shell_task_count of the status',
    ],
    regression: [smokeLine(input, 'slo-probe'), `bin/runproof run contain-stuck-task --target stand-in`],
  }
}
