import { withBrokenDaemon } from '../../daemon/break.ts'
import { daemon } from '../../daemon/subjects.ts'
import { capture } from '../../model/capture.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import { askFor } from '../../suite/ask.ts'
import {
  callbackPort,
  issuedByOAuth,
  OAUTH_SERVER,
  oauthResource,
  orderOAuth,
  SCOPES,
  withFault,
} from '../../suite/mcp-site.ts'
import { type Login, logIn } from '../../suite/oauth-login.ts'
import { withoutFaults } from '../daemon/without-faults.ts'
import { heldBy } from './held-by.ts'

const ADMIN = ['admin-token', 'binary'] as const
/** A server that nobody logs in to in the end. */
const BAD_STATE_SERVER = 'oauthBadState'

export const login = capture<Login>('login', 'what became of the login')

interface LoggedIn {
  readonly login: Login
  /** Names of the values in what it printed, and how many were looked for. */
  readonly holds: readonly string[]
  readonly values: number
  readonly expected: {
    readonly slot: string
    readonly redirectUri: string
    readonly resource: string
    readonly provider: string
    readonly mode: string
  }
}

/** The whole flow: where to go, there and back, and the account that comes of it. */
export const oauthLoggedIn = defineCheck<LoggedIn>({
  id: 'oauth-login',
  title: 'A login says where to go, waits for the browser on loopback, and stores an account for that resource',
  needs: ADMIN,
  covers: ['9.F/2', '9.F/3'],

  async probe(context) {
    const { accountSlot, accountKind } = context.target.mcp
    const made = context.values.get(login)
    const issued = await issuedByOAuth(context)
    return {
      login: made,
      holds: heldBy(made.printed, issued),
      values: issued.length,
      expected: {
        slot: accountSlot(OAUTH_SERVER),
        redirectUri: `http://127.0.0.1:${callbackPort(context)}/callback`,
        resource: oauthResource(context),
        ...accountKind,
      },
    }
  },

  judge({ login: { offer, nothingElse, sentBackTo, page, exitCode, account }, holds, values, expected }) {
    if (holds.length > 0) return failed(`the login prints ${holds[0]}`)
    if (offer === undefined) return failed('it did not say where to go')
    if (offer.slot !== expected.slot || offer.redirectUri !== expected.redirectUri)
      return failed('it waits elsewhere, or for another account', {
        expected: [expected.slot, expected.redirectUri],
        actual: [offer.slot, offer.redirectUri],
      })
    if (sentBackTo !== offer.redirectUri)
      return failed('the browser was sent elsewhere', { actual: sentBackTo ?? null })
    if (page?.status !== 200 || !page.text.includes('completed'))
      return failed(`the browser was told ${page?.status}: ${page?.text.slice(0, 80)}`)
    if (exitCode !== 0) return failed(`the login ended with exit ${exitCode}`)
    if (!nothingElse) return failed('what it said is not one JSON document and nothing else')
    if (account === undefined) return failed('the login printed no account')
    if (values < 2) return failed('no token was looked for in what it printed')
    const { slot, resource, provider, mode, scopes } = account
    for (const [name, found] of Object.entries({ slot, resource, provider, mode })) {
      const wanted = expected[name as keyof typeof expected]
      if (found !== wanted) return failed(`the account has another ${name}`, { expected: wanted, actual: found })
    }
    return scopes.join() === SCOPES.join()
      ? passed({ actual: { slot, provider, mode } })
      : failed('the account has other scopes', { expected: [...SCOPES], actual: [...scopes] })
  },

  counterproofs: [
    {
      id: 'chatty',
      breaks: 'something else is said before the document',
      because: /not one JSON document/,
      observation: observed => ({ ...observed, login: { ...observed.login, nothingElse: false } }),
    },
    {
      id: 'login-printed',
      breaks: 'it prints the token it got',
      because: /prints access/,
      observation: observed => ({ ...observed, holds: ['access as base64'] }),
    },
    {
      id: 'nothing-looked-for',
      breaks: 'no token was looked for',
      because: /no token was looked for/,
      observation: observed => ({ ...observed, values: 0 }),
    },
    {
      id: 'another-resource',
      breaks: 'the account is for another resource',
      because: /another resource/,
      observation: observed => ({
        ...observed,
        login: {
          ...observed.login,
          account: { ...observed.login.account!, resource: 'https://elsewhere.example/mcp' },
        },
      }),
    },
    {
      id: 'more-scopes',
      breaks: 'the account has more scopes than were asked for',
      because: /other scopes/,
      observation: observed => ({
        ...observed,
        login: { ...observed.login, account: { ...observed.login.account!, scopes: [...SCOPES, 'write'] } },
      }),
    },
    {
      id: 'denied',
      breaks: 'the person says no',
      because: /the browser was told 200: .*failed/,
      subject: async (context, scope) => {
        scope.defer(() => orderOAuth(context, { deny: false }))
        await orderOAuth(context, { deny: true })
        return changed(context, { values: context.values.with(login, await logIn(context, OAUTH_SERVER)) })
      },
    },
  ],
})

interface Refused {
  readonly login: Login
  /** Slots of the accounts there are afterwards. */
  readonly accounts: readonly string[]
  readonly slot: string
}

/** A browser that comes back with another state was sent by somebody else. */
export const oauthBadState = defineCheck<Refused>({
  id: 'oauth-bad-state',
  title: 'A browser that comes back with another state is told so, and nothing is stored',
  needs: ADMIN,
  covers: ['9.F/4'],

  async probe(context) {
    return {
      login: await logIn(context, BAD_STATE_SERVER, 'wrong'),
      accounts: await accountSlots(context),
      slot: context.target.mcp.accountSlot(BAD_STATE_SERVER),
    }
  },

  judge({ login: { page, exitCode }, accounts, slot }) {
    if (page === undefined) return failed('the browser never came back, so nothing was refused')
    if (page.status !== 200 || !page.text.includes('failed'))
      return failed(`the browser was told ${page.status}: ${page.text.slice(0, 80)}`)
    if (exitCode === 0) return failed('the login ended with success')
    return accounts.includes(slot) ? failed('an account was stored') : passed({ actual: { exitCode } })
  },

  counterproofs: [
    {
      id: 'never-back',
      breaks: 'the browser never came back',
      because: /never came back/,
      observation: observed => ({ ...observed, login: { ...observed.login, page: undefined } }),
    },
    {
      id: 'stored',
      breaks: 'an account is there all the same',
      because: /was stored/,
      observation: observed => ({ ...observed, accounts: [...observed.accounts, observed.slot] }),
    },
    {
      id: 'success',
      breaks: 'the command ends with success',
      because: /with success/,
      observation: observed => ({ ...observed, login: { ...observed.login, exitCode: 0 } }),
    },
    {
      id: 'state-ignored',
      breaks: 'a client does not look at the state',
      because: /the browser was told 200: .*completed/,
      unavailable: withoutFaults,
      cost: { instances: 1 },
      subject: (context, scope) => withBrokenDaemon(context, scope, withFault(context, 'accepts-wrong-state')),
    },
  ],
})

/** Slots of all accounts. */
export async function accountSlots(context: CheckContext): Promise<readonly string[]> {
  const { adminToken } = context.values.get(daemon)
  const { paths, read } = context.target.mcp
  const accounts = await askFor(context, paths.accounts, read.accounts, { bearer: adminToken! })
  return accounts.map(account => account.slot)
}
