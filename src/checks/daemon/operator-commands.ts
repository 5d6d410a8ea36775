import { withProxy } from '../../daemon/break.ts'
import { client, type Ran, refused, refusedToken } from '../../daemon/client.ts'
import { type Check, type CheckContext, defineCheck, failed, type Json, passed } from '../../model/check.ts'
import type { RunDetail, RuntimeView, SessionJournal } from '../../model/runs-api.ts'
import { askFor } from '../../suite/ask.ts'
import { type SubjectRun, subjectRun } from '../../suite/probe-run.ts'

const NO_RUN = 'no-runs: the daemon has none that ended well'

interface Settings {
  readonly before: RuntimeView
  readonly mode: Ran<RuntimeView>
  readonly level: Ran<RuntimeView>
  readonly after: RuntimeView
}

/** The settings an operator reaches for in an incident take hold: each is said, is there afterwards, and is a revision. */
export const settingsTakeHold = defineCheck<Settings>({
  id: 'settings-take-hold',
  title: 'Permission mode and debug level are what was set, each as a revision of its own',
  covers: ['7.3/15', '7.3/16', '9.A/13'],
  needs: ['admin-token', 'binary'],

  async probe(context) {
    const { paths, read } = context.target.runs
    const runtime = () => askFor(context, paths.runtime, read.runtime)
    const before = await runtime()
    const mode = await client(context, ['runtime', 'set-permission-mode', 'dont-ask'], read.runtime)
    const level = await client(context, ['runtime', 'set-debug-level', 'off'], read.runtime)
    return { before, mode, level, after: await runtime() }
  },

  judge({ before, mode, level, after }) {
    if (mode.exitCode !== 0 || mode.view === undefined) return refused('runtime set-permission-mode', mode)
    if (level.exitCode !== 0 || level.view === undefined) return refused('runtime set-debug-level', level)
    const actual = { said: mode.view.permissionMode, mode: after.permissionMode, level: after.debugLevel }
    if (mode.view.permissionMode !== 'dontAsk' || after.permissionMode !== 'dontAsk')
      return failed('the permission mode is another one', { expected: 'dontAsk', actual })
    if (level.view.debugLevel !== 'off' || after.debugLevel !== 'off')
      return failed('the debug level is another one', { expected: 'off', actual })
    return after.revision >= before.revision + 2
      ? passed({ actual: { ...actual, revision: after.revision } })
      : failed('a change was answered and made no revision', { expected: before.revision + 2, actual: after.revision })
  },

  counterproofs: [
    {
      id: 'mode-kept',
      breaks: 'the permission mode stays what it was',
      because: /permission mode is another/,
      observation: observed => ({ ...observed, after: { ...observed.after, permissionMode: 'default' } }),
    },
    {
      id: 'level-full',
      breaks: 'the debug level is full',
      because: /debug level is another/,
      observation: observed => ({ ...observed, after: { ...observed.after, debugLevel: 'full' } }),
    },
    {
      id: 'no-revision',
      breaks: 'both are answered with success and change nothing',
      because: /made no revision/,
      subject: async (context, scope) => {
        const { mode, level, runtime } = settingPaths(context)
        const said = await ask(context, runtime)
        return withProxy(context, scope, {
          answer: { status: 200, headers: JSON_TYPE, body: said, paths: [mode, level] },
        })
      },
    },
  ],
})

const JSON_TYPE = { 'content-type': 'application/json' }

function settingPaths({ target }: CheckContext) {
  const { runtime } = target.runs.paths
  return { runtime, mode: `${runtime}/permission-mode`, level: target.http.refusedMutation.path }
}

async function ask(context: CheckContext, path: string): Promise<string> {
  return askFor(context, path, document => JSON.stringify(document))
}

interface Asked<View> {
  readonly ran: Ran<View>
  readonly run: SubjectRun
}

/** A reading command of the client about the run, and why what it printed is not what it should be. */
function runCommand<View>(
  check: Pick<Check<unknown>, 'id' | 'title' | 'covers'> & {
    readonly words: (run: SubjectRun) => readonly string[]
    readonly read: (context: CheckContext) => (document: Json) => View
    readonly wrong: (view: View, run: SubjectRun) => string | undefined
    readonly broken: (view: View) => View
    readonly because: RegExp
  },
): Check<Asked<View>> {
  const { id, title, covers, words, read, wrong, broken, because } = check
  const what = words({ sessionId: '', agentId: '', runId: '' }).slice(0, 2).join(' ')
  return defineCheck<Asked<View>>({
    id,
    title,
    ...(covers === undefined ? {} : { covers }),
    needs: ['binary'],
    untested: ({ values }) => (values.find(subjectRun) === undefined ? NO_RUN : undefined),
    async probe(context) {
      const run = context.values.get(subjectRun)!
      return { ran: await client(context, words(run), read(context)), run }
    },
    judge({ ran, run }) {
      if (ran.exitCode !== 0 || ran.view === undefined) return refused(what, ran)
      const reason = wrong(ran.view, run)
      return reason === undefined ? passed() : failed(reason)
    },
    counterproofs: [
      {
        id: `${id}-wrong`,
        breaks: 'something else is printed',
        because,
        observation: ({ ran, run }) => ({ ran: { ...ran, view: broken(ran.view!) }, run }),
      },
      refusedToken(`${id}-refused`),
    ],
  })
}

export const runListed = runCommand<readonly RunDetail[]>({
  id: 'run-listed',
  title: '`runs list` shows the run, completed',
  covers: ['7.3/17', '9.A/14'],
  words: run => ['runs', 'list', '--session-id', run.sessionId],
  read: context => context.target.runs.read.runs,
  wrong(runs, { runId, sessionId }) {
    const stray = runs.find(one => one.sessionId !== sessionId)
    if (stray !== undefined) return `a run of session ${stray.sessionId} is listed`
    const found = runs.find(({ id }) => id === runId)
    return found?.status === 'completed' ? undefined : `the run is listed as ${found?.status ?? 'nothing'}`
  },
  broken: () => [],
  because: /listed as nothing/,
})

export const runShown = runCommand<RunDetail>({
  id: 'run-shown',
  title: '`runs get` shows the run, completed, with what it put out',
  covers: ['7.3/18', '9.A/14'],
  words: run => ['runs', 'get', run.runId],
  read: context => context.target.runs.read.run,
  wrong(run, { runId }) {
    if (run.id !== runId) return `another run is shown: ${run.id}`
    if (run.status !== 'completed') return `the run is shown as ${run.status}`
    return run.outputs.length === 0 ? 'the run is shown without an output' : undefined
  },
  broken: run => ({ ...run, outputs: [] }),
  because: /without an output/,
})

export const journalShown = runCommand<SessionJournal>({
  id: 'journal-shown',
  title: '`sessions events` shows the journal of the run’s session',
  covers: ['7.3/19', '9.A/14'],
  words: run => ['sessions', 'events', run.sessionId],
  read: context => context.target.runs.read.journal,
  wrong(journal, { sessionId, runId }) {
    if (journal.sessionId !== sessionId) return `another session is shown: ${journal.sessionId}`
    if (journal.entries === 0) return 'the journal is empty'
    return journal.text.includes(`"${runId}"`) ? undefined : 'the journal does not mention the run'
  },
  broken: journal => ({ ...journal, entries: 0 }),
  because: /journal is empty/,
})

export const tasksShown = runCommand<readonly string[]>({
  id: 'tasks-shown',
  title: '`tasks list` answers for the session, and no task is listed twice',
  covers: ['7.3/20', '9.A/14'],
  words: run => ['tasks', 'list', run.sessionId],
  read: context => context.target.runs.read.tasks,
  wrong: tasks => (new Set(tasks).size === tasks.length ? undefined : 'a task is listed twice'),
  broken: () => ['task-1', 'task-1'],
  because: /listed twice/,
})

export const deliveriesShown = runCommand<readonly { readonly id: string; readonly runId: string | undefined }[]>({
  id: 'deliveries-shown',
  title: '`deliveries list` shows deliveries of the run and of no other',
  covers: ['7.3/21', '9.A/14'],
  words: run => ['deliveries', 'list', '--run-id', run.runId],
  read: context => context.target.runs.read.deliveries,
  wrong(deliveries, { runId }) {
    const stray = deliveries.find(one => one.runId !== runId)
    return stray === undefined ? undefined : `delivery ${stray.id} belongs to another run`
  },
  broken: () => [{ id: 'd-1', runId: 'run-of-somebody' }],
  because: /another run/,
})

interface Harmless {
  readonly interrupt: Ran<boolean>
  readonly cancel: Ran<RunDetail>
  readonly before: RunDetail
  readonly after: RunDetail
}

/** Stopping what has ended already is answered, and changes nothing. */
export const stopsHarmless = defineCheck<Harmless>({
  id: 'stops-harmless',
  title: 'Interrupting an idle session and cancelling a completed run succeed and change nothing',
  covers: ['7.3/25', '7.3/26', '9.A/16'],
  needs: ['admin-token', 'binary'],
  untested: ({ values }) => (values.find(subjectRun) === undefined ? NO_RUN : undefined),

  async probe(context) {
    const { sessionId, runId } = context.values.get(subjectRun)!
    const { paths, read } = context.target.runs
    const run = () => askFor(context, paths.run(runId), read.run)
    const before = await run()
    const interrupt = await client(context, ['sessions', 'interrupt', sessionId], read.interrupted)
    const cancel = await client(context, ['runs', 'cancel', runId], read.run)
    return { interrupt, cancel, before, after: await run() }
  },

  judge({ interrupt, cancel, before, after }) {
    if (interrupt.exitCode !== 0 || interrupt.view === undefined) return refused('sessions interrupt', interrupt)
    if (interrupt.view) return failed('something was interrupted in an idle session')
    if (cancel.exitCode !== 0 || cancel.view === undefined) return refused('runs cancel', cancel)
    if (before.status !== 'completed') return failed(`the run was ${before.status} before`)
    const told = [cancel.view, after].find(run => JSON.stringify(run) !== JSON.stringify(before))
    return told === undefined
      ? passed({ actual: after.status })
      : failed('a completed run was changed by its cancellation', { expected: before.status, actual: told.status })
  },

  counterproofs: [
    {
      id: 'run-reopened',
      breaks: 'the completed run is cancelled',
      because: /changed by its cancellation/,
      observation: observed => ({ ...observed, after: { ...observed.after, status: 'cancelled' } }),
    },
    {
      id: 'interrupted-something',
      breaks: 'the daemon says that it interrupted something',
      because: /something was interrupted/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_, text) => text.replace('"interrupted":false', '"interrupted":true'),
        }),
    },
    {
      id: 'cancelled',
      breaks: 'the cancellation is answered with a cancelled run',
      because: /changed by its cancellation/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (path, text) =>
            path.endsWith('/cancel') ? text.replace('"status":"completed"', '"status":"cancelled"') : text,
        }),
    },
  ],
})
