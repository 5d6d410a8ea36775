import { withProxy } from '../../daemon/break.ts'
import { daemon } from '../../daemon/subjects.ts'
import { capture } from '../../model/capture.ts'
import { type CheckContext, changed, defineCheck, failed, type Json, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { Interposition } from '../../model/interposer.ts'
import { parseJson } from '../../model/json-answer.ts'
import type { OAuthAccount } from '../../model/mcp.ts'
import { ask, askFor } from '../../suite/ask.ts'
import { issuedByOAuth, OAUTH_SERVER, oauthEvents, orderOAuth } from '../../suite/mcp-site.ts'
import { logIn, say } from '../../suite/oauth-login.ts'
import { heldBy } from './held-by.ts'

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
  /** Names of the values in what was printed. */
  readonly holds: readonly string[]
  /** What happened at the authorization server meanwhile. */
  readonly grown: Ledger
}

export const refreshed = capture<Refreshed>('refresh', 'what became of the refresh')

/** Has the daemon get new tokens now. What a step does, and a counterproof on another daemon. */
export async function refreshNow(context: CheckContext): Promise<Refreshed> {
  const [before, first] = [await accountOf(context, OAUTH_SERVER), await ledgerOf(context)]
  const { exitCode, stdout, stderr } = await say(context, ['mcp', 'oauth', 'refresh', OAUTH_SERVER])
  const { read } = context.target.mcp
  const last = await ledgerOf(context)
  return {
    before,
    exitCode,
    said: exitCode === 0 ? read.account(parseJson(stdout, 'the refresh printed')) : undefined,
    after: await accountOf(context, OAUTH_SERVER),
    holds: heldBy(stdout + stderr, await issuedByOAuth(context)),
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
  covers: ['9.F/5', '9.F/6'],
  probe: async context => context.values.get(refreshed),

  judge({ before, exitCode, said, after, holds, grown }) {
    if (holds.length > 0) return failed(`the refresh prints ${holds[0]}`)
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
      id: 'refresh-printed',
      breaks: 'it prints the token it got',
      because: /prints access/,
      observation: observed => ({ ...observed, holds: ['access as base64'] }),
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

const REVOKED_SERVER = 'oauthRevoked'

interface Revoked {
  readonly status: number
  /** Names of the values in the refusal. */
  readonly holds: readonly string[]
  /** Values that were looked for. */
  readonly values: number
  readonly account: OAuthAccount
}

/** A revoked account is not refreshed, and what was said about it stays where it was said. */
export const oauthRevoked = defineCheck<Revoked>({
  id: 'oauth-revoked',
  title: 'The refresh of a revoked account fails, without the token that the authorization server repeats',
  needs: ADMIN,

  async probe(context) {
    const { paths, accountSlot } = context.target.mcp
    const slot = accountSlot(REVOKED_SERVER)
    try {
      const { account, exitCode } = await logIn(context, REVOKED_SERVER)
      if (account === undefined) throw new RunproofError('COMMAND_FAILED', `the login ended with exit ${exitCode}`)
      await orderOAuth(context, { revoke: 'refresh', token_failure: 'invalid_grant' })
      // Here the client would only pass on what is answered.
      const { status, text } = await ask(context, paths.refreshAccount(slot), { method: 'POST' })
      const issued = await issuedByOAuth(context)
      return {
        status,
        holds: heldBy(text, issued),
        values: issued.length,
        account: await accountOf(context, REVOKED_SERVER),
      }
    } finally {
      await orderOAuth(context, { token_failure: '' })
      await ask(context, paths.revokeAccount(slot), { method: 'POST' })
    }
  },

  judge({ status, holds, values, account }) {
    if (values < 2) return failed('no token was looked for')
    if (status < 400) return failed(`the refresh of a revoked account gave ${status}`)
    if (holds.length > 0) return failed(`the refusal repeats ${holds[0]}`)
    return account.lastRefreshOutcome === 'success'
      ? failed('the revoked account shows a refresh that succeeded')
      : passed({ actual: { status, outcome: account.lastRefreshOutcome ?? null } })
  },

  counterproofs: [
    {
      id: 'nothing-looked-for',
      breaks: 'no token was looked for',
      because: /no token/,
      observation: observed => ({ ...observed, values: 0 }),
    },
    {
      id: 'shown-as-success',
      breaks: 'the account shows a success',
      because: /that succeeded/,
      observation: observed => ({ ...observed, account: { ...observed.account, lastRefreshOutcome: 'success' } }),
    },
    {
      id: 'refusal-repeated',
      breaks: 'what the authorization server said is passed on',
      because: /the refusal repeats refresh/,
      observation: observed => ({ ...observed, holds: ['refresh'] }),
    },
    {
      id: 'covered-up',
      breaks: 'something in between answers the refresh of the revoked account as if it had worked',
      because: /gave 200/,
      subject: async (context, scope) => withProxy(context, scope, await answeringRefresh(context, REVOKED_SERVER)),
    },
  ],
})

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

function accountOf(context: CheckContext, server: string): Promise<OAuthAccount> {
  const { paths, accountSlot, read } = context.target.mcp
  const { adminToken } = context.values.get(daemon)
  return askFor(context, paths.account(accountSlot(server)), read.account, { bearer: adminToken! })
}
