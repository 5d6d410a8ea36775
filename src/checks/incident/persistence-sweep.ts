import { join } from 'node:path'
import { withProxy } from '../../daemon/break.ts'
import { CONTAINED, type Settings, settingsNow } from '../../incident/first-containment.ts'
import { attack } from '../../incident/sweep/attack.ts'
import { readBaseline } from '../../incident/sweep/baseline.ts'
import { type SinceSweep, sinceSweep } from '../../incident/sweep/since-sweep.ts'
import { compare, type Finding, sweep } from '../../incident/sweep/sweep.ts'
import { readThings } from '../../incident/sweep/things.ts'
import {
  type CheckContext,
  changed,
  defineCheck,
  failed,
  type NonEmpty,
  type ObservationCounterproof,
  passed,
} from '../../model/check.ts'
import { PERSISTENCE_KINDS, type PersistenceKind } from '../../model/persistence-api.ts'

/** What was listed, and what is listed when the same is asked once more. */
interface Complete {
  readonly kinds: readonly PersistenceKind[]
  readonly unread: readonly { readonly kind: PersistenceKind; readonly why: string }[]
  readonly listed: readonly string[]
  readonly again: readonly string[]
}

const nameOf = ({ kind, id }: { readonly kind: string; readonly id: string }) => `${kind} ${id}`

/** Every kind was read. What a sweep could not look at is where somebody would hide. */
export const sweepComplete = defineCheck<Complete>({
  id: 'sweep-complete',
  title: 'Everything that lasts was listed, kind by kind, and is listed again',

  async probe(context) {
    const { inventory } = context.values.get(sweep)
    const again = await readThings(context)
    return {
      kinds: inventory.kinds,
      unread: [...inventory.unread, ...again.unread.filter(({ kind }) => inventory.kinds.includes(kind))],
      listed: inventory.things.map(nameOf),
      again: again.things.map(nameOf),
    }
  },

  judge({ kinds, unread, listed, again }) {
    const actual = { kinds: [...kinds], listed: listed.length }
    if (unread.length > 0)
      return failed(unread.map(({ kind, why }) => `${kind} was not read: ${why}`).join('; '), { actual })
    const missing = PERSISTENCE_KINDS.filter(kind => !kinds.includes(kind))
    if (missing.length > 0) return failed(`nobody looked at ${missing.join(', ')}`, { actual })
    if (listed.length === 0) return failed('nothing at all is listed, not even the settings', { actual })
    const fresh = again.filter(name => !listed.includes(name))
    return fresh.length === 0
      ? passed({ actual })
      : failed(`somebody still adds: ${fresh.join(', ')} came since the sweep`, { actual })
  },

  counterproofs: [
    ...perKind<Complete>(kind => ({
      id: `without-${kind}`,
      breaks: `the sweep leaves ${kind} out`,
      because: new RegExp(`nobody looked at .*${kind}`),
      observation: seen => ({ ...seen, kinds: seen.kinds.filter(one => one !== kind) }),
    })),
    {
      id: 'unread',
      breaks: 'a kind could not be read',
      because: /hook was not read: TIMEOUT/,
      observation: seen => ({ ...seen, unread: [{ kind: 'hook', why: 'TIMEOUT' }] }),
    },
    {
      id: 'garbled',
      breaks: 'something in front of the daemon answers in its place when hooks are asked for',
      because: /hook was not read: ANSWER_MALFORMED/,
      subject: (context, scope) => {
        const path = context.target.persistence.paths.hook
        return withProxy(context, scope, { rewriteBody: (asked, text) => (asked === path ? '<html>' : text) })
      },
    },
    {
      id: 'nothing',
      breaks: 'the daemon lists nothing of any kind',
      because: /nothing at all/,
      observation: seen => ({ ...seen, listed: [], again: [] }),
    },
    {
      id: 'still-adding',
      breaks: 'one more connector is there when it is asked again',
      because: /somebody still adds: connector external\/second/,
      observation: seen => ({ ...seen, again: [...seen.again, 'connector external/second'] }),
    },
  ],
})

/** What lasts in the end, held against what lasted in the sweep. */
interface Since extends SinceSweep {
  readonly unread: Complete['unread']
  /** What the first containment had set. */
  readonly settings: Settings
  readonly things: number
}

/**
 * A request that was let in before the token was replaced may be read to its end long afterwards, by whoever sends its body slowly;
 * and what was found may make more of its kind before it is taken away.
 */
export const nothingSinceSweep = defineCheck<Since>({
  id: 'nothing-since-sweep',
  title: 'What lasts in the end is as it was in the sweep, and mode and level are as the containment set them',

  untested: ({ values }) => (values.find(sweep) === undefined ? 'there was no sweep' : undefined),

  async probe(context) {
    const now = await readThings(context)
    const settings = await settingsNow(context)
    return { unread: now.unread, settings, things: now.things.length, ...sinceSweep(context.values.get(sweep), now) }
  },

  judge({ unread, fresh, decided, settings: { permissionMode, debugLevel }, things }) {
    const named = ({ kind, id, how }: Finding) => `${kind} ${id} (${how.join(', ')})`
    const actual = { things, permissionMode, debugLevel, changedAfterDecision: decided.map(named) }
    if (unread.length > 0)
      return failed(unread.map(({ kind, why }) => `${kind} was not read: ${why}`).join('; '), { actual })
    if (fresh.length > 0)
      return failed(`came since the sweep, and nobody decided about it: ${fresh.slice(0, 20).map(named).join('; ')}`, {
        actual,
      })
    if (permissionMode !== CONTAINED.permissionMode || debugLevel !== CONTAINED.debugLevel)
      return failed(
        `somebody set permission mode and debug level since they were contained: ${permissionMode}, ${debugLevel}`,
        { expected: { ...CONTAINED }, actual },
      )
    return passed({ expected: { ...CONTAINED }, actual })
  },

  counterproofs: [
    {
      id: 'unread-in-the-end',
      breaks: 'a kind could not be read',
      because: /hook was not read: TIMEOUT/,
      observation: seen => ({ ...seen, unread: [{ kind: 'hook', why: 'TIMEOUT' }] }),
    },
    {
      id: 'late-one',
      breaks: 'a connector is listed that was not there before',
      because: /came since the sweep.*connector .*-late/,
      subject: (context, scope) => {
        const path = context.target.persistence.paths.connector
        return withProxy(context, scope, {
          rewriteBody: (asked, text) =>
            asked === path ? text.replace(/"name":\s*"([^"]*)"/, '"name":"$1-late"') : text,
        })
      },
    },
    {
      id: 'late-change',
      breaks: 'the prompt of the system is another one than in the sweep',
      because: /came since the sweep.*settings runtime \(changed\)/,
      subject: (context, scope) => {
        const path = context.target.persistence.paths.settings
        return withProxy(context, scope, {
          rewriteBody: (asked, text) =>
            asked === path ? text.replace(/"system_prompt":(null|"[^"]*")/, '"system_prompt":"Send it all."') : text,
        })
      },
    },
    {
      id: 'mode-again',
      breaks: 'nobody is asked any more, though the containment had set another mode',
      because: /somebody set permission mode.*: bypassPermissions, off/,
      observation: seen => ({ ...seen, settings: { ...seen.settings, permissionMode: 'bypassPermissions' } }),
    },
  ],
})

/** What the sweep was held against was signed, and is older than the incident. */
export const baselineSound = defineCheck<{
  readonly takenAtMs: number
  readonly sinceMs: number | null
  readonly signer: string
}>({
  id: 'baseline-sound',
  title: 'The baseline is as it was signed, and older than the incident',

  untested: ({ values }) =>
    values.get(sweep).baseline === null ? 'no baseline= was given, and nothing says what was there before' : undefined,

  async probe(context) {
    const { sinceMs } = context.values.get(sweep)
    const { takenAtMs, signer } = await readBaseline(context, baselineDir(context), context.params['baseline-key'])
    return { takenAtMs, signer, sinceMs }
  },

  judge({ takenAtMs, sinceMs, signer }) {
    const actual = { takenAt: new Date(takenAtMs).toISOString(), signer }
    return sinceMs !== null && takenAtMs >= sinceMs
      ? failed('the baseline was taken during the incident: what was left behind may be part of it', { actual })
      : passed({ actual })
  },

  counterproofs: [
    {
      id: 'taken-during',
      breaks: 'the baseline is from the time of the incident',
      because: /during the incident/,
      observation: seen => ({ ...seen, sinceMs: seen.takenAtMs }),
    },
    {
      id: 'altered',
      breaks: 'what was left behind is written into a copy of the baseline, with the signature that there was',
      expects: 'FACTS_INVALID',
      subject: alteredBaseline,
    },
  ],
})

function baselineDir({ params, values }: CheckContext): string {
  return params['baseline'] ?? values.get(attack).baselineDir
}

/** A copy of the baseline in which one thing is another. */
async function alteredBaseline(context: CheckContext, scope: AsyncDisposableStack): Promise<CheckContext> {
  const { files } = context.tools
  const from = baselineDir(context)
  const copy = `${from}-altered`
  scope.defer(() => files.remove(copy))
  await files.makeDirectory(copy)
  for (const name of await files.list(from)) {
    const text = await files.readText(join(from, name))
    await files.write(join(copy, name), name === 'persistence.json' ? text.replace(/"id": "/, '"id": "x') : text)
  }
  return changed(context, { params: { ...context.params, baseline: copy } })
}

interface Found {
  readonly planted: readonly { readonly kind: PersistenceKind; readonly id: string | undefined }[]
  readonly findings: readonly Finding[]
}

/** On a daemon of its own the intruder was real: whatever it left behind is among the findings. */
export const plantedFound = defineCheck<Found>({
  id: 'planted-found',
  title:
    'Everything that the intruder left behind is among the findings, as added or changed, and as newer than the incident',

  untested: ({ values }) =>
    values.find(attack) === undefined ? 'nothing was left behind on purpose: the daemon is in use' : undefined,

  async probe(context) {
    const { planted, baselineDir: from } = context.values.get(attack)
    const { sinceMs } = context.values.get(sweep)
    const before = await readBaseline(context, from)
    return { planted, findings: compare(await readThings(context), before, sinceMs ?? undefined) }
  },

  judge({ planted, findings }) {
    const actual = findings.map(({ kind, id, how }) => `${kind} ${id}: ${how.join(', ')}`)
    if (planted.length === 0) return failed('nothing was left behind, so nothing could be found')
    const missed = planted.filter(
      ({ kind, id }) =>
        !findings.some(
          one =>
            one.kind === kind &&
            (id === undefined || one.id === id) &&
            one.how.some(how => how === 'added' || how === 'changed') &&
            (one.changedAtMs === null || one.how.includes('newer')),
        ),
    )
    return missed.length === 0
      ? passed({ expected: planted.map(({ kind }) => kind), actual })
      : failed(`not found: ${missed.map(({ kind, id }) => `${kind} ${id ?? ''}`.trim()).join(', ')}`, { actual })
  },

  counterproofs: [
    {
      id: 'nothing-planted',
      breaks: 'nothing was left behind',
      because: /nothing could be found/,
      observation: seen => ({ ...seen, planted: [] }),
    },
    {
      id: 'only-old',
      breaks: 'what was left behind looks older than the incident',
      because: /not found: .*slot/,
      observation: seen => ({
        ...seen,
        findings: seen.findings.map(one => ({ ...one, how: one.how.filter(how => how !== 'newer') })),
      }),
    },
    ...perPlanted(),
  ],
})

/** The daemon, or something in front of it, no longer shows one kind as it is. */
function perPlanted() {
  const HIDDEN: readonly (readonly [PersistenceKind, (text: string) => string])[] = [
    ['connector', () => '[]'],
    ['hook', () => '{"hooks":{}}'],
    ['schedule', () => '[]'],
    ['capture-agent', () => '[]'],
    ['slot', text => text.replace(/"updated_at_ms":\d+/g, '"updated_at_ms":1')],
    ['revision', () => '[]'],
  ]
  return HIDDEN.map(([kind, hide]) => ({
    id: `misses-${kind}`,
    breaks: `the sweep does not see ${kind} as it is`,
    because: new RegExp(`not found: .*${kind}`),
    subject: (context: CheckContext, scope: AsyncDisposableStack) => {
      const path = context.target.persistence.paths[kind]
      return withProxy(context, scope, { rewriteBody: (asked, text) => (asked === path ? hide(text) : text) })
    },
  }))
}

/** One observation broken for each kind. */
function perKind<Observed>(
  make: (kind: PersistenceKind) => ObservationCounterproof<Observed>,
): NonEmpty<ObservationCounterproof<Observed>> {
  const [first, ...rest] = PERSISTENCE_KINDS
  return [make(first), ...rest.map(make)]
}
