import { withProxy } from '../../daemon/break.ts'
import {
  CONTAINED,
  previousSettings,
  type Settings,
  settingsNow,
  settingsToRestore,
} from '../../incident/first-containment.ts'
import { containedRunning } from '../../incident/stolen-state/contain-running.ts'
import { type CheckContext, defineCheck, failed, type Judgement, passed } from '../../model/check.ts'

interface Compared {
  readonly expected: Settings
  readonly actual: Settings
}

/** What was noted is what the daemon says, and was read before anything was contained. */
export const settingsNoted = compare({
  id: 'settings-noted',
  title: 'Permission mode and debug level are noted as the daemon has them',
  expected: context => context.values.get(previousSettings),
})

/** The first containment holds. */
export const containedFirst = compare({
  id: 'contained-first',
  title: 'What would need an approval is refused, and debug capture is off',
  expected: () => CONTAINED,
})

/** The same of a daemon that was stopped next: as it said itself before. */
export const containedRunningFirst = defineCheck<Settings>({
  id: 'contained-running-first',
  title: 'Before it was stopped the daemon said that it refuses what would need an approval, and captures nothing',

  probe: async ({ values }) => values.get(containedRunning).after,

  judge: actual => sameSettings({ expected: CONTAINED, actual }),

  counterproofs: [
    {
      id: 'running-mode',
      breaks: 'the permission mode is another one',
      because: /permission mode is another/,
      observation: seen => ({ ...seen, permissionMode: 'default' }),
    },
    {
      id: 'running-level',
      breaks: 'the debug level is another one',
      because: /debug level is another/,
      observation: seen => ({ ...seen, debugLevel: 'full' }),
    },
  ],
})

/** The settings are what they were before; a debug level of `full` stays off. */
export const settingsRestored = compare({
  id: 'settings-restored',
  title: 'Permission mode and debug level are what they were before the containment, and capture is not full',
  expected: context => settingsToRestore(context.values.get(previousSettings)),
})

function compare({
  id,
  title,
  expected,
}: {
  readonly id: string
  readonly title: string
  readonly expected: (context: CheckContext) => Settings
}) {
  return defineCheck<Compared>({
    id,
    title,

    probe: async context => ({ expected: expected(context), actual: await settingsNow(context) }),

    judge: sameSettings,

    counterproofs: [
      {
        id: `${id}-mode`,
        breaks: 'the permission mode is another one',
        because: /permission mode is another/,
        observation: ({ expected: wanted, actual }) => ({
          expected: wanted,
          actual: { ...actual, permissionMode: other(actual.permissionMode, 'bypassPermissions', 'default') },
        }),
      },
      {
        id: `${id}-level`,
        breaks: 'the debug level is another one',
        because: /debug level is another/,
        observation: ({ expected: wanted, actual }) => ({
          expected: wanted,
          actual: { ...actual, debugLevel: other(actual.debugLevel, 'full', 'off') },
        }),
      },
      {
        id: `${id}-not-effective`,
        breaks: 'the daemon runs under another permission mode than it was told',
        because: /permission mode is another/,
        subject: async (context, scope) => {
          const { runtime } = context.target.runs.paths
          const { permissionMode } = await settingsNow(context)
          const instead = other(permissionMode, 'bypassPermissions', 'default')
          return withProxy(context, scope, {
            rewriteBody: (path, text) =>
              path === runtime ? text.replaceAll(`"${permissionMode}"`, `"${instead}"`) : text,
          })
        },
      },
    ],
  })
}

function sameSettings({ expected, actual }: Compared): Judgement {
  const details = { expected: settings(expected), actual: settings(actual) }
  if (actual.permissionMode !== expected.permissionMode) return failed('the permission mode is another one', details)
  return actual.debugLevel === expected.debugLevel ? passed(details) : failed('the debug level is another one', details)
}

/** One that it is not. */
function other(actual: string, first: string, second: string): string {
  return actual === first ? second : first
}

const settings = ({ permissionMode, debugLevel }: Settings) => ({ permissionMode, debugLevel })
