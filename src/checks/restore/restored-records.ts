import { join } from 'node:path'
import { withDaemon } from '../../daemon/break.ts'
import { client, type Ran, refused, refusedToken } from '../../daemon/client.ts'
import { startBroken } from '../../daemon/start-isolated.ts'
import { withDamagedTree } from '../../drill/break.ts'
import { type Difference, describeDifference, difference, MARKER_SLOT } from '../../drill/facts.ts'
import { baseline, older, restored } from '../../drill/subjects.ts'
import { newSession } from '../../drill/take-facts.ts'
import { type CheckContext, defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'

interface Observed extends Ran<unknown> {
  readonly difference: Difference | undefined
  readonly compared: number
}

function judge(noun: string) {
  return (observed: Observed) => {
    if (observed.exitCode !== 0 || observed.difference === undefined) return refused(noun, observed)
    if (observed.compared === 0) return failed(`the baseline has no ${noun} to compare with`)
    const differs = describeDifference(noun, observed.difference)
    return differs === undefined ? passed({ actual: { compared: observed.compared } }) : failed(differs)
  }
}

const lost = (observed: Observed): Observed => ({
  ...observed,
  difference: { missing: ['one'], extra: [], changed: [] },
})

/** A daemon is started on the tree of an older archive: green everywhere, and the wrong backup. */
const olderState: SubjectCounterproof = {
  id: 'older-state',
  breaks: 'the daemon runs on an archive of an older state',
  because: /missing|changed/,
  cost: { instances: 1 },
  unavailable({ values }) {
    if (values.find(older) === undefined) return 'no older archive was given (older-state-archive=)'
    // Everything else may well have been the same a month ago.
    return values.get(baseline).marker === null
      ? 'the baseline has no marker that tells one night from another'
      : undefined
  },
  subject: async (context, scope) => {
    const holder = join(context.values.get(restored).stateRoot, '..', 'counterproofs')
    const into = join(holder, `older-${process.hrtime.bigint()}`)
    await context.tools.files.makeDirectory(into)
    scope.defer(() => context.tools.files.remove(into))
    await context.tools.archives.unpack({
      open: context.values.get(older).open,
      name: 'the older archive',
      into,
      signal: context.signal,
      ...context.values.get(older).reading,
    })
    return runningOn(context, scope, into)
  },
}

async function runningOn(context: CheckContext, scope: AsyncDisposableStack, stateRoot: string): Promise<CheckContext> {
  const broken = await startBroken(context, scope, { stateRoot })
  return withDaemon(context, broken)
}

/** A source that did not run could only be read from disk, and its secrets and sessions are not to be read there. */
function unknownTo({ values }: CheckContext, kind: 'slots' | 'runs' | 'sessions', noun: string): string | undefined {
  const facts = values.get(baseline)
  return !facts.online && facts[kind].length === 0
    ? `the source was not running at backup time, so its ${noun} are not known`
    : undefined
}

/** The same secrets are stored, each as old as it was at backup time. */
export const slotsRestored = defineCheck<Observed>({
  id: 'secrets',
  covers: ['7.4/18', '9.B/9'],
  untested: context => unknownTo(context, 'slots', 'secrets'),
  title: 'The stored secrets are those of the source, by name, provider and time of change',
  needs: ['baseline'],
  async probe(context) {
    const expected = context.values.get(baseline).slots
    const ran = await client(context, ['secrets', 'list'], context.target.read.slots)
    return {
      ...ran,
      compared: expected.length,
      difference: ran.view === undefined ? undefined : difference(expected, ran.view, slot => slot.id),
    }
  },
  judge: judge('secrets'),
  counterproofs: [
    { id: 'secret-lost', breaks: 'one secret is missing', because: /1 missing/, observation: lost },
    {
      id: 'secret-rewritten',
      breaks: 'the marker secret is written again in a copy of the state',
      because: /changed|extra/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const broken = await startBroken(context, scope, {})
        const words = ['secrets', 'set', MARKER_SLOT, '--provider', 'generic', '--stdin']
        const command = context.target.client(
          { binary: broken.binary, baseUrl: broken.instance.place.baseUrl, tokenFile: broken.adminTokenFile },
          words,
        )
        await context.runIn(broken.instance, { ...command, stdin: 'written again' })
        return withDaemon(context, broken)
      },
    },
    olderState,
    refusedToken('secrets-refused'),
  ],
})

/** The same finished runs are there, each with the status it had. */
export const runsRestored = defineCheck<Observed>({
  id: 'runs',
  covers: ['7.3/51', '9.A/37'],
  untested: context => unknownTo(context, 'runs', 'finished runs'),
  title: 'The finished runs are those of the source, by status and time',
  needs: ['baseline'],
  async probe(context) {
    const expected = context.values.get(baseline).runs
    const ran = await client(context, ['runs', 'list'], context.target.read.runs)
    const terminal = ran.view
      ?.filter(run => run.terminal)
      .map(({ id, status, updatedAtMs }) => ({ id, status, updatedAtMs }))
    return {
      ...ran,
      compared: expected.length,
      difference: terminal === undefined ? undefined : difference(expected, terminal, run => run.id),
    }
  },
  judge: judge('finished runs'),
  counterproofs: [
    { id: 'run-lost', breaks: 'one run is missing', because: /1 missing/, observation: lost },
    {
      id: 'run-dropped',
      breaks: 'the daemon runs on a copy of the state from which one run was removed',
      because: /1 missing/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const damaged = await withDamagedTree(context, scope, 'state', async root => {
          const { runsDir } = context.target.layout
          const [first] = await context.tools.files.list(join(root, runsDir))
          await context.tools.archives.dropFile(root, join(runsDir, first!))
        })
        return runningOn(context, scope, damaged.values.get(restored).stateRoot)
      },
    },
    refusedToken('runs-refused'),
  ],
})

/** The same sessions are there. */
export const sessionsRestored = defineCheck<Observed>({
  id: 'sessions',
  untested: context => unknownTo(context, 'sessions', 'sessions'),
  title: 'The sessions are those of the source',
  needs: ['baseline'],
  async probe(context) {
    const expected = context.values.get(baseline).sessions
    const ran = await client(context, ['sessions', 'list'], context.target.read.sessions)
    return {
      ...ran,
      compared: expected.length,
      difference: ran.view === undefined ? undefined : difference(expected, ran.view, id => id),
    }
  },
  judge: judge('sessions'),
  counterproofs: [
    { id: 'session-lost', breaks: 'one session is missing', because: /1 missing/, observation: lost },
    {
      id: 'nothing-to-compare',
      breaks: 'the baseline knows no session',
      because: /nothing|no sessions/,
      observation: observed => ({ ...observed, compared: 0 }),
    },
    {
      id: 'session-added',
      breaks: 'one session more is opened on a copy of the state',
      because: /1 extra/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const broken = await startBroken(context, scope, {})
        const command = newSession(context, {
          runner: broken.instance,
          binary: broken.binary,
          baseUrl: broken.instance.place.baseUrl,
          tokenFile: broken.adminTokenFile,
        })
        await context.runIn(broken.instance, command)
        return withDaemon(context, broken)
      },
    },
    refusedToken('sessions-refused'),
  ],
})
