import { withProxy } from '../../daemon/break.ts'
import type { Ran } from '../../daemon/client.ts'
import { isolated } from '../../daemon/subjects.ts'
import {
  ATTACKS,
  type Attempt,
  attack,
  attempts,
  exposedDoor,
  letIn,
  originAllowed,
  publicDoor,
} from '../../incident/scenarios/proxy-exposure.ts'
import { refusalsSince } from '../../incident/scenarios/refusals.ts'
import { changed, defineCheck, failed, type Json, passed } from '../../model/check.ts'
import { withChangedFiles } from '../../suite/host-file.ts'

interface Seen {
  readonly origin: string
  readonly attempts: readonly Attempt[]
}

const told = (seen: readonly Attempt[]): Json =>
  seen.map(
    ({ attack: name, status, allowOrigin }) => `${name}: ${status ?? 'closed'}${allowOrigin && ` ${allowOrigin}`}`,
  )

/** In a rehearsal the route is really open first: what was never open is not closed by anything. */
export const exposedBefore = defineCheck<Seen>({
  id: 'exposed-before',
  title: 'The public route lets foreign pages read answers, and lets in a token that nobody gave out',

  async probe(context) {
    const origin = context.params['exposed-origin']!
    return { origin, attempts: await attack(context, context.values.get(exposedDoor), origin) }
  },

  judge({ origin, attempts: seen }) {
    const open = seen.filter(one => letIn(one, origin) !== undefined).map(one => one.attack)
    const lacking = ['preflight', 'foreign-page', 'unknown-token'].filter(name => !open.some(one => one === name))
    return lacking.length === 0
      ? passed({ actual: told(seen) })
      : failed(`the route is not as exposed as it should be: ${lacking.join(', ')}`, { actual: told(seen) })
  },

  counterproofs: [
    {
      id: 'nothing-exposed',
      breaks: 'the route is closed already',
      because: /not as exposed/,
      observation: ({ origin, attempts: seen }) => ({
        origin,
        attempts: seen.map(one => ({ ...one, status: 403, allowOrigin: '' })),
      }),
    },
  ],
})

/** The attacker’s view: no page of a foreign origin may read anything, and nobody gets in without a token that is good. */
export const outsideShutOut = defineCheck<Seen>({
  id: 'outside-shut-out',
  title: 'From outside, a foreign page is allowed nothing, and a missing or unknown token opens nothing',

  async probe({ values, params }) {
    return { origin: params['exposed-origin']!, attempts: values.get(attempts) }
  },

  judge({ origin, attempts: seen }) {
    const missing = ATTACKS.find(name => !seen.some(one => one.attack === name))
    if (missing !== undefined) return failed(`nobody tried ${missing}`)
    const open = seen.map(one => letIn(one, origin)).find(why => why !== undefined)
    return open === undefined ? passed({ actual: told(seen) }) : failed(open, { actual: told(seen) })
  },

  counterproofs: [
    {
      id: 'not-tried',
      breaks: 'one attempt was not made',
      because: /nobody tried unknown-token/,
      observation: ({ origin, attempts: seen }) => ({
        origin,
        attempts: seen.filter(one => one.attack !== 'unknown-token'),
      }),
    },
    {
      id: 'let-in-without',
      breaks: 'a request without a token is answered',
      because: /no-token: it was answered with 200/,
      observation: ({ origin, attempts: seen }) => ({
        origin,
        attempts: seen.map(one => (one.attack === 'no-token' ? { ...one, status: 200 } : one)),
      }),
    },
    {
      id: 'still-exposed',
      breaks: 'the same is asked through the route as it was in the incident',
      because: /may read the answer/,
      unavailable: ({ values }) =>
        values.find(exposedDoor) === undefined ? 'the route of a daemon in use was not opened for it' : undefined,
      subject: async context => {
        const open = context.values.get(exposedDoor)
        const seen = await attack(context, open, context.params['exposed-origin']!)
        return changed(context, { values: context.values.with(publicDoor, open).with(attempts, seen) })
      },
    },
  ],
})

/** A route that lets in nobody is closed, and no proxy. Only of a rehearsal: nothing good is shown to a route in use. */
export const rightLetIn = defineCheck<{ readonly status: number }>({
  id: 'right-let-in',
  title: 'The tightened proxy lets in whoever shows a token that is good',

  async probe(context) {
    const { door } = context.values.get(publicDoor)
    const { readonlyToken } = context.values.get(isolated)
    const { status } = await door.request(context.target.http.status, { bearer: readonlyToken, signal: context.signal })
    return { status }
  },

  judge: ({ status }) => (status === 200 ? passed() : failed(`a good token is answered with ${status}`)),

  counterproofs: [
    {
      id: 'good-refused',
      breaks: 'a good token is refused',
      because: /answered with 401/,
      observation: () => ({ status: 401 }),
    },
    {
      id: 'proxy-broken',
      breaks: 'a proxy answers everything itself with 502',
      because: /answered with 502/,
      subject: async (context, scope) => {
        const { instance } = context.values.get(isolated)
        const answer = { status: 502, headers: {}, body: '' }
        const door = scope.use(await context.tools.interposer.interpose(instance, { answer }))
        return changed(context, { values: context.values.with(publicDoor, { door, url: door.place.baseUrl }) })
      },
    },
  ],
})

interface Cors {
  readonly foreign: Ran<boolean | undefined>
  readonly right: Ran<boolean | undefined>
}

/** The daemon itself lets in the origin it should, and not the one that was let in. */
export const originsApart = defineCheck<Cors>({
  id: 'origins-apart',
  title: 'The doctor finds that the foreign origin is refused by the daemon, and the right one allowed',
  needs: ['binary'],

  async probe(context) {
    const [foreign, right] = await Promise.all([
      originAllowed(context, context.params['exposed-origin']!),
      originAllowed(context, context.params['allowed-origin']!),
    ])
    return { foreign, right }
  },

  judge({ foreign, right }) {
    if (foreign.view === undefined || right.view === undefined)
      return failed('the doctor did not look at cross-origin requests', {
        actual: { foreign: foreign.exitCode, right: right.exitCode },
      })
    if (foreign.view) return failed('the daemon itself allows pages of the foreign origin')
    return right.view ? passed() : failed('the daemon refuses pages of the origin that is to be allowed')
  },

  counterproofs: [
    {
      id: 'did-not-look',
      breaks: 'the doctor did not look',
      because: /did not look/,
      observation: ({ foreign, right }) => ({ foreign: { ...foreign, view: undefined }, right }),
    },
    {
      id: 'right-refused',
      breaks: 'the right origin is refused, too',
      because: /refuses pages of the origin/,
      observation: ({ foreign, right }) => ({ foreign, right: { ...right, view: false } }),
    },
    {
      id: 'foreign-allowed',
      breaks: 'something in front of the daemon hides the origin, and allows it itself',
      because: /itself allows pages of the foreign/,
      subject: (context, scope) => {
        const origin = context.params['exposed-origin']!
        return withProxy(context, scope, {
          dropHeader: 'origin',
          rewriteHeaders: (_, headers) => ({ ...headers, 'access-control-allow-origin': origin }),
        })
      },
    },
  ],
})

const DAY_MS = 86_400_000

interface Audit {
  /** Refusals since the first of our attempts. */
  readonly rows: number
  readonly ours: number
}

/** What the daemon refused of our own attempts stands in its log, and so would an attacker’s. */
export const attemptsLogged = defineCheck<Audit>({
  id: 'attempts-logged',
  title: 'The auth audit log has the attempts that the daemon itself refused',
  needs: ['host-files'],
  untested: ({ values }) =>
    values.get(attempts).some(({ byDaemon }) => byDaemon)
      ? undefined
      : 'not one attempt came as far as the daemon: the route is closed before it',

  async probe(context) {
    const ours = context.values.get(attempts).filter(({ byDaemon }) => byDaemon)
    return { rows: await refusalsSince(context, ours[0]!.askedAtMs), ours: ours.length }
  },

  judge: ({ rows, ours }) =>
    rows >= ours
      ? passed({ actual: { rows, ours } })
      : failed(`the log has ${rows} refusals since then, and ${ours} are ours`, { actual: { rows, ours } }),

  counterproofs: [
    {
      id: 'too-few',
      breaks: 'the log has one refusal less than were ours',
      because: /are ours/,
      observation: ({ ours }) => ({ rows: ours - 1, ours }),
    },
    {
      id: 'log-emptied',
      breaks: 'the log of a copy is empty',
      because: /the log has 0 refusals/,
      subject: context => {
        const { auditLog } = context.target.signals
        return withChangedFiles(context, [auditLog], `: > ${auditLog}`)
      },
    },
    {
      id: 'only-older-ones',
      breaks: 'everything in the log is older than our attempts',
      because: /the log has 0 refusals/,
      subject: async context => {
        const later = context.values.get(attempts).map(one => ({ ...one, askedAtMs: one.askedAtMs + DAY_MS }))
        return changed(context, { values: context.values.with(attempts, later) })
      },
    },
  ],
})
