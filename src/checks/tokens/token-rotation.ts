import { setTimeout as delay } from 'node:timers/promises'
import { withDaemon } from '../../daemon/break.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { startBroken } from '../../daemon/start-isolated.ts'
import { isolated } from '../../daemon/subjects.ts'
import type { Capture } from '../../model/capture.ts'
import { type CheckContext, changed, defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import type { Secret } from '../../model/secret.ts'
import { clients, letThemAsk, startClients, type Throughout, throughout } from '../../rotation/tokens/clients.ts'
import type { LoadReport } from '../../rotation/tokens/load.ts'
import { rotateUnderLoad } from '../../rotation/tokens/rotate.ts'
import { type Exchange, exchange, type Rotation, rotation } from '../../rotation/tokens/subjects.ts'
import { ask } from '../../suite/ask.ts'
import { withoutFaults } from '../daemon/without-faults.ts'
import { tokensApart } from './tokens.ts'
import { judgeTurn } from './tokens-rotated.ts'

/** How long the old file is away where a counterproof moves it away first. */
const AWAY_MS = 300

/** The new token counts and the old one does not, within the time that was given. */
export const tokenReplaced = defineCheck<Rotation>({
  id: 'token-replaced',
  title: 'The new token is accepted and the old one refused, in time and from then on, without a restart',

  untested: unseen,

  probe: async ({ values }) => values.get(rotation),

  judge({ turn, waitedMs, withinMs, firstNewMs, lastOldMs, load }) {
    const late = waitedMs > withinMs ? `; waited ${waitedMs} ms, and no longer` : ''
    const wrong = judgeTurn(turn, late)
    if (wrong !== undefined) return wrong
    const again = oldLetIn(load)
    if (again !== undefined) return failed(again, { expected: 0, actual: load.oldAgain })
    if (late !== '') return failed(`it took ${waitedMs} ms until it counted, at most ${withinMs} were allowed`)
    return passed({
      expected: { withinMs },
      actual: { waitedMs, firstNewMs: firstNewMs ?? null, lastOldMs: lastOldMs ?? null },
    })
  },

  counterproofs: [
    {
      id: 'old-accepted',
      breaks: 'the old token is still accepted',
      because: /the old token gave 200 afterwards/,
      observation: seen => ({ ...seen, turn: { ...seen.turn, oldAfter: 200 } }),
    },
    {
      id: 'new-refused',
      breaks: 'the new token is refused',
      because: /the new token gave 401 afterwards/,
      observation: seen => ({ ...seen, turn: { ...seen.turn, newAfter: 401 } }),
    },
    {
      id: 'new-known-before',
      breaks: 'the new token was good before it was written anywhere',
      because: /the new token gave 200 before/,
      observation: seen => ({ ...seen, turn: { ...seen.turn, newBefore: 200 } }),
    },
    {
      id: 'limited',
      breaks: 'a refusal is the rate limiter speaking',
      because: /the limiter spoke/,
      observation: seen => ({ ...seen, turn: { ...seen.turn, oldAfter: 429 } }),
    },
    {
      id: 'too-late',
      breaks: 'it counts, but only after the time that was given',
      because: /at most 30 were allowed/,
      observation: seen => ({ ...seen, withinMs: 30, waitedMs: 31 }),
    },
    {
      id: 'one-of-several',
      breaks: 'one of several that answer goes on accepting the old token',
      because: /let in with the old token 3 times/,
      observation: seen => ({ ...seen, load: { ...seen.load, oldAgain: 3 } }),
    },
    elsewhere('stale', {
      breaks: 'a daemon goes on accepting the token that was replaced',
      because: /the old token gave 200 afterwards/,
      faults: ['stale-token'],
      unavailable: withoutFaults,
    }),
    elsewhere('not-told', {
      breaks: 'a second daemon has a file of its own, which nobody replaced',
      because: /the new token gave 401 afterwards/,
      replace: async () => {},
    }),
  ],
})

/** A few looks may all be answered by the same process; clients that ask hundreds of times meet the others, too. */
function oldLetIn({ oldAgain }: LoadReport): string | undefined {
  if (oldAgain === 0) return undefined
  return `clients were let in with the old token ${oldAgain} times after it had been seen refused: not all that answer there know of the new one`
}

/** What is wrong with what clients were answered. */
const SHUT_OUT = [
  {
    id: 'gap',
    breaks: 'one request got in with neither token',
    because: /1 of \d+ requests got in with neither token, for 999999999 ms/,
    load: { neither: 1, gapMs: 999_999_999 },
  },
  {
    id: 'gap-open',
    breaks: 'the role is shut out to the end',
    because: /accepted any longer/,
    load: { neither: 1, gapMs: 5, gapOpen: true },
  },
  {
    id: 'other-role',
    breaks: 'the other role is refused once',
    because: /the other role was refused 1 times/,
    load: { otherRefused: 1 },
  },
  {
    id: 'old-again',
    breaks: 'a client is let in with the old token after that was seen refused',
    because: /let in with the old token 1 times/,
    load: { oldAgain: 1 },
  },
  {
    id: 'no-answer',
    breaks: 'one request got no answer',
    because: /1 requests got no answer/,
    load: { unanswered: 1 },
  },
  {
    id: 'nobody-asked',
    breaks: 'nobody asked meanwhile',
    because: /nothing is known of a gap/,
    load: { accepted: 0, otherAccepted: 0 },
  },
] as const

/** Of clients that know both tokens none was shut out for longer than allowed, and the other role never. */
export const nobodyShutOut = letIn({
  id: 'nobody-shut-out',
  title:
    'No request of either role was refused with every token it could have, nor left without an answer, for longer than allowed',
  subject: rotation,
  untested: unseen,
  counterproof: elsewhere('moved-away-first', {
    breaks: 'the old file is moved away, and the new one comes a moment later',
    because: /got in with neither token/,
    replace: movedAwayFirst,
  }),
})

/** The same from before the new token was handed over to after the last verification. */
export const nobodyShutOutThroughout = letIn({
  id: 'nobody-shut-out-throughout',
  title: 'The same holds from before the new token was handed over to after the last verification',
  subject: throughout,
  counterproof: elsewhere('moved-away-later', {
    breaks: 'the file is away for a moment once the new token was seen to count',
    because: /neither token/,
    afterwards: movedAwayFirst,
  }),
})

/** What clients were answered, by the capture that has it. */
function letIn<Seen extends Throughout>({
  id,
  title,
  subject,
  untested,
  counterproof,
}: {
  readonly id: string
  readonly title: string
  readonly subject: Capture<Seen>
  readonly untested?: (context: CheckContext) => string | undefined
  readonly counterproof: SubjectCounterproof
}) {
  return defineCheck<Throughout>({
    id,
    title,

    ...(untested === undefined ? {} : { untested }),

    probe: async ({ values }) => values.get(subject),

    judge({ load, maxGapMs }) {
      const { requests, accepted, otherAccepted, otherRefused, neither, unanswered, odd, gapMs, gapOpen } = load
      const actual = { ...load }
      if (accepted === 0 || otherAccepted === 0)
        return failed('one of the roles got no answer that let it in, so nothing is known of a gap', { actual })
      const again = oldLetIn(load)
      if (again !== undefined) return failed(again, { actual })
      if (otherRefused > 0) return failed(`the other role was refused ${otherRefused} times`, { actual })
      if (unanswered + odd > 0)
        return failed(`${unanswered} requests got no answer, and ${odd} one that is neither yes nor no`, { actual })
      if (gapOpen)
        return failed(`neither token was accepted any longer, for ${gapMs} ms until nobody asked`, { actual })
      if (neither > 0 && gapMs > maxGapMs)
        return failed(`${neither} of ${requests} requests got in with neither token, for ${gapMs} ms`, {
          expected: { maxGapMs },
          actual,
        })
      return passed({ expected: { maxGapMs }, actual })
    },

    counterproofs: [
      counterproof,
      ...SHUT_OUT.map(({ load: altered, ...about }) => ({
        ...about,
        observation: (seen: Throughout) => ({ ...seen, load: { ...seen.load, ...altered } }),
      })),
    ],
  })
}

/** Before anything is handed over: clients that nobody lets in would see no gap. */
export const bothLetIn = defineCheck<LoadReport>({
  id: 'both-let-in',
  title: 'Clients of both roles are let in before anything is replaced, each time they ask',

  probe: async ({ values }) => values.get(clients).load.report(),

  judge({ accepted, otherAccepted, otherRefused, neither, unanswered, odd, requests }) {
    const actual = { requests, accepted, otherAccepted }
    if (accepted === 0 || otherAccepted === 0) return failed('one of the roles was never let in', { actual })
    const other = neither + otherRefused + unanswered + odd
    return other === 0 ? passed({ actual }) : failed(`${other} of ${requests} requests were not let in`, { actual })
  },

  counterproofs: [
    {
      id: 'never-let-in',
      breaks: 'the role whose token is replaced was never let in',
      because: /never let in/,
      observation: seen => ({ ...seen, accepted: 0 }),
    },
    {
      id: 'refused-once',
      breaks: 'the other role is refused once',
      because: /1 of \d+ requests/,
      observation: seen => ({ ...seen, otherRefused: 1 }),
    },
    {
      id: 'one-token-gone',
      breaks: 'another daemon does not know the token that they show',
      because: /never let in/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const { role, from, to, other } = context.values.get(exchange)
        const broken = withDaemon(context, await startBroken(context, scope, {}))
        const started = await startClients(broken, { role, file: '', from, replaced: false, to, other }, 50)
        scope.defer(async () => void (await started.end()))
        await letThemAsk(broken, started.rates.atRest)
        return changed(broken, { values: broken.values.with(clients, started) })
      },
    },
  ],
})

/** Whoever reads the file finds the old token or the new one. Where it is written in place, nobody can promise that. */
export const fileWhole = defineCheck<Rotation>({
  id: 'file-whole',
  title: 'Whoever read the token file meanwhile found the old token or the new one, whole',

  untested(context) {
    const lost = unseen(context)
    if (lost !== undefined) return lost
    const { style, reads } = context.values.get(rotation)
    return style === 'in-place'
      ? `style=in-place promises no such thing; ${reads.torn + reads.empty} of ${reads.reads} reads were torn or empty`
      : undefined
  },

  probe: async ({ values }) => values.get(rotation),

  judge({ reads }) {
    const actual = { ...reads }
    if (reads.reads === 0) return failed('nobody read the file meanwhile')
    if (reads.missing > 0)
      return failed(`the file was not there for ${reads.missing} of ${reads.reads} reads`, { actual })
    if (reads.torn + reads.empty > 0) return failed(`${reads.torn} reads were torn, ${reads.empty} empty`, { actual })
    return passed({ actual })
  },

  counterproofs: [
    {
      id: 'torn',
      breaks: 'one read is torn',
      because: /1 reads were torn/,
      observation: seen => ({ ...seen, reads: { ...seen.reads, torn: 1 } }),
    },
    {
      id: 'empty',
      breaks: 'one read finds it empty',
      because: /1 empty/,
      observation: seen => ({ ...seen, reads: { ...seen.reads, empty: 1 } }),
    },
    {
      id: 'unread',
      breaks: 'nobody read it',
      because: /nobody read/,
      observation: seen => ({ ...seen, reads: { reads: 0, torn: 0, empty: 0, missing: 0 } }),
    },
    elsewhere('file-missing', {
      breaks: 'the old file is moved away, and the new one comes a moment later',
      because: /was not there/,
      replace: movedAwayFirst,
    }),
  ],
})

/** Asked also where a run broke off while the token was replaced, and nobody saw how it went. */
export const fileTokenAccepted = defineCheck<{ readonly status: number }>({
  id: 'file-token-accepted',
  title: 'The token that the file holds now opens what it is meant for',

  async probe(context) {
    const { role, file } = context.values.get(exchange)
    const { secrets, cheap } = context.target.http
    const bearer = await context.tools.files.readSecret(file, 'token-in-the-file')
    context.protect(bearer)
    return { status: (await ask(context, role === 'admin' ? secrets : cheap, { bearer })).status }
  },

  judge: ({ status }) =>
    status === 200 ? passed({ actual: { status } }) : failed(`the token in the file gave ${status}, expected 200`),

  counterproofs: [
    {
      id: 'refused',
      breaks: 'the daemon refuses what the file holds',
      because: /gave 401/,
      observation: () => ({ status: 401 }),
    },
    {
      id: 'another-daemon',
      breaks: 'the daemon that is asked goes by another file',
      because: /gave 401/,
      cost: { instances: 1 },
      subject: async (context, scope) => withDaemon(context, await startBroken(context, scope, {})),
    },
  ],
})

function unseen({ values }: CheckContext): string | undefined {
  return values.find(rotation) === undefined
    ? 'the run broke off while the token was replaced, and what was seen of it is lost'
    : undefined
}

/** Afterwards: who may do what. */
export const rolesStillApart = tokensApart(
  'roles-still-apart',
  'After the rotation the new token and the other role’s are accepted, old, wrong and missing ones refused, and read-only cannot change anything',
  ({ values }) => {
    const { role, from, to, other } = values.get(exchange)
    const [adminToken, readonlyToken] = role === 'admin' ? [to, other] : [other, to]
    return { instance: values.get(isolated).instance, adminToken, readonlyToken, replacedToken: from }
  },
)

interface Elsewhere {
  readonly breaks: string
  readonly because: RegExp
  readonly faults?: readonly string[]
  readonly unavailable?: SubjectCounterproof['unavailable']
  readonly replace?: (context: CheckContext, file: string, to: Secret) => Promise<void>
  /** Done once the new token was seen to count. */
  readonly afterwards?: (context: CheckContext, file: string, to: Secret) => Promise<void>
}

/** The same rotation of another daemon, with something wrong about it. It is not waited for. */
function elsewhere(
  id: string,
  { breaks, because, faults = [], unavailable, replace, afterwards }: Elsewhere,
): SubjectCounterproof {
  return {
    id,
    breaks,
    because,
    cost: { instances: 1 },
    ...(unavailable === undefined ? {} : { unavailable }),
    subject: async (context, scope) => {
      const other = await startBroken(context, scope, { extras: { faults } })
      const broken = withDaemon(context, other)
      const { role } = context.values.get(exchange)
      const to = randomSecret('new-token-elsewhere')
      context.protect(to)
      const swap: Exchange & { readonly from: Secret } =
        role === 'admin'
          ? {
              role,
              file: other.adminTokenFile,
              from: other.adminToken,
              to,
              other: other.readonlyToken,
              replaced: false,
            }
          : {
              role,
              file: other.readonlyTokenFile,
              from: other.readonlyToken,
              to,
              other: other.adminToken,
              replaced: false,
            }
      const started = await startClients(broken, swap, 50)
      scope.defer(async () => void (await started.end()))
      const how = {
        style: 'rename' as const,
        withinMs: 0,
        maxGapMs: 0,
        ...(replace === undefined ? {} : { replace: () => replace(broken, swap.file, to) }),
      }
      const seen = await rotateUnderLoad(broken, swap, how, started)
      started.load.pace(started.rates.atSwap)
      await afterwards?.(broken, swap.file, to)
      const whole = { load: await started.load.stop(), maxGapMs: 0 }
      return changed(broken, { values: broken.values.with(rotation, seen).with(throughout, whole) })
    },
  }
}

async function movedAwayFirst({ tools }: CheckContext, file: string, to: Secret): Promise<void> {
  await tools.files.remove(file)
  await delay(AWAY_MS)
  await tools.files.write(file, to)
}
