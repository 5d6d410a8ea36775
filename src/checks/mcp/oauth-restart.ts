import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import { parseJson } from '../../model/json-answer.ts'
import type { McpServerView, McpSnapshot } from '../../model/mcp.ts'
import { serverOf, snapshotOf } from '../../suite/mcp-calls.ts'
import {
  type McpSite,
  mcpSite,
  OAUTH_SERVER,
  type OAuthEvent,
  oauthEvents,
  oauthResource,
  SCOPES,
  withFault,
} from '../../suite/mcp-site.ts'
import { logIn, say } from '../../suite/oauth-login.ts'
import { restartAs } from '../../suite/restart-as.ts'
import { withoutFaults } from '../daemon/without-faults.ts'
import { accountSlots } from './oauth-login.ts'

const ADMIN = ['admin-token', 'binary'] as const

/** A daemon without a configuration for it has no MCP server. */
export const mcpNothing = defineCheck<McpSnapshot>({
  id: 'mcp-nothing',
  title: 'Without a configuration for it the daemon has no MCP server and no tool of one',
  covers: ['9.F/1'],
  probe: snapshotOf,

  judge({ servers, toolNames }) {
    const [first] = servers
    if (first !== undefined) return failed(`there is the server ${first.server}`)
    return toolNames.length === 0 ? passed() : failed(`there is the tool ${toolNames[0]}`)
  },

  counterproofs: [
    {
      id: 'a-tool',
      breaks: 'a tool is left over',
      because: /there is the tool/,
      observation: observed => ({ ...observed, toolNames: ['left-over'] }),
    },
    {
      id: 'a-server',
      breaks: 'the runtime shows a server',
      because: /there is the server/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (path, text) => (path === context.target.mcp.paths.runtime ? withServer(text) : text),
        }),
    },
  ],
})

function withServer(runtime: string): string {
  const server = { server: 'left-over', transport: '', uses_credentials: false, connected: false }
  return JSON.stringify({ ...JSON.parse(runtime), mcp: { servers: [server] } })
}

interface Lazy {
  readonly server: McpServerView
  readonly slot: string
  readonly why: string
}

/** A server that needs an account waits for somebody in whose name it may be used. */
export const oauthLazy = defineCheck<Lazy>({
  id: 'oauth-lazy',
  title: 'A server with an account is configured, not connected at boot, and says why',
  covers: ['9.F/7'],

  async probe(context) {
    const { lazy, accountSlot } = context.target.mcp
    return { server: await serverOf(context, OAUTH_SERVER), slot: accountSlot(OAUTH_SERVER), why: lazy }
  },

  judge({ server, slot, why }) {
    if (server.connected) return failed('it is connected, in nobody’s name')
    if (server.error !== why) return failed('it gives another reason', { expected: why, actual: server.error ?? null })
    if (!server.secretRefs.includes(slot))
      return failed('it does not draw on the account', { expected: slot, actual: [...server.secretRefs] })
    return passed({ actual: { error: server.error, secretRefs: [...server.secretRefs] } })
  },

  counterproofs: [
    {
      id: 'another-reason',
      breaks: 'it could not be reached',
      because: /another reason/,
      observation: observed => ({ ...observed, server: { ...observed.server, error: 'connection refused' } }),
    },
    {
      id: 'another-slot',
      breaks: 'it draws on another slot',
      because: /does not draw/,
      observation: observed => ({ ...observed, server: { ...observed.server, secretRefs: ['another'] } }),
    },
    {
      id: 'connected',
      breaks: 'the runtime says that it is connected',
      because: /in nobody’s name/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll('"connected":false', '"connected":true'),
        }),
    },
  ],
})

interface Protocol {
  readonly events: readonly OAuthEvent[]
  readonly resource: string
}

/** What the authorization server and the server behind it saw of it all. */
export const oauthProtocol = defineCheck<Protocol>({
  id: 'oauth-protocol',
  title: 'Registration, PKCE, exchange and refresh were as they should be, and the MCP server was never shown a token',
  covers: ['9.F/8'],
  probe: async context => ({ events: await oauthEvents(context), resource: oauthResource(context) }),

  judge({ events, resource }) {
    const visits = events.filter(({ type }) => type === 'resource')
    if (visits.length === 0) return failed('nobody ever asked the MCP server')
    const shown = visits.find(({ token }) => token !== 'absent')
    if (shown !== undefined) return failed(`the MCP server was shown a token: ${shown.token}`)
    const has = (type: string, facts: Readonly<Record<string, unknown>>) =>
      events.some(event => event.type === type && Object.entries(facts).every(([name, value]) => event[name] === value))
    if (!has('registration', { valid: true })) return failed('no valid registration came')
    const wanted = { valid: true, resource, scope: SCOPES.join(' '), code_challenge_method: 'S256' }
    if (!has('authorize', wanted)) return failed('no valid request for authorization came', { expected: wanted })
    const granted = { outcome: 'granted' }
    if (!has('token', { grant_type: 'authorization_code', verifier_matched: true, ...granted }))
      return failed('no code was exchanged with the verifier of its challenge')
    // There were several logins: each of them counts.
    const careless = events.find(
      event =>
        (event.type === 'registration' && event.valid !== true) ||
        (event.type === 'authorize' && Object.entries(wanted).some(([name, value]) => event[name] !== value)) ||
        (event.type === 'token' && event.grant_type === 'authorization_code' && event.verifier_matched !== true),
    )
    if (careless !== undefined) return failed(`one ${careless.type} was not as it should be`, { actual: careless })
    return has('token', { grant_type: 'refresh_token', ...granted })
      ? passed({ actual: { events: events.length, visits: visits.length } })
      : failed('no refresh was granted')
  },

  counterproofs: [
    missing('registration', /registration/),
    missing('authorize', /request for authorization/),
    {
      id: 'plain-challenge',
      breaks: 'the code challenge is the verifier itself',
      because: /request for authorization/,
      observation: ({ events, resource }) => ({
        resource,
        events: events.map(event =>
          event.type === 'authorize' ? { ...event, code_challenge_method: 'plain' } : event,
        ),
      }),
    },
    {
      id: 'one-plain-challenge',
      breaks: 'one more login has its verifier as code challenge',
      because: /one authorize was not/,
      observation: ({ events, resource }) => ({
        resource,
        events: [
          ...events,
          { ...events.find(({ type }) => type === 'authorize')!, code_challenge_method: 'plain', valid: false },
        ],
      }),
    },
    {
      id: 'verifier-mismatch',
      breaks: 'the verifier is that of another challenge',
      because: /verifier of its challenge/,
      observation: ({ events, resource }) => ({
        resource,
        events: events.map(event => (event.type === 'token' ? { ...event, verifier_matched: false } : event)),
      }),
    },
    {
      id: 'no-visit',
      breaks: 'nobody ever asked the MCP server',
      because: /nobody ever asked/,
      observation: ({ events, resource }) => ({ resource, events: events.filter(event => event.type !== 'resource') }),
    },
    {
      id: 'shown-at-boot',
      breaks: 'a daemon connects the server at boot, in nobody’s name',
      because: /was shown a token: right/,
      unavailable: withoutFaults,
      cost: { instances: 1 },
      async subject(context, scope) {
        const broken = await withBrokenDaemon(context, scope, withFault(context, 'oauth-at-boot'))
        const site = { ...context.values.get(mcpSite), restarts: [] }
        const other = changed(broken, { values: broken.values.with(mcpSite, site) })
        await logIn(other, OAUTH_SERVER)
        await restartAs(other, 'oauth')
        return other
      },
    },
  ],
})

function missing(type: string, because: RegExp) {
  return {
    id: `no-${type}`,
    breaks: `the authorization server saw no ${type}`,
    because,
    observation: ({ events, resource }: Protocol) => ({
      resource,
      events: events.filter(event => event.type !== type),
    }),
  }
}

interface LoggedOut {
  readonly before: readonly string[]
  readonly exitCode: number | null
  readonly accepted: boolean | undefined
  readonly after: readonly string[]
  readonly slot: string
}

/** Whoever logs out is forgotten. */
export const oauthLoggedOut = defineCheck<LoggedOut>({
  id: 'oauth-logout',
  title: 'A logout is accepted, and the account is gone',
  needs: ADMIN,
  covers: ['9.F/9'],

  async probe(context) {
    const before = await accountSlots(context)
    const { exitCode, stdout } = await say(context, ['mcp', 'oauth', 'logout', OAUTH_SERVER])
    const { read, accountSlot } = context.target.mcp
    return {
      before,
      exitCode,
      accepted: exitCode === 0 ? read.accepted(parseJson(stdout, 'the logout printed')) : undefined,
      after: await accountSlots(context),
      slot: accountSlot(OAUTH_SERVER),
    }
  },

  judge({ before, exitCode, accepted, after, slot }) {
    if (!before.includes(slot)) return failed('there was no account to forget', { actual: [...before] })
    if (exitCode !== 0) return failed(`the logout ended with exit ${exitCode}`)
    if (accepted !== true) return failed('the logout was not accepted')
    return after.includes(slot) ? failed('the account is still there') : passed({ actual: { accounts: after.length } })
  },

  counterproofs: [
    {
      id: 'nothing-to-forget',
      breaks: 'there was no account',
      because: /no account to forget/,
      observation: observed => ({ ...observed, before: [] }),
    },
    {
      id: 'not-accepted',
      breaks: 'the daemon does not accept it',
      because: /not accepted/,
      observation: observed => ({ ...observed, accepted: false }),
    },
    {
      id: 'kept',
      breaks: 'something answers logouts with success and forgets nothing',
      because: /still there/,
      async subject(context, scope) {
        await logIn(context, OAUTH_SERVER)
        const { paths, accountSlot } = context.target.mcp
        return withProxy(context, scope, {
          answer: {
            paths: [paths.revokeAccount(accountSlot(OAUTH_SERVER))],
            status: 200,
            headers: { 'content-type': 'application/json' },
            body: '{"accepted":true}',
          },
        })
      },
    },
  ],
})

/** Each end of the daemon was one it was asked for, and left its port to the next one. */
export const mcpSamePort = defineCheck<McpSite['restarts']>({
  id: 'mcp-same-port',
  title: 'Every start in a row got the same port, and every end before it was a proper one',
  probe: async context => [...context.values.get(mcpSite).restarts],

  judge(restarts) {
    if (restarts.length < 2) return failed(`it was started again ${restarts.length} times, three starts are wanted`)
    if (new Set(restarts.map(({ port }) => port)).size > 1)
      return failed('it was started at different ports', { actual: restarts.map(({ port }) => port) })
    const bad = restarts.find(({ exitCode, signal }) => exitCode !== 0 && exitCode !== 143 && signal !== 'SIGTERM')
    return bad === undefined
      ? passed({ actual: restarts.map(({ exitCode, signal }) => signal ?? exitCode) })
      : failed(`it broke down while it stopped: ${bad.signal ?? `exit ${bad.exitCode}`}`)
  },

  counterproofs: [
    {
      id: 'one-start',
      breaks: 'it was never started again',
      because: /three starts/,
      observation: () => [],
    },
    {
      id: 'another-port',
      breaks: 'one start took another port',
      because: /different ports/,
      observation: ([first, ...rest]) => [{ ...first!, port: first!.port + 1 }, ...rest],
    },
    {
      id: 'broke-down',
      breaks: 'one end was a crash',
      because: /broke down/,
      observation: ([first, ...rest]) => [{ ...first!, exitCode: null, signal: 'SIGSEGV' }, ...rest],
    },
  ],
})
