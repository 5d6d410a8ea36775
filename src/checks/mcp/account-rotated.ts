import { withProxy } from '../../daemon/break.ts'
import { daemon } from '../../daemon/subjects.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { OAuthAccount } from '../../model/mcp.ts'
import {
  accountNow,
  accountRun,
  accountsNow,
  accountUse,
  loggedOut,
  logOut,
  newestTokens,
  oldTokens,
  type Renewed,
  renew,
  renewed,
} from '../../rotation/mcp/mcp-oauth.ts'
import { goodLeases, slotChangedAtMs } from '../../rotation/slots/slot.ts'
import { waitUntil, withinMsOf } from '../../rotation/wait-until.ts'
import { ask } from '../../suite/ask.ts'
import { type OAuthEvent, oauthEvents, showProtected, showRefresh } from '../../suite/mcp-site.ts'
import { logIn } from '../../suite/oauth-login.ts'
import { asAdmin } from '../../suite/revocations.ts'

const ADMIN = ['admin-token', 'binary'] as const
/** Another account of the rehearsal, which nobody takes away at the authorization server. */
const UNTOLD_SERVER = 'oauthUntold'

interface Wanted {
  readonly url: string
  readonly scopes: readonly string[]
}

/** Whoever logs in again logs in for the same, and cannot look it up after the logout. */
export const loginFits = defineCheck<{ readonly given: Wanted; readonly account: Wanted }>({
  id: 'login-fits',
  title: 'url= and scopes=, with which somebody will log in again, are those of the account',

  async probe({ params, values }) {
    const { resource, scopes } = values.get(accountUse)
    return {
      given: { url: params['url']!, scopes: params['scopes']?.split(',') ?? [] },
      account: { url: resource, scopes },
    }
  },

  judge({ given, account }) {
    if (given.url.replace(/\/$/, '') !== account.url.replace(/\/$/, ''))
      return failed('the account is for another resource; nothing was changed', {
        expected: account.url,
        actual: given.url,
      })
    return given.scopes.toSorted().join() === account.scopes.toSorted().join()
      ? passed({ actual: { url: account.url, scopes: [...account.scopes] } })
      : failed('the account has other scopes; nothing was changed', {
          expected: [...account.scopes],
          actual: [...given.scopes],
        })
  },

  counterproofs: [
    {
      id: 'elsewhere',
      breaks: 'somebody would log in for another resource',
      because: /another resource/,
      observation: observed => ({ ...observed, given: { ...observed.given, url: 'https://elsewhere.example/mcp' } }),
    },
    {
      id: 'more-scopes',
      breaks: 'somebody would log in for one scope more',
      because: /other scopes/,
      observation: observed => ({
        ...observed,
        given: { ...observed.given, scopes: [...observed.given.scopes, 'more'] },
      }),
    },
  ],
})

interface Gone {
  readonly accepted: boolean
  readonly listed: boolean
  /** Of the slot, asked for. */
  readonly stored: boolean
  readonly leases: number
  /** A rehearsal has had a run take one. */
  readonly leased: boolean
  readonly good: readonly string[]
}

/** Whoever logs out is forgotten, and so are the leases on what he had. */
export const accountGone = defineCheck<Gone>({
  id: 'account-gone',
  title: 'The logout was accepted, neither account nor slot is there, and no lease that was seen on it is good',
  needs: ADMIN,

  async probe(context) {
    const { slot, leases } = context.values.get(accountUse)
    return {
      ...context.values.get(loggedOut),
      listed: (await accountsNow(context)).includes(slot),
      stored: (await slotChangedAtMs(context, slot)) !== undefined,
      leases: leases.length,
      leased: context.values.get(daemon).reached === 'isolated',
      good: await goodLeases(context, leases, slot),
    }
  },

  judge({ accepted, listed, stored, leases, leased, good }) {
    if (!accepted) return failed('the logout was not accepted')
    if (listed) return failed('the account is still listed')
    if (stored) return failed('the slot still holds it')
    if (leased && leases === 0) return failed('no lease was held before, so none can have ended')
    return good.length === 0 ? passed({ actual: { leases } }) : failed(`${good.length} leases on it are good as before`)
  },

  counterproofs: [
    {
      id: 'not-accepted',
      breaks: 'the daemon does not accept it',
      because: /not accepted/,
      observation: observed => ({ ...observed, accepted: false }),
    },
    {
      id: 'slot-kept',
      breaks: 'the account is listed no longer, and its slot is there',
      because: /still holds it/,
      observation: observed => ({ ...observed, stored: true }),
    },
    {
      id: 'no-lease',
      breaks: 'no run had used the account',
      because: /no lease was held/,
      observation: observed => ({ ...observed, leases: 0, leased: true }),
    },
    {
      id: 'lease-lives',
      breaks: 'a lease on it is good',
      because: /good as before/,
      observation: observed => ({ ...observed, good: ['one'] }),
    },
    {
      id: 'kept',
      breaks: 'something answers a logout with success and forgets nothing',
      because: /still listed/,
      async subject(context, scope) {
        const { paths, accountSlot } = context.target.mcp
        const slot = accountSlot(UNTOLD_SERVER)
        await logIn(context, UNTOLD_SERVER)
        scope.defer(() => forget(context, slot))
        const other = await withProxy(context, scope, {
          answer: {
            paths: [paths.revokeAccount(slot)],
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: '{"accepted":true}',
          },
        })
        const there = changed(other, { params: { ...other.params, server: UNTOLD_SERVER } })
        const use = { ...context.values.get(accountUse), slot, leases: [] }
        const values = there.values.with(accountUse, use)
        return changed(there, { values: values.with(loggedOut, await logOut(there)) })
      },
    },
  ],
})

/** Takes an account away that a counterproof has made. */
async function forget(context: CheckContext, slot: string): Promise<void> {
  await ask(context, context.target.mcp.paths.revokeAccount(slot), { method: 'POST' })
}

interface Back {
  readonly listed: boolean
  readonly before: number
  readonly after: number
}

/** Somebody has logged in again: on a running daemon that is waited for. */
export const accountBack = defineCheck<Back>({
  id: 'account-back',
  title: 'The account is there again, and was stored after the old one',
  needs: ADMIN,

  probe(context) {
    const { slot, updatedAtMs } = context.values.get(accountUse)
    const own = context.values.get(daemon).reached === 'isolated'
    const look = async (): Promise<Back> => ({
      listed: (await accountsNow(context)).includes(slot),
      before: updatedAtMs,
      after: (await slotChangedAtMs(context, slot)) ?? 0,
    })
    return waitUntil(context, own ? 0 : withinMsOf(context), look, ({ listed }) => listed)
  },

  judge({ listed, before, after }) {
    if (!listed) return failed('there is no account: nobody has logged in again')
    return after > before ? passed() : failed('the account is the one that was to be replaced')
  },

  counterproofs: [
    {
      id: 'old-one',
      breaks: 'the account was never replaced',
      because: /was to be replaced/,
      observation: observed => ({ ...observed, after: observed.before }),
    },
    {
      id: 'nobody',
      breaks: 'the daemon lists no account',
      because: /nobody has logged in/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: {
            paths: [context.target.mcp.paths.accounts],
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: '[]',
          },
        }),
    },
  ],
})

interface Refreshed extends Renewed {
  readonly after: OAuthAccount | undefined
}

/** New tokens, and not the word of the daemon alone. */
export const accountRenewed = defineCheck<Refreshed>({
  id: 'account-renewed',
  title: 'The refresh got one new pair of tokens, calls itself a success, and the account shows when that was',
  needs: ADMIN,
  async probe(context) {
    return { ...context.values.get(renewed), after: await accountNow(context, context.values.get(accountUse).slot) }
  },

  judge({ exitCode, said, lastBeforeMs, issued, after }) {
    if (exitCode !== 0 || said === undefined) return failed(`the refresh ended with exit ${exitCode}`)
    if (said.lastRefreshOutcome !== 'success')
      return failed('the refresh does not call itself a success', { actual: said.lastRefreshOutcome ?? null })
    if (issued !== undefined && issued.toSorted().join() !== 'access,refresh')
      return failed('the authorization server did not hand out one new pair of tokens', { actual: [...issued] })
    const at = after?.lastRefreshAtMs
    if (at === undefined || at <= (lastBeforeMs ?? 0))
      return failed('the instant of the last refresh did not move: within five seconds of the last one nothing is done')
    return at === said.lastRefreshAtMs
      ? passed({ actual: { lastRefreshAtMs: at, issued: issued === undefined ? null : [...issued] } })
      : failed('the refresh told another instant than the account shows')
  },

  counterproofs: [
    {
      id: 'too-soon',
      breaks: 'it was refreshed a moment ago, so nothing was done',
      because: /did not move/,
      observation: observed => ({ ...observed, lastBeforeMs: observed.after!.lastRefreshAtMs }),
    },
    {
      id: 'outcome-failed',
      breaks: 'it calls itself a failure',
      because: /call itself a success/,
      observation: observed => ({ ...observed, said: { ...observed.said!, lastRefreshOutcome: 'failed' } }),
    },
    {
      id: 'access-only',
      breaks: 'the refresh token stays the same',
      because: /one new pair/,
      observation: observed => ({ ...observed, issued: ['access'] }),
    },
    {
      id: 'pretended',
      breaks: 'something answers the refresh with success and asks nobody',
      because: /did not hand out/,
      async subject(context, scope) {
        const { paths } = context.target.mcp
        const { slot } = context.values.get(accountUse)
        const { text } = await ask(context, paths.account(slot), asAdmin(context))
        const other = await withProxy(context, scope, {
          answer: {
            paths: [paths.refreshAccount(slot)],
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: text,
          },
        })
        return changed(other, { values: other.values.with(renewed, await renew(other)) })
      },
    },
  ],
})

interface InUse {
  readonly account: Pick<OAuthAccount, 'resource' | 'scopes'> | undefined
  readonly expected: { readonly resource: string; readonly scopes: readonly string[] }
  readonly before: number
  readonly after: number
  /** What a run came to, and what the authorization server and the server behind it saw; undefined where they are not ours. */
  readonly seen:
    | {
        readonly said: boolean
        /** Before the run that was to use the account, and with it. */
        readonly outside: readonly OAuthEvent[]
        readonly inside: readonly OAuthEvent[]
        /** How many access tokens were handed out. */
        readonly newest: number
      }
    | undefined
}

/** What a rehearsal sees, also where there was none to see it. */
const GOOD_USE = {
  said: true,
  outside: [],
  inside: [{ type: 'resource', rpc: 'tools/call', token: 'right', access: 1, status: 200 }],
  newest: 1,
} as const

/** The account is back, for the same, and what reaches the server is the newest token of all. */
export const accountInUse = defineCheck<InUse>({
  id: 'account-in-use',
  title: 'The account is there for the same resource and scopes, and only runs show its newest token to the server',
  needs: ADMIN,

  async probe(context) {
    const { slot, resource, scopes, updatedAtMs, eventsBefore } = context.values.get(accountUse)
    const listed = (await accountsNow(context)).includes(slot)
    const account = listed ? await accountNow(context, slot) : undefined
    const after = (await slotChangedAtMs(context, slot)) ?? 0
    const common = { account, after, expected: { resource, scopes }, before: updatedAtMs }
    if (context.values.get(daemon).reached === 'running') return { ...common, seen: undefined }
    const run = context.values.get(accountRun)
    const events = await oauthEvents(context)
    const handedOut = events.filter(({ type, outcome }) => type === 'token' && outcome === 'granted').length
    return {
      ...common,
      seen: {
        said: run.said,
        outside: events.slice(eventsBefore, run.eventsBefore),
        inside: events.slice(run.eventsBefore),
        newest: handedOut,
      },
    }
  },

  judge({ account, expected, before, after, seen }) {
    if (account === undefined) return failed('there is no account')
    if (account.resource !== expected.resource)
      return failed('the account is for another resource', { expected: expected.resource, actual: account.resource })
    if (account.scopes.toSorted().join() !== expected.scopes.toSorted().join())
      return failed('the account has other scopes', { expected: [...expected.scopes], actual: [...account.scopes] })
    if (after <= before) return failed('the account is the one that was to be replaced')
    if (seen === undefined) return passed({ actual: { updatedAtMs: after } })
    const shown = seen.outside.find(({ type, token }) => type === 'resource' && token !== 'absent')
    if (shown !== undefined) return failed('the server was shown a token outside of a run')
    const visits = seen.inside.filter(({ type }) => type === 'resource')
    const stale = visits.find(({ token, access }) => token !== 'right' || access !== seen.newest)
    if (stale !== undefined)
      return failed(
        `a run showed access token ${stale.access ?? 'none'}, which is ${stale.token}, and ${seen.newest} is the newest`,
      )
    if (!visits.some(({ rpc, status }) => rpc === 'tools/call' && status === 200)) return failed('no tool call came')
    return seen.said
      ? passed({ actual: { visits: visits.length, access: seen.newest } })
      : failed('the run did not go on after the tool call')
  },

  counterproofs: [
    {
      id: 'gone',
      breaks: 'nobody has logged in again',
      because: /there is no account/,
      observation: observed => ({ ...observed, account: undefined }),
    },
    {
      id: 'more-scopes',
      breaks: 'the new account has more scopes than the old one',
      because: /other scopes/,
      observation: observed => ({
        ...observed,
        account: { ...observed.account!, scopes: [...observed.account!.scopes, 'write'] },
      }),
    },
    {
      id: 'same-as-before',
      breaks: 'the account was never replaced',
      because: /was to be replaced/,
      observation: observed => ({ ...observed, after: observed.before }),
    },
    {
      id: 'old-token',
      breaks: 'the run shows the access token before the newest',
      because: /is the newest/,
      observation: observed => ({ ...observed, seen: { ...GOOD_USE, newest: 2 } }),
    },
    {
      id: 'shown-outside',
      breaks: 'the daemon connects to the server in no session',
      because: /outside of a run/,
      observation: observed => ({
        ...observed,
        seen: { ...GOOD_USE, outside: [{ type: 'resource', token: 'right', access: 1 }] },
      }),
    },
    {
      id: 'elsewhere',
      breaks: 'the account is shown for another resource',
      because: /another resource/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_path, text) =>
            text.replaceAll(/"resource":"[^"]*"/g, '"resource":"https://elsewhere.example/mcp"'),
        }),
    },
  ],
})

/** The same of a running daemon, where nobody sees what the server is shown. */
export const accountThere: typeof accountInUse = {
  ...accountInUse,
  id: 'account-there',
  title: 'The account is there for the same resource and scopes, and is another than before',
}

interface Shown {
  /** HTTP status that each was answered with, by the server and by the authorization server. */
  readonly fresh: number
  readonly access: number
  readonly refresh: number
  /** Whether the access token was to be dead, too. */
  readonly accessDead: boolean
}

/**
 * Whoever has the old tokens. The old refresh token is shown last: an authorization server that sees a replaced one takes
 * everything away that came of it.
 *
 * @see RFC 9700, section 4.14.2
 */
export const oldTokensRefused = defineCheck<Shown>({
  id: 'old-tokens-refused',
  title:
    'The authorization server gives nothing for the old refresh token, and after a new login the server refuses the old access token',

  async probe(context) {
    const old = context.values.get(oldTokens)
    const { access } = await newestTokens(context, old.clientId)
    return {
      fresh: await showProtected(context, access),
      access: await showProtected(context, old.access),
      refresh: await showRefresh(context, old.refresh, old.clientId),
      accessDead: context.params['how'] !== 'refresh',
    }
  },

  judge({ fresh, access, refresh, accessDead }) {
    const actual = { fresh, access, refresh }
    if (fresh !== 200) return failed(`the new access token gave ${fresh}, so nothing is shown by a refusal`, { actual })
    if (accessDead && access !== 401)
      return failed(`the old access token gave ${access}: nobody told the authorization server`, {
        expected: 401,
        actual,
      })
    if (refresh === 200) return failed('the old refresh token gave new tokens', { actual })
    return refresh === 400
      ? passed({ actual })
      : failed(`the old refresh token gave ${refresh}, expected 400`, { actual })
  },

  counterproofs: [
    {
      id: 'all-refused',
      breaks: 'the server refuses the new token as well',
      because: /nothing is shown by a refusal/,
      observation: observed => ({ ...observed, fresh: 401 }),
    },
    {
      id: 'server-down',
      breaks: 'the authorization server answers nobody',
      because: /gave 503/,
      observation: observed => ({ ...observed, refresh: 503 }),
    },
    {
      id: 'nobody-told',
      breaks: 'another account is logged out and in again, and nobody tells the authorization server',
      because: /nobody told the authorization server|gave new tokens/,
      async subject(context, scope) {
        const slot = context.target.mcp.accountSlot(UNTOLD_SERVER)
        scope.defer(() => forget(context, slot))
        const first = await logIn(context, UNTOLD_SERVER)
        if (first.account === undefined) throw new RunproofError('COMMAND_FAILED', 'the login stored no account')
        const tokens = await newestTokens(context, first.account.clientId)
        if (context.params['how'] !== 'refresh') {
          await forget(context, slot)
          await logIn(context, UNTOLD_SERVER)
        }
        return changed(context, { values: context.values.with(oldTokens, tokens) })
      },
    },
  ],
})
