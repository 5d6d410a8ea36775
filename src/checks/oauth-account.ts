import { withProxy } from '../daemon/break.ts'
import { daemon } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import { type CheckContext, changed, defineCheck, failed, type Json, passed } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { Answer } from '../model/http.ts'
import type { Interposition } from '../model/interposer.ts'
import { parseJson } from '../model/json-answer.ts'
import type { OAuthAccount } from '../model/mcp.ts'
import { ask, askFor } from '../suite/ask.ts'
import { issuedByOAuth, OAUTH_SERVER, oauthEvents, orderOAuth } from '../suite/mcp-site.ts'
import { logIn, say } from '../suite/oauth-login.ts'

const ADMIN = ['admin-token', 'binary'] as const

interface Shown {
  readonly commands: readonly {
    readonly words: string
    readonly exitCode: number | null
    /** Names of the values in what was printed. */
    readonly holds: readonly string[]
    readonly account: OAuthAccount | undefined
  }[]
  readonly slot: string
  /** Values that were looked for. */
  readonly values: number
}

/** Every way to look at an account shows the same one, and no token. */
export const oauthAccountShown = defineCheck<Shown>({
  id: 'oauth-account',
  title: 'Every way to look at the account shows it, and none shows a token',
  needs: ADMIN,
  covers: ['9.F/5', '9.F/10'],

  async probe(context) {
    const { accountSlot, read } = context.target.mcp
    const slot = accountSlot(OAUTH_SERVER)
    const issued = await issuedByOAuth(context)
    const look = async (words: readonly string[], find: (document: Json) => OAuthAccount | undefined) => {
      const { exitCode, stdout, stderr } = await say(context, words)
      return {
        words: words.join(' '),
        exitCode,
        holds: heldBy(stdout + stderr, issued),
        account: exitCode === 0 ? find(parseJson(stdout, `${words.join(' ')} printed`)) : undefined,
      }
    }
    const accounts = ['runtime', 'auth', 'accounts']
    return {
      commands: [
        await look(['mcp', 'oauth', 'status', OAUTH_SERVER], read.account),
        await look([...accounts, 'get', slot], read.account),
        await look([...accounts, 'list'], list => read.accounts(list).find(account => account.slot === slot)),
      ],
      slot,
      values: issued.length,
    }
  },

  judge({ commands, slot, values }) {
    if (values < 2) return failed('no token was looked for')
    for (const { words, exitCode, holds, account } of commands) {
      if (exitCode !== 0) return failed(`${words}: exit ${exitCode}`)
      if (holds.length > 0) return failed(`${words} prints ${holds[0]}`)
      if (account?.slot !== slot) return failed(`${words} does not show the account`)
    }
    const [first] = commands
    const other = commands.find(({ account }) => JSON.stringify(account) !== JSON.stringify(first?.account))
    if (first === undefined) return failed('nothing was looked at')
    return other === undefined
      ? passed({ actual: { commands: commands.map(one => one.words), values } })
      : failed(`${other.words} shows another account than ${first.words}`)
  },

  counterproofs: [
    {
      id: 'nothing-looked-for',
      breaks: 'no token was looked for',
      because: /no token/,
      observation: observed => ({ ...observed, values: 0 }),
    },
    {
      id: 'nothing-looked-at',
      breaks: 'nothing was looked at',
      because: /nothing was looked at/,
      observation: observed => ({ ...observed, commands: [] }),
    },
    {
      id: 'shown-in-an-error',
      breaks: 'one command prints a refresh token',
      because: /prints refresh/,
      observation: ({ commands: [first, ...rest], ...other }) => ({
        ...other,
        commands: [{ ...first!, holds: ['refresh'] }, ...rest],
      }),
    },
    {
      id: 'token-in-details',
      breaks: 'the daemon shows the access token among the details of the account',
      because: /prints access/,
      subject: async (context, scope) => {
        const issued = await issuedByOAuth(context)
        const token = issued.findLast(({ kind }) => kind === 'access')!.value.reveal()
        return withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll('"details":{', `"details":{"access_token":"${token}",`),
        })
      },
    },
  ],
})

/** Names of the values that stand in a text. */
function heldBy(text: string, issued: Awaited<ReturnType<typeof issuedByOAuth>>): readonly string[] {
  return issued.filter(({ value }) => text.includes(value.reveal())).map(({ kind }) => kind)
}

/** How often the authorization server did what, and how much it handed out. */
interface Ledger {
  readonly refreshGrants: number
  readonly access: number
  readonly refresh: number
}

async function ledgerOf(context: CheckContext): Promise<Ledger> {
  const events = await oauthEvents(context)
  const issued = await issuedByOAuth(context)
  const of = (kind: string) => issued.filter(one => one.kind === kind).length
  return {
    refreshGrants: events.filter(
      ({ type, grant_type, outcome }) => type === 'token' && grant_type === 'refresh_token' && outcome === 'granted',
    ).length,
    access: of('access'),
    refresh: of('refresh'),
  }
}

interface Refreshed {
  readonly before: OAuthAccount
  readonly exitCode: number | null
  readonly said: OAuthAccount | undefined
  readonly after: OAuthAccount
  /** What happened at the authorization server meanwhile. */
  readonly grown: Ledger
}

export const refreshed = capture<Refreshed>('refresh', 'what became of the refresh')

/** Has the daemon get new tokens now. What a step does, and a counterproof on another daemon. */
export async function refreshNow(context: CheckContext): Promise<Refreshed> {
  const [before, first] = [await accountOf(context, OAUTH_SERVER), await ledgerOf(context)]
  const { exitCode, stdout } = await say(context, ['mcp', 'oauth', 'refresh', OAUTH_SERVER])
  const { read } = context.target.mcp
  const last = await ledgerOf(context)
  return {
    before,
    exitCode,
    said: exitCode === 0 ? read.account(parseJson(stdout, 'the refresh printed')) : undefined,
    after: await accountOf(context, OAUTH_SERVER),
    grown: {
      refreshGrants: last.refreshGrants - first.refreshGrants,
      access: last.access - first.access,
      refresh: last.refresh - first.refresh,
    },
  }
}

/** A refresh gets new tokens from the authorization server, and the account says when. */
export const oauthRefreshed = defineCheck<Refreshed>({
  id: 'oauth-refresh',
  title: 'A refresh gets new tokens from the authorization server, and the account says when',
  needs: ADMIN,
  covers: ['9.F/6'],
  probe: async context => context.values.get(refreshed),

  judge({ before, exitCode, said, after, grown }) {
    if (exitCode !== 0 || said === undefined) return failed(`the refresh ended with exit ${exitCode}`)
    if (said.lastRefreshOutcome !== 'success')
      return failed('the refresh does not call itself a success', { actual: said.lastRefreshOutcome ?? null })
    if (grown.refreshGrants !== 1 || grown.access !== 1 || grown.refresh !== 1)
      return failed('the authorization server did not hand out one new pair of tokens', { actual: { ...grown } })
    const [earlier, later] = [before.lastRefreshAtMs ?? 0, after.lastRefreshAtMs]
    if (later === undefined || later <= earlier) return failed('the instant of the last refresh did not move')
    if (said.lastRefreshAtMs !== later) return failed('the refresh told another instant than the account shows')
    return passed({ actual: { ...grown } })
  },

  counterproofs: [
    {
      id: 'instant-stays',
      breaks: 'the instant of the last refresh does not move',
      because: /did not move/,
      observation: observed => ({
        ...observed,
        before: { ...observed.before, lastRefreshAtMs: observed.after.lastRefreshAtMs },
      }),
    },
    {
      id: 'outcome-failed',
      breaks: 'it calls itself a failure',
      because: /call itself a success/,
      observation: observed => ({ ...observed, said: { ...observed.said!, lastRefreshOutcome: 'failed' } }),
    },
    {
      id: 'pretended',
      breaks: 'something answers the refresh with success and asks nobody',
      because: /did not hand out/,
      async subject(context, scope) {
        const other = await withProxy(context, scope, await answeringRefresh(context, OAUTH_SERVER))
        return changed(other, { values: other.values.with(refreshed, await refreshNow(other)) })
      },
    },
  ],
})

const EXPIRED_SERVER = 'oauthExpired'
const REVOKED_SERVER = 'oauthRevoked'
const LIFETIME_SEC = 3_600

interface Ended {
  readonly expired: { readonly expiresAtMs: number; readonly nowMs: number; readonly renewedUntilMs: number }
  readonly revoked: { readonly status: number; readonly holds: readonly string[]; readonly account: OAuthAccount }
}

/** An ended token is renewed; a revoked one is not, and what was said about it stays where it was said. */
export const oauthEnded = defineCheck<Ended>({
  id: 'oauth-ended',
  title: 'An expired token is renewed; a revoked account is told so, without the token that the refusal repeats',
  needs: ADMIN,

  async probe(context) {
    try {
      return { expired: await expire(context), revoked: await revoke(context) }
    } finally {
      await orderOAuth(context, { access_token_lifetime_sec: LIFETIME_SEC, token_failure: '' })
      const { paths, accountSlot } = context.target.mcp
      for (const server of [EXPIRED_SERVER, REVOKED_SERVER])
        await ask(context, paths.revokeAccount(accountSlot(server)), { method: 'POST' })
    }
  },

  judge({ expired, revoked }) {
    const { expiresAtMs, nowMs, renewedUntilMs } = expired
    if (expiresAtMs > nowMs) return failed('the token that was to be expired is not shown so')
    if (renewedUntilMs - nowMs < (LIFETIME_SEC * 1_000) / 2)
      return failed('the expired token was not renewed', { actual: renewedUntilMs - nowMs })
    const { status, holds, account } = revoked
    if (status < 400) return failed(`the refresh of a revoked account gave ${status}`)
    if (holds.length > 0) return failed(`the refusal repeats ${holds[0]}`)
    return account.lastRefreshOutcome === 'success'
      ? failed('the revoked account shows a refresh that succeeded')
      : passed({ actual: { status, outcome: account.lastRefreshOutcome ?? null } })
  },

  counterproofs: [
    {
      id: 'not-expired',
      breaks: 'the token was not expired in the first place',
      because: /is not shown so/,
      observation: observed => ({ ...observed, expired: { ...observed.expired, expiresAtMs: 2 ** 52 } }),
    },
    {
      id: 'still-expired',
      breaks: 'the new token is expired, too',
      because: /was not renewed/,
      observation: observed => ({
        ...observed,
        expired: { ...observed.expired, renewedUntilMs: observed.expired.expiresAtMs },
      }),
    },
    {
      id: 'refusal-repeated',
      breaks: 'what the authorization server said is passed on',
      because: /the refusal repeats refresh/,
      observation: observed => ({ ...observed, revoked: { ...observed.revoked, holds: ['refresh'] } }),
    },
    {
      id: 'covered-up',
      breaks: 'something in between answers the refresh of the revoked account as if it had worked',
      because: /gave 200/,
      subject: async (context, scope) => withProxy(context, scope, await answeringRefresh(context, REVOKED_SERVER)),
    },
  ],
})

async function expire(context: CheckContext): Promise<Ended['expired']> {
  await orderOAuth(context, { access_token_lifetime_sec: 0 })
  const { expiresAtMs } = accountIn(await logIn(context, EXPIRED_SERVER))
  const nowMs = context.tools.clock.now().getTime()
  await orderOAuth(context, { access_token_lifetime_sec: LIFETIME_SEC })
  await refresh(context, EXPIRED_SERVER)
  await issuedByOAuth(context)
  const renewed = await accountOf(context, EXPIRED_SERVER)
  if (expiresAtMs === undefined || renewed.expiresAtMs === undefined)
    throw new RunproofError('ANSWER_MALFORMED', 'an account with a known lifetime does not say when it ends')
  return { expiresAtMs, nowMs, renewedUntilMs: renewed.expiresAtMs }
}

async function revoke(context: CheckContext): Promise<Ended['revoked']> {
  accountIn(await logIn(context, REVOKED_SERVER))
  await orderOAuth(context, { revoke: 'refresh', token_failure: 'invalid_grant' })
  const { status, text } = await refresh(context, REVOKED_SERVER)
  const issued = await issuedByOAuth(context)
  return { status, holds: heldBy(text, issued), account: await accountOf(context, REVOKED_SERVER) }
}

/** Answers the refresh of a server's account with what a refresh that worked was answered. */
async function answeringRefresh(context: CheckContext, server: string): Promise<Interposition> {
  const { paths, accountSlot } = context.target.mcp
  const { adminToken } = context.values.get(daemon)
  const { text } = await ask(context, paths.account(accountSlot(OAUTH_SERVER)), { bearer: adminToken! })
  return {
    answer: {
      paths: [paths.refreshAccount(accountSlot(server))],
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: text,
    },
  }
}

/** Here the client would only pass on what is answered. */
function refresh(context: CheckContext, server: string): Promise<Answer> {
  const { paths, accountSlot } = context.target.mcp
  return ask(context, paths.refreshAccount(accountSlot(server)), { method: 'POST' })
}

function accountIn({ account, exitCode }: Awaited<ReturnType<typeof logIn>>): OAuthAccount {
  if (account === undefined) throw new RunproofError('COMMAND_FAILED', `the login ended with exit ${exitCode}`)
  return account
}

function accountOf(context: CheckContext, server: string): Promise<OAuthAccount> {
  const { paths, accountSlot, read } = context.target.mcp
  const { adminToken } = context.values.get(daemon)
  return askFor(context, paths.account(accountSlot(server)), read.account, { bearer: adminToken! })
}
