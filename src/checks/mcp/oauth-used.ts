import { withBrokenDaemon } from '../../daemon/break.ts'
import { capture } from '../../model/capture.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { callByModel } from '../../suite/mcp-calls.ts'
import { issuedByOAuth, OAUTH_SERVER, type OAuthEvent, oauthEvents, withFault } from '../../suite/mcp-site.ts'
import { logInExpired } from '../../suite/oauth-login.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

const RUN_WITHIN_MS = 20_000

interface Used {
  /** Whether the run went on to say what it was to say after the tool had answered. */
  readonly said: boolean
  /** What reached the authorization server and the server behind it since the account was stored. */
  readonly events: readonly OAuthEvent[]
}

export const used = capture<Used>('account-use', 'a run that used the account')

/**
 * Stores an account whose token is expired already, and has a model call a tool of the server that wants it. What a step does, and
 * a counterproof on another daemon.
 */
export async function useAccount(context: CheckContext): Promise<Used> {
  const { account } = await logInExpired(context, OAUTH_SERVER)
  if (account === undefined) throw new RunproofError('COMMAND_FAILED', 'the login stored no account')
  const before = (await oauthEvents(context)).length
  const { said } = await callByModel(context, OAUTH_SERVER, RUN_WITHIN_MS)
  await issuedByOAuth(context)
  return {
    said,
    events: (await oauthEvents(context)).slice(before),
  }
}

/** The account is used in a run's name, and never with a token that has ended. */
export const oauthUsed = defineCheck<Used>({
  id: 'oauth-used',
  title: 'A run uses the account for its tool call, and an expired token is renewed before it is shown to anybody',
  needs: ['admin-token', 'binary'],
  probe: async context => context.values.get(used),

  judge({ said, events }) {
    const visits = events.filter(({ type }) => type === 'resource')
    if (visits.length === 0) return failed('the run never asked the server')
    const stale = visits.find(({ token }) => token === 'expired' || token === 'revoked' || token === 'unknown')
    if (stale !== undefined) return failed(`the server was shown a token that is ${stale.token}`)
    if (!visits.some(({ rpc, token, status }) => rpc === 'tools/call' && token === 'right' && status === 200))
      return failed('no tool call came with a good token')
    const renewed = events.filter(
      ({ type, grant_type, outcome }) => type === 'token' && grant_type === 'refresh_token' && outcome === 'granted',
    ).length
    if (renewed !== 1) return failed(`the expired token was renewed ${renewed} times`, { expected: 1, actual: renewed })
    return said ? passed({ actual: { visits: visits.length } }) : failed('the run did not go on after the tool call')
  },

  counterproofs: [
    {
      id: 'no-visit',
      breaks: 'the server was never asked',
      because: /never asked/,
      observation: observed => ({ ...observed, events: observed.events.filter(({ type }) => type !== 'resource') }),
    },
    {
      id: 'no-call',
      breaks: 'the server was connected, and no tool was called',
      because: /no tool call/,
      observation: observed => ({ ...observed, events: observed.events.filter(({ rpc }) => rpc !== 'tools/call') }),
    },
    {
      id: 'renewed-twice',
      breaks: 'the token was renewed twice',
      because: /renewed 2 times/,
      observation: observed => ({
        ...observed,
        events: [...observed.events, ...observed.events.filter(({ type }) => type === 'token')],
      }),
    },
    {
      id: 'run-stopped',
      breaks: 'the run ended without a word',
      because: /did not go on/,
      observation: observed => ({ ...observed, said: false }),
    },
    {
      id: 'expired-token-shown',
      breaks: 'a daemon does not look at the end of a token',
      because: /a token that is expired/,
      unavailable: withoutFaults,
      cost: { instances: 1 },
      async subject(context, scope) {
        const other = await withBrokenDaemon(context, scope, withFault(context, 'expired-token-used', 'provider'))
        return changed(other, { values: other.values.with(used, await useAccount(other)) })
      },
    },
  ],
})
