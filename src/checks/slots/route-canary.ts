import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { client } from '../../daemon/client.ts'
import type { Capture } from '../../model/capture.ts'
import {
  type Check,
  type CheckContext,
  changed,
  defineCheck,
  failed,
  passed,
  type SubjectCounterproof,
} from '../../model/check.ts'
import type { RunDetail } from '../../model/runs-api.ts'
import {
  type Canary,
  keyOf,
  keySet,
  type Lights,
  lastCanary,
  loggedKeys,
  nameKeys,
  newCanary,
  oldCanary,
  readLights,
  routeKey,
  tryCanary,
} from '../../rotation/slots/route-key.ts'
import { setSlot } from '../../rotation/slots/slot.ts'
import { askFor } from '../../suite/ask.ts'
import { withoutProvider } from '../../suite/provider.ts'

interface Tried {
  /** Code of the refusal; undefined when the run was accepted. */
  readonly refusedAs: string | undefined
  readonly run: RunDetail | undefined
  readonly marker: string
  /** What the provider was shown for it; undefined where it keeps no log for us. */
  readonly keys: readonly string[] | undefined
  /** What the provider was shown since the new key was set, by whomever. */
  readonly since: readonly string[] | undefined
  readonly lights: Lights
}

/** What a canary is asked about, beside the run itself. */
interface Asked {
  readonly id: string
  readonly title: string
  readonly canary: Capture<Canary>
  readonly key: 'old' | 'new'
  readonly broken?: readonly SubjectCounterproof[]
}

/** A run through the route ends completed with what only its prompt can have told it, and the provider was shown this key for it. */
function canaryAnswered({ id, title, canary, key, broken = [] }: Asked): Check<Tried> {
  const other = key === 'old' ? 'new' : 'old'
  const wayOut = key === 'old' ? '; nothing was written: contain=yes replaces a key that works no longer' : ''
  return defineCheck<Tried>({
    id,
    title,

    async probe(context) {
      const { refusedAs, run, marker, keys } = context.values.get(canary)
      const { paths, read } = context.target.runs
      const set = context.values.find(keySet)
      return {
        refusedAs,
        run: run === undefined ? undefined : await askFor(context, paths.run(run.id), read.run),
        marker,
        keys,
        since: key === 'old' || set === undefined ? undefined : await loggedKeys(context, Date.parse(set.endedAt)),
        lights: await readLights(context),
      }
    },

    judge({ refusedAs, run, marker, keys, since, lights }) {
      const actual = {
        status: run?.status ?? null,
        shown: keys === undefined ? null : [...keys],
        lights: { ...lights },
      }
      if (refusedAs !== undefined || run === undefined)
        return failed(`the daemon refused the run: ${refusedAs}${whatIsGreen(lights)}${wayOut}`, { actual })
      if (run.status !== 'completed')
        return failed(`the run ended ${run.status}: ${run.error ?? 'no reason'}${whatIsGreen(lights)}${wayOut}`, {
          actual,
        })
      if (!run.outputs.some(output => output.includes(marker)))
        return failed(`no output holds the marker of the prompt${whatIsGreen(lights)}`, { actual })
      if (keys?.length === 0) return failed('the provider was not asked', { actual })
      const wrong = keys?.find(shown => shown !== key)
      if (wrong !== undefined) return failed(`the provider was shown the ${wrong} key`, { expected: key, actual })
      return since?.includes(other)
        ? failed(`since the new key was set the provider was shown the ${other} key`, { actual })
        : passed({ actual })
    },

    counterproofs: [
      {
        id: `${id}-not-asked`,
        breaks: 'the answer came from elsewhere',
        because: /was not asked/,
        observation: seen => ({ ...seen, keys: [] }),
      },
      {
        id: `${id}-other-key`,
        breaks: `the provider was shown the ${other} key for it`,
        because: new RegExp(`shown the ${other} key`),
        observation: seen => ({ ...seen, keys: [other] }),
      },
      {
        id: `${id}-refused-early`,
        breaks: 'the daemon does not take the run at all',
        because: /refused the run/,
        observation: seen => ({ ...seen, refusedAs: 'route_not_ready', run: undefined }),
      },
      {
        id: `${id}-answered-otherwise`,
        breaks: 'the daemon tells of another answer',
        because: /no output holds/,
        subject: (context, scope) => {
          const { marker } = context.values.get(canary)
          return withProxy(context, scope, { rewriteBody: (_, text) => text.replaceAll(marker, 'something else') })
        },
      },
      ...broken,
    ],
  })
}

/** The same of a running daemon, whose provider keeps its log to itself: which key it was shown is not seen. */
export function whereNobodySees(check: Check<Tried>): Check<Tried> {
  return {
    ...check,
    title: 'After the slot was set a run through the provider is answered; which key it was shown is not seen',
  }
}

/** Lights that are green although the route does not work: what makes the finding one. */
function whatIsGreen(lights: Lights): string {
  const green = Object.entries(lights).flatMap(([name, on]) => (on ? [name] : []))
  return green.length === 0 ? '' : `, while these are green: ${green.join(', ')}`
}

export const oldKeyWorks = canaryAnswered({
  id: 'old-key-works',
  title: 'With the old key a run through the provider is answered',
  canary: oldCanary,
  key: 'old',
})

export const newKeyWorks = canaryAnswered({
  id: 'new-key-works',
  title: 'With the new key a run through the provider is answered, and the provider was shown that key',
  canary: newCanary,
  key: 'new',
  broken: [
    {
      id: 'documented-order',
      breaks: 'on another daemon the slot is set first and revoked then, as the vendor’s page has it',
      because:
        /auth slot .* has been revoked, while these are green: readiness, doctor routes --check-auth, secrets get$/,
      cost: { instances: 1 },
      unavailable: withoutProvider,
      subject: (context, scope) =>
        canaryOn(context, scope, async broken => {
          const { slot, route } = broken.values.get(routeKey)
          await setSlot(broken, slot, route!.provider, keyOf(broken))
          await client(broken, ['runtime', 'auth', 'revoke-slot', slot], broken.target.read.slotRevocation)
        }),
    },
    {
      id: 'never-set',
      breaks: 'on another daemon the slot was never set, and the old key goes on working',
      because: /the provider was shown the old key/,
      cost: { instances: 1 },
      unavailable: withoutProvider,
      subject: (context, scope) => canaryOn(context, scope, async () => {}),
    },
  ],
})

export const stillAnswered = canaryAnswered({
  id: 'still-answered',
  title: 'In the end a run is answered once more, and the old key was not shown since it was replaced',
  canary: lastCanary,
  key: 'new',
  broken: [],
})

/** Another daemon beside a provider that takes both keys, and the canary on it after something was done to it. */
async function canaryOn(
  context: CheckContext,
  scope: AsyncDisposableStack,
  act: (broken: CheckContext) => Promise<void>,
): Promise<CheckContext> {
  const broken = await withBrokenDaemon(context, scope, {})
  await nameKeys(broken)
  await act(broken)
  const made = await tryCanary(broken)
  return changed(broken, { values: broken.values.with(newCanary, made) })
}
