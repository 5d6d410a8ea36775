import { askWith } from '../../daemon/admin-token.ts'
import { withDaemon, withProxy } from '../../daemon/break.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { startBroken } from '../../daemon/start-isolated.ts'
import { daemon } from '../../daemon/subjects.ts'
import { type Containment, containment, leaked, NO_LEAKED_ONE } from '../../incident/scenarios/leaked-token.ts'
import { type CheckContext, changed, defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import type { Secret } from '../../model/secret.ts'
import { ask } from '../../suite/ask.ts'
import { replaceToken, SILENCE } from '../../suite/token-rotation.ts'
import { withoutFaults } from '../daemon/without-faults.ts'
import { judgeTurn } from '../tokens/tokens-rotated.ts'

/** The token in the file is the one that the daemon goes by: replacing it there will shut somebody out. */
export const fileTokenOpens = defineCheck<{ readonly admin: number }>({
  id: 'file-token-opens',
  title: 'The token in the admin token file opens what only an admin may read',

  async probe(context) {
    const { adminToken } = context.values.get(daemon)
    return { admin: (await ask(context, context.target.http.secrets, { bearer: adminToken! })).status }
  },

  judge({ admin }) {
    const actual = { admin }
    if (admin === 429) return failed('the limiter spoke, and nothing is known of the token', { actual })
    if (admin === 401 || admin === 403)
      return failed(`it gave ${admin}, expected 200: the daemon reads another file; nothing was replaced`, { actual })
    return admin === 200 ? passed({ actual }) : failed(`it gave ${admin}, expected 200`, { actual })
  },

  counterproofs: [
    {
      id: 'other-file',
      breaks: 'the daemon reads another file',
      because: /it gave 401/,
      observation: () => ({ admin: 401 }),
    },
    {
      id: 'no-admin',
      breaks: 'the token is the read-only one',
      because: /it gave 403/,
      subject: (context, scope) => {
        const { adminToken, readonlyToken } = context.values.get(daemon)
        return withProxy(context, scope, { swapBearer: { from: adminToken!, to: readonlyToken! } })
      },
    },
  ],
})

/** The leaked token was refused, and the new one accepted, in time. */
export const leakedTokenRefused = defineCheck<Containment>({
  id: 'leaked-token-refused',
  title: 'The leaked token is refused and the one in its place accepted, without a restart',

  probe: async ({ values }) => values.get(containment),

  judge({ turn, shown, wasThere, waitedMs, withinMs, refusedAfterMs }) {
    const late = waitedMs > withinMs ? `; waited ${Math.round(waitedMs)} ms, and no longer` : ''
    if (turn.newAfter === SILENCE)
      return failed(`the file has the new token, and the daemon gives no answer: nobody has seen it refuse${late}`, {
        actual: { ...turn },
      })
    // One that had been replaced before was refused before: contained is contained. So is a daemon that was silent before.
    const oldBefore = [401, SILENCE].includes(turn.oldBefore) ? 200 : turn.oldBefore
    const newBefore = turn.newBefore === SILENCE || wasThere === true ? 401 : turn.newBefore
    // What nobody could show is not tested, and stands there.
    const oldAfter = shown === NO_LEAKED_ONE && turn.oldAfter === SILENCE ? 401 : turn.oldAfter
    const wrong = judgeTurn({ ...turn, oldBefore, newBefore, oldAfter }, late)
    return wrong ?? passed({ expected: { withinMs }, actual: { ...turn, shown, refusedAfterMs } })
  },

  counterproofs: [
    {
      id: 'still-accepted',
      breaks: 'the leaked token is still accepted',
      because: /the old token gave 200 afterwards/,
      observation: seen => ({ ...seen, turn: { ...seen.turn, oldAfter: 200 } }),
    },
    {
      id: 'nobody-gets-in',
      breaks: 'the new token is refused as well',
      because: /the new token gave 401 afterwards/,
      observation: seen => ({ ...seen, turn: { ...seen.turn, newAfter: 401 } }),
    },
    {
      id: 'silent',
      breaks: 'the daemon gives no answer after the replacement',
      because: /gives no answer: nobody has seen it refuse/,
      observation: seen => ({ ...seen, turn: { ...seen.turn, newAfter: SILENCE } }),
    },
    {
      id: 'limited',
      breaks: 'the refusal is the rate limiter speaking',
      because: /the limiter spoke/,
      observation: seen => ({ ...seen, turn: { ...seen.turn, oldAfter: 429 } }),
    },
    elsewhere('stale', {
      breaks: 'a daemon goes on accepting the token that was replaced',
      because: /the old token gave 200 afterwards/,
      faults: ['stale-token'],
      unavailable: withoutFaults,
    }),
  ],
})

interface Elsewhere {
  readonly breaks: string
  readonly because: RegExp
  readonly faults: readonly string[]
  readonly unavailable: NonNullable<SubjectCounterproof['unavailable']>
}

/** The same replacement on another daemon, with something wrong about it. It is not waited for. */
function elsewhere(id: string, { breaks, because, faults, unavailable }: Elsewhere): SubjectCounterproof {
  return {
    id,
    breaks,
    because,
    cost: { instances: 1 },
    unavailable,
    subject: async (context, scope) => {
      const other = await startBroken(context, scope, { extras: { faults } })
      const broken = withDaemon(context, other)
      const to = randomSecret('new-token-elsewhere')
      context.protect(to)
      const settled = await replaceToken(broken, {
        from: other.adminToken,
        to,
        path: context.target.http.secrets,
        withinMs: 0,
        shownAgain: 0,
        pauseMs: () => 0,
        replace: () => context.tools.files.write(other.adminTokenFile, to),
      })
      askWith(other, to)
      const seen: Containment = { ...context.values.get(containment), ...settled }
      return changed(broken, { values: broken.values.with(containment, seen) })
    },
  }
}

/** HTTP status by what the attacker tries. */
interface Tried {
  readonly read: number
  readonly secrets: number
  readonly change: number
  readonly stream: number
  /** With the token in its place: a daemon that refuses everybody would look contained. */
  readonly ours: number
}

const REFUSED = ['read', 'secrets', 'change', 'stream'] as const

/** The attacker’s view, once more and from the front: four tries, which are four rows in the audit log. */
export const attackerShutOut = defineCheck<Tried>({
  id: 'attacker-shut-out',
  title: 'With the leaked token nothing can be read, listed, changed or followed any more',

  untested: ({ values }) =>
    values.get(leaked).token === undefined
      ? 'the run that replaced the token broke off, and no run keeps one: --secret leaked=file:PATH shows it again'
      : undefined,

  async probe(context) {
    const { token, replacement } = context.values.get(leaked)
    const { http, events } = context.target
    const bearer = token!
    const status = async (path: string, more: { readonly body?: string } = {}) =>
      (await tryWith(context, path, bearer, more)).status
    const { path, body } = http.refusedMutation
    const stream = await context.values
      .get(daemon)
      .instance.openStream(events.path('global'), { bearer, timeoutMs: 5_000, signal: context.signal })
    stream.close()
    return {
      read: await status(http.cheap),
      secrets: await status(http.secrets),
      change: await status(path, { body }),
      stream: stream.status,
      ours: (await ask(context, http.secrets, { bearer: replacement })).status,
    }
  },

  judge(tried) {
    const actual = { ...tried }
    if (Object.values(tried).includes(429))
      return failed('the limiter spoke, and nothing is known of the token', { actual })
    const open = REFUSED.filter(name => tried[name] !== 401)
    if (open.length > 0)
      return failed(open.map(name => `${name} gave ${tried[name]}, expected 401`).join('; '), { actual })
    return tried.ours === 200
      ? passed({ actual })
      : failed(`the new token gave ${tried.ours}: everybody is shut out`, { actual })
  },

  counterproofs: [
    {
      id: 'stream-opens',
      breaks: 'an event stream still opens with the leaked token',
      because: /stream gave 200/,
      observation: tried => ({ ...tried, stream: 200 }),
    },
    {
      id: 'everybody-out',
      breaks: 'the new token is refused as well',
      because: /everybody is shut out/,
      observation: tried => ({ ...tried, ours: 401 }),
    },
    {
      id: 'limiter',
      breaks: 'a refusal is the rate limiter speaking',
      because: /the limiter spoke/,
      observation: tried => ({ ...tried, change: 429 }),
    },
    {
      id: 'gateway-knows-it',
      breaks: 'something in front of the daemon still takes the leaked token for the new one',
      because: /read gave 200/,
      subject: (context, scope) => {
        const { token, replacement } = context.values.get(leaked)
        return withProxy(context, scope, { swapBearer: { from: token!, to: replacement } })
      },
    },
  ],
})

function tryWith(context: CheckContext, path: string, bearer: Secret, { body }: { readonly body?: string }) {
  const { instance } = context.values.get(daemon)
  return instance.request(path, {
    bearer,
    timeoutMs: 5_000,
    signal: context.signal,
    ...(body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
  })
}
