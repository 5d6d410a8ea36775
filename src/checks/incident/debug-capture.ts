import { join } from 'node:path'
import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { isolated } from '../../daemon/subjects.ts'
import { settingsNow } from '../../incident/first-containment.ts'
import {
  capturedRun,
  captureOf,
  type DebugInventory,
  debugFiles,
  debugInventory,
  makeRun,
  setDebugLevel,
  uncapturedRun,
} from '../../incident/scenarios/debug-capture.ts'
import { whereFilesAre } from '../../incident/scenarios/host.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

const WRITE_MS = 5_000

interface Kept {
  readonly artifacts: number | undefined
}

/** In a rehearsal the incident is real: without it nothing that follows would prove anything. */
export const everythingCaptured = defineCheck<Kept>({
  id: 'everything-captured',
  title: 'A run that is made while the debug level is full is captured',

  async probe(context) {
    return { artifacts: (await captureOf(context, context.values.get(capturedRun).runId))?.artifacts.length }
  },
  judge({ artifacts }) {
    if (artifacts === undefined) return failed('nothing was captured of the run')
    return artifacts > 0 ? passed({ actual: { artifacts } }) : failed('no artifact is listed of the run')
  },
  counterproofs: [
    {
      id: 'nothing-captured',
      breaks: 'nothing was captured',
      because: /nothing was captured/,
      observation: () => ({ artifacts: undefined }),
    },
    {
      id: 'nothing-listed',
      breaks: 'the list is empty',
      because: /no artifact/,
      observation: () => ({ artifacts: 0 }),
    },
    {
      id: 'capture-denied',
      breaks: 'the daemon says that it has nothing of the run',
      because: /nothing was captured/,
      subject: (context, scope) => {
        const { incident } = context.target
        const body = JSON.stringify({ status: 404, code: incident.nothingCaptured, domain: 'runs', detail: 'nothing' })
        const headers = { 'content-type': 'application/json' }
        const paths = [incident.paths.debug(context.values.get(capturedRun).runId)]
        return withProxy(context, scope, { answer: { status: 404, headers, body, paths } })
      },
    },
  ],
})

/** The inventory names the run that is known to be captured, and every slot with or without a reason. */
export const inventoryTaken = defineCheck<{ readonly inventory: DebugInventory; readonly known: string | undefined }>({
  id: 'inventory-taken',
  title: 'What debug capture kept is listed, and every slot that may have been shown by it',

  probe: async ({ values }) => ({
    inventory: values.get(debugInventory),
    known: values.find(capturedRun)?.runId,
  }),

  judge({ inventory: { captured, slots, files, asked }, known }) {
    if (known !== undefined && !captured.some(({ runId }) => runId === known))
      return failed('the run that is known to be captured is not listed')
    const suspect = slots.filter(({ why }) => why.length > 0)
    if (captured.length > 0 && suspect.length === 0)
      return failed('runs were captured, and not one slot is suspected: a run shows a credential to its provider')
    if (known !== undefined && files !== null && files.files.length === 0)
      return failed('a run was captured, and no file of it is found')
    return passed({
      actual: {
        asked,
        captured: captured.length,
        suspect: suspect.map(({ id }) => id),
        files: files?.files.length ?? null,
      },
    })
  },

  counterproofs: [
    {
      id: 'unsuspected',
      breaks: 'a run was captured, and no slot is suspected',
      because: /not one slot is suspected/,
      observation: ({ inventory }) => ({
        known: undefined,
        inventory: {
          ...inventory,
          captured: [{ runId: 'run-1', sessionId: 's', agentId: 'a', bytes: 1, artifacts: ['x'] }],
          slots: inventory.slots.map(slot => ({ ...slot, why: [] })),
        },
      }),
    },
    {
      id: 'run-overlooked',
      breaks: 'a captured run is not among those that are listed',
      because: /is not listed/,
      observation: ({ inventory }) => ({ known: 'run-overlooked', inventory }),
    },
  ],
})

interface Uncaptured {
  readonly level: string
  readonly artifacts: number | undefined
  /** In the state root, that were not there when it was listed; null where nobody said where that is. */
  readonly files: number | null
}

/** The attacker’s view: what a run exchanges now is kept nowhere. */
export const nothingCaptured = defineCheck<Uncaptured>({
  id: 'nothing-captured-now',
  title: 'A run that is made after the containment leaves nothing in debug capture',

  async probe(context) {
    const { runId } = context.values.get(uncapturedRun)
    const listing = await debugFiles(context)
    // Their names need not have the run's id in them: what was not there before is what is asked for.
    const known = new Set(context.values.get(debugInventory).files?.files.map(({ name }) => name))
    return {
      level: (await settingsNow(context)).debugLevel,
      artifacts: (await captureOf(context, runId))?.artifacts.length,
      files: listing === undefined ? null : listing.files.filter(({ name }) => !known.has(name)).length,
    }
  },

  judge({ level, artifacts, files }) {
    const details = {
      expected: { level: 'off', artifacts: null },
      actual: { level, artifacts: artifacts ?? null, files },
    }
    if (artifacts !== undefined) return failed('the run was captured, although capture was turned off', details)
    if (files !== null && files > 0)
      return failed(`files were added to debug capture in the state root: ${files}`, details)
    return level === 'off' ? passed(details) : failed(`the debug level is ${level}`, details)
  },

  counterproofs: [
    {
      id: 'file-added',
      breaks: 'a file more lies in the directory of debug capture',
      because: /files were added .*: 1/,
      subject: async (context, scope) => {
        const { stateRoot } = context.values.get(isolated)
        const file = join(stateRoot, context.target.incident.debugDir, 'added-later.json')
        await whereFilesAre(context, ['sh', '-c', 'mkdir -p "$(dirname "$1")" && echo {} > "$1"', 'sh', file], WRITE_MS)
        scope.defer(async () => void (await whereFilesAre(context, ['rm', '-f', '--', file], WRITE_MS)))
        return context
      },
    },
    {
      id: 'level-back',
      breaks: 'the level is full again',
      because: /the debug level is full/,
      observation: observed => ({ ...observed, level: 'full' }),
    },
    {
      id: 'goes-on-capturing',
      breaks: 'the daemon turns capture off in its settings only, and goes on',
      because: /captured, although capture was turned off/,
      cost: { instances: 1 },
      unavailable: withoutFaults,
      subject: async (context, scope) => {
        const broken = await withBrokenDaemon(context, scope, { extras: { faults: ['keeps-debug'] } })
        await setDebugLevel(broken, 'full')
        await setDebugLevel(broken, 'off')
        const run = await makeRun(broken, 'runproof-kept')
        return changed(broken, { values: broken.values.with(uncapturedRun, run) })
      },
    },
  ],
})
