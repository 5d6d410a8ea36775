#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import {
  activityThere,
  connectorGone,
  hooksReviewed,
  runStopped,
  sessionStopped,
} from '../src/checks/incident/activity.ts'
import { courseChecks } from '../src/checks/incident/incident-course.ts'
import { taskGoneToo, taskSeen } from '../src/checks/incident/stuck-task.ts'
import { daemon } from '../src/daemon/subjects.ts'
import { type Closing, resultOf } from '../src/incident/close.ts'
import { courseOf } from '../src/incident/course.ts'
import { incidentConflict, incidentParams, incidentUnresumable, ON_RUNNING, shown } from '../src/incident/params.ts'
import { person } from '../src/incident/people.ts'
import { smokeLine } from '../src/incident/regression.ts'
import {
  aboutActivity,
  activity,
  connectorOf,
  type Kind,
  keepBusy,
  kindsOf,
  leaveHook,
  lookAt,
  namedIn,
  paramOf,
  recipeWithSidecar,
  rehearsedSidecar,
  replaceHooks,
  rollBack,
  shownConnector,
  succeed,
  taskIn,
  withoutValues,
} from '../src/incident/scenarios/activity.ts'
import { leaveTask, liveShells, stopTask, stuckTask, taskBefore, taskOf } from '../src/incident/scenarios/stuck-task.ts'
import { keepRedacted } from '../src/incident/snapshot/redacted.ts'
import { snapshotAction } from '../src/incident/snapshot/snapshot.ts'

import { defineRunbook, type PlanInput, type Step, type StepContext } from '../src/model/runbook.ts'
import { askFor } from '../src/suite/ask.ts'
import { reachOf, suiteInUse, suiteLacks } from '../src/suite/params.ts'
import { asAdmin } from '../src/suite/revocations.ts'
import { CONNECTOR, startSidecar } from '../src/suite/sidecar.ts'

const PAGE = 'production-runbooks'

const about = (context: StepContext) => {
  const task = context.values.find(stuckTask)
  return { ...aboutActivity(context), ...(task === undefined ? {} : { tasks: [task] }) }
}

export default defineRunbook({
  id: 'contain-activity',
  title: 'Stop what acts, each only where it is named: a session, a run, a shell task, a connector, hooks',
  purpose: 'containment',
  params: {
    ...incidentParams,
    session: { describe: 'a session that is interrupted', example: 'session-1' },
    run: { describe: 'a run that is cancelled', example: 'run-12' },
    task: {
      describe: 'a shell task that is stopped, as SESSION/TASK',
      example: 'session-1/task-1',
      refuse: value => (/^.+\/[^/]+$/.test(value) ? undefined : 'expected SESSION/TASK'),
    },
    connector: {
      describe: 'a connector that is deleted, as KIND/NAME; external where no kind is given',
      example: 'external/ops-webhook',
      refuse: value => (/^([^/:]+\/)?[^/:]+$/.test(value) ? undefined : 'expected KIND/NAME'),
    },
    'hooks-file': {
      describe: 'a reviewed configuration that replaces all hooks, as `runtime hooks set` takes it',
      example: '/etc/kheish/hooks.reviewed.json',
      refuse: value => (value.startsWith('/') ? undefined : 'expected an absolute path'),
    },
  },
  conflict: activityConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: incidentUnresumable,
  snapshot: snapshotAction('kheish-daemon', about),
  ways: [
    {
      title: 'A session and one run of a running daemon',
      params: { ...ON_RUNNING, session: 'session-1', run: 'run-12' },
    },
    {
      title: 'A connector and hooks of a running daemon',
      params: { ...ON_RUNNING, connector: 'external/ops-webhook', 'hooks-file': '/etc/kheish/hooks.reviewed.json' },
    },
  ],
  limits: input => [
    'what the stopped work had done before: the signed actions of its runs are in the snapshot',
    ...(kindsOf(input).includes('hooks')
      ? ['whether a credential stands in the command line or the address of a hook: hooks-before.json keeps both']
      : []),
    'what starts it anew: schedules, other connectors and clients that hold a token',
    ...(reachOf(input) === 'running' && kindsOf(input).includes('connector')
      ? ['the process of the connector: a running daemon is asked for its leases, which expire after five minutes']
      : []),
  ],
  steps: input =>
    courseOf(input, courseChecks, {
      daemon: { recipe: recipeWithSidecar },
      make: [act],
      about,
      decide: 'what is named is stopped, and nothing else',
      contain: [look(input), ...kindsOf(input).map(kind => stops(input)[kind])],
      verify: [],
      tell: 'what was stopped, and what does not work until it is there again',
      recover: [bringBack],
      closing: context => closing(input, context),
    }),
})

function activityConflict(input: PlanInput) {
  const { params } = input
  const names = ['session', 'run', 'task', 'connector', 'hooks-file']
  const given = names.find(name => params[name] !== undefined)
  if (params['base-url'] === undefined && given !== undefined)
    return {
      message: `${given}= belongs to a running daemon, and no base-url= says which`,
      hint: '--param base-url=URL',
    }
  if (params['base-url'] !== undefined && given === undefined)
    return {
      message: 'nothing says what is to be stopped',
      hint: `name at least one: ${names.map(name => `${name}=`).join(', ')}`,
    }
  return incidentConflict(input)
}

const act: Step = {
  id: 'act',
  title: 'Have a session, a run, a shell task, a connector and a hook act',
  effect: 'write',
  docs: { page: PAGE, command: 'connectors put-external <name> --json <json>' },
  timeoutMs: 120_000,
  resume: 'once',
  irreversible: 'the daemon is the rehearsal’s own',
  yields: [activity, stuckTask, rehearsedSidecar],
  run: {
    describe: 'leave a command behind, start a webhook process, set a hook, and begin two runs that are never answered',
    commands: [
      'kheish-daemon secrets set <slot> --provider generic --stdin',
      'kheish-daemon connectors put-external <name> --json <json>',
    ],
    async execute(context) {
      context.set(stuckTask, await leaveTask(context))
      context.set(rehearsedSidecar, await startSidecar(context))
      await leaveHook(context)
      const busy = await keepBusy(context)
      const connector = connectorOf(CONNECTOR, context.target.connectors.kind)
      context.set(activity, await lookAt(context, context.params, { ...busy, connector }))
    },
  },
  verify: [activityThere, taskSeen],
}

const look = (input: PlanInput): Step => {
  const running = reachOf(input) === 'running'
  const hasTask = kindsOf(input).includes('task')
  const names = kindsOf(input).map(paramOf)
  return {
    id: 'look',
    title: 'Look at what is named, and keep its configuration',
    effect: 'read',
    docs: { page: PAGE, command: 'runtime get' },
    timeoutMs: 60_000,
    role: 'operator',
    afterFailure: [daemon],
    yields: [
      ...(running ? [activity] : []),
      ...(running && hasTask ? [stuckTask] : []),
      ...(hasTask ? [taskBefore] : []),
    ],
    run: {
      describe: `ask for ${names.join(', ')}; keep the connector and the hooks as the daemon shows them, without values`,
      async execute(context) {
        const { params, target } = context
        // What is named is known, whatever looking comes to: a mistake in one name keeps nobody from stopping the others.
        if (running) context.set(activity, namedIn(params, target.connectors.kind))
        if (running && hasTask) context.set(stuckTask, { ...taskIn(params.task!), tree: null })
        if (running) context.set(activity, await lookAt(context, params))
        if (hasTask) {
          const { status } = await taskOf(context, context.values.get(stuckTask))
          context.set(taskBefore, { status, liveShells: await liveShells(context), outputBytes: 0 })
        }
        const { connector, hooks } = context.values.get(activity)
        const found = connector === undefined ? undefined : await shownConnector(context, connector)
        if (found !== undefined) await keepRedacted(context, 'connector-before.json', withoutValues(found))
        if (hooks === undefined) return
        const { paths, read } = target.incident
        const before = await askFor(context, paths.hooks, read.hooks, asAdmin(context))
        await keepRedacted(context, 'hooks-before.json', withoutValues({ revision: hooks.revision, hooks: before }))
      },
    },
    verify: [activityThere, ...(hasTask ? [taskSeen] : [])],
  }
}

const stops = (input: PlanInput): Readonly<Record<Kind, Step>> => ({
  session: {
    id: 'interrupt-session',
    title: 'Interrupt the session',
    effect: 'write',
    docs: { page: PAGE, command: 'sessions interrupt <session_id>' },
    timeoutMs: 60_000,
    role: 'operator',
    afterFailure: [activity],
    resume: 'repeatable',
    irreversible: 'what was interrupted is not gone on with; the session itself stays, and takes new input',
    run: {
      describe: 'interrupt what the session does now',
      commands: [`kheish-daemon sessions interrupt ${shown(input.params['session'], '<session_id>')}`],
      execute: async context =>
        void (await succeed(context, ['sessions', 'interrupt', context.values.get(activity).sessionId!])),
    },
    verify: [sessionStopped],
  },
  run: {
    id: 'cancel-run',
    title: 'Cancel the run',
    effect: 'write',
    docs: { page: PAGE, command: 'runs cancel <run_id>' },
    timeoutMs: 60_000,
    role: 'operator',
    afterFailure: [activity],
    resume: 'repeatable',
    irreversible: 'a run that was cancelled never goes on; what it had done outside stays done',
    run: {
      describe: 'cancel the run',
      commands: [`kheish-daemon runs cancel ${shown(input.params['run'], '<run_id>')}`],
      execute: async context => void (await succeed(context, ['runs', 'cancel', context.values.get(activity).runId!])),
    },
    verify: [runStopped],
  },
  task: {
    id: 'stop-task',
    title: 'Stop the shell task',
    effect: 'write',
    docs: { page: PAGE, command: 'tasks stop <session_id> <task_id>' },
    timeoutMs: 60_000,
    role: 'operator',
    afterFailure: [stuckTask],
    resume: 'repeatable',
    irreversible: 'a command that was ended is not gone on with; what it wrote stays',
    run: {
      describe: 'stop the task, with everything in its process group',
      commands: [`kheish-daemon tasks stop ${taskWords(input)}`],
      execute: async context => void (await stopTask(context, context.values.get(stuckTask))),
    },
    verify: [taskGoneToo],
  },
  connector: {
    id: 'delete-connector',
    title: 'Delete the connector',
    effect: 'destroy',
    docs: { page: PAGE, command: 'connectors delete <kind> <name>' },
    timeoutMs: 60_000,
    role: 'security-owner',
    afterFailure: [activity],
    resume: 'check-first',
    tookEffect: async context => (await shownConnector(context, context.values.get(activity).connector!)) === undefined,
    irreversible:
      'its environment and the slots it used are shown nowhere: artifacts/connector-before.json has the rest, and its slots stay',
    run: {
      describe: 'delete the connector; the daemon ends its process and revokes its leases',
      commands: [`kheish-daemon connectors delete ${connectorWords(input)}`],
      async execute(context) {
        const { kind, name } = context.values.get(activity).connector!
        await succeed(context, ['connectors', 'delete', kind, name])
      },
    },
    verify: [connectorGone],
  },
  hooks: {
    id: 'replace-hooks',
    title: 'Replace all hooks by those that were reviewed',
    effect: 'write',
    docs: { page: PAGE, command: 'runtime hooks set --stdin' },
    timeoutMs: 60_000,
    role: 'security-owner',
    afterFailure: [activity],
    resume: 'repeatable',
    undo: {
      describe: 'roll the settings back to the revision before: hooks, and what else was changed since',
      commands: ['kheish-daemon runtime rollback <revision>'],
      async execute(context) {
        const hooks = context.values.find(activity)?.hooks
        if (hooks !== undefined) await rollBack(context, hooks.revision)
      },
    },
    run: {
      describe: 'hand the reviewed file over on standard input; a rehearsal has no hooks at all',
      commands: ['kheish-daemon runtime hooks set --stdin'],
      execute: replaceHooks,
    },
    verify: [hooksReviewed],
  },
})

function taskWords({ params }: PlanInput): string {
  const { sessionId, taskId } = params['task'] === undefined ? {} : taskIn(params['task'])
  return `${shown(sessionId, '<session_id>')} ${shown(taskId, '<task_id>')}`
}

function connectorWords({ params, target }: PlanInput): string {
  const { kind, name } =
    params['connector'] === undefined ? {} : connectorOf(params['connector'], target.connectors.kind)
  return `${shown(kind, '<kind>')} ${shown(name, '<name>')}`
}

const bringBack = person('bring-back', 'Say what comes back, and when', 'incident-commander', {
  instruction:
    'For each thing that was stopped: say whether it comes back, who made sure that it may, and which credentials of it were rotated before. A connector is given its whole configuration again.',
  confirm: 'It is decided what comes back, and by whom.',
})

function closing(input: PlanInput, context: StepContext): Closing {
  const { values } = context
  const { sessionId, runId, connector, hooks } = values.find(activity) ?? {}
  const task = values.find(stuckTask)
  const name = connector === undefined ? '' : `${connector.kind}/${connector.name}`
  return {
    scenario: 'Something acted that should not',
    contained: [
      ...(sessionId === undefined
        ? []
        : [{ what: `session ${sessionId}`, result: resultOf(context, 'interrupt-session', 'interrupted') }]),
      ...(runId === undefined ? [] : [{ what: `run ${runId}`, result: resultOf(context, 'cancel-run', 'cancelled') }]),
      ...(task === undefined
        ? []
        : [
            {
              what: `task ${task.taskId} of session ${task.sessionId}`,
              result: resultOf(context, 'stop-task', 'stopped'),
            },
          ]),
      ...(connector === undefined
        ? []
        : [{ what: `connector ${name}`, result: resultOf(context, 'delete-connector', 'deleted') }]),
      ...(hooks === undefined
        ? []
        : [
            {
              what: 'hooks',
              result: `${resultOf(context, 'replace-hooks', 'replaced by the reviewed ones')}; reviewed: sha256 ${hooks.sha256}; before: revision ${hooks.revision}`,
            },
          ]),
    ],
    rotated: [],
    revoked: [],
    restored: [],
    open: [
      ...(connector === undefined ? [] : [`the slots of connector ${name} are as they were: rotate or delete them`]),
      'look for what starts it anew: schedules list, connectors list, runtime hooks get',
    ],
    regression: [smokeLine(input, 'slo-probe'), 'bin/runproof run contain-activity --target stand-in'],
  }
}
