import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { daemon } from '../../daemon/subjects.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import type { McpServerView } from '../../model/mcp.ts'
import {
  bearerUse,
  formerBearer,
  type InUse,
  modelCall,
  peerUnknown,
  seeUse,
  showPeer,
  storedBearer,
  storeNew,
  usersOf,
} from '../../rotation/mcp/mcp-bearer.ts'
import { newSecret } from '../../rotation/new-secret.ts'
import { whyNoKey } from '../../rotation/slots/key-rules.ts'
import { goodLeases } from '../../rotation/slots/slot.ts'
import { snapshotOf } from '../../suite/mcp-calls.ts'
import { expectBearer, keepFormerBearer, mcpSite, withFault } from '../../suite/mcp-site.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

const ADMIN = ['admin-token', 'binary'] as const

/** The new value can be a bearer, is known to nobody else as something else, and was not made up where a provider has to know it. */
export const bearerFits = defineCheck<{ readonly unfit: string | undefined }>({
  id: 'new-bearer-fits',
  title: 'The new value is one word, and no other secret of the run',

  async probe(context) {
    const next = context.values.get(newSecret)
    const same = context.knownSecrets().find(one => one.name !== 'new' && one.reveal() === next.reveal())
    if (same !== undefined) return { unfit: `it equals the secret ${same.name}` }
    if (next.generated && context.values.get(daemon).reached === 'running')
      return { unfit: 'it was made up here, so the MCP server cannot know it: --secret new=file:PATH' }
    return { unfit: whyNoKey(next, undefined) }
  },

  judge: ({ unfit }) =>
    unfit === undefined ? passed() : failed(`the new value is refused: ${unfit}; nothing was written`),

  counterproofs: [
    {
      id: 'line-break',
      breaks: 'the new value has a line break',
      because: /a line break/,
      observation: () => ({ unfit: 'it has a line break' }),
    },
    {
      id: 'same-as-now',
      breaks: 'the new value is the one that it is to replace',
      because: /equals the secret mcp-bearer-token/,
      subject: async context =>
        changed(context, { values: context.values.with(newSecret, context.values.get(mcpSite).bearer) }),
    },
  ],
})

/** A value that the server does not take would end the connection for good. */
export const peerTakesNew = defineCheck<number>({
  id: 'peer-takes-new',
  title: 'The MCP server itself takes the new value, before the daemon is given it',
  untested: peerUnknown,
  probe: context => showPeer(context, context.values.get(newSecret)),
  judge: status =>
    status === 200
      ? passed({ actual: status })
      : failed(`the server answered the new value with ${status}; nothing was written`, {
          expected: 200,
          actual: status,
        }),

  counterproofs: [
    {
      id: 'limited',
      breaks: 'the server answers nobody for a while',
      because: /with 429/,
      observation: () => 429,
    },
    {
      id: 'not-issued',
      breaks: 'the new value was never issued',
      because: /with 401/,
      subject: async context =>
        changed(context, { values: context.values.with(newSecret, randomSecret('never-issued')) }),
    },
  ],
})

const withoutFormer = (context: CheckContext) =>
  peerUnknown(context) ??
  (context.values.get(formerBearer) === undefined
    ? 'the old value is known to nobody here: --secret old= shows it to the server'
    : undefined)

/** Of a value that never was, a refusal in the end would prove nothing. */
export const peerTakesOld = defineCheck<number>({
  id: 'peer-takes-old',
  title: 'The MCP server itself takes the value that is to be withdrawn, before anything is set',

  untested: context =>
    withoutFormer(context) ??
    (context.values.find(storedBearer) === undefined
      ? undefined
      : 'the run broke off after the slot was set, and the old value may have been withdrawn since'),

  probe: context => showPeer(context, context.values.get(formerBearer)!),

  judge: status =>
    status === 200
      ? passed({ actual: status })
      : failed(`the server answered the old value with ${status}, so it is not the value of now; nothing was written`, {
          expected: 200,
          actual: status,
        }),

  counterproofs: [
    {
      id: 'limited',
      breaks: 'the server answers nobody for a while',
      because: /with 429/,
      observation: () => 429,
    },
    {
      id: 'never-was',
      breaks: 'a value is called the old one that never was',
      because: /not the value of now/,
      subject: async context =>
        changed(context, { values: context.values.with(formerBearer, randomSecret('never-issued')) }),
    },
  ],
})

interface Stored {
  readonly users: readonly Pick<McpServerView, 'server' | 'connected' | 'error'>[]
  readonly expected: number
  /** Leases that were good before. */
  readonly leases: number
  /** A rehearsal’s daemon has taken one to connect. */
  readonly leased: boolean
  readonly good: readonly string[]
}

/** Nobody goes on with the old value. */
export const bearerStored = defineCheck<Stored>({
  id: 'bearer-stored',
  title: 'Every server that draws on the slot is disconnected with a reason, and no lease that was seen on it is good',
  needs: ADMIN,

  async probe(context) {
    const { slot, users, leases } = context.values.get(bearerUse)
    const { servers } = await snapshotOf(context)
    return {
      users: usersOf(servers, slot).map(({ server, connected, error }) => ({ server, connected, error })),
      expected: users.length,
      leases: leases.length,
      leased: context.values.get(daemon).reached === 'isolated',
      good: await goodLeases(context, leases, slot),
    }
  },

  judge({ users, expected, leases, leased, good }) {
    if (users.length !== expected || expected === 0)
      return failed('other servers draw on the slot than before', { expected, actual: users.length })
    const up = users.find(({ connected }) => connected)
    if (up !== undefined) return failed(`${up.server} is still connected, with the old value`)
    const mute = users.find(({ error }) => error === undefined || error === '')
    if (mute !== undefined) return failed(`${mute.server} is disconnected without a reason`)
    if (leased && leases === 0) return failed('no lease was held before, so none can have ended')
    return good.length === 0
      ? passed({ actual: { disconnected: users.map(({ server }) => server), leases } })
      : failed(`${good.length} leases on the slot are good as before`)
  },

  counterproofs: [
    {
      id: 'no-reason',
      breaks: 'no reason is given',
      because: /without a reason/,
      observation: observed => ({ ...observed, users: observed.users.map(one => ({ ...one, error: undefined })) }),
    },
    {
      id: 'no-lease',
      breaks: 'the daemon had taken no lease',
      because: /no lease was held/,
      observation: observed => ({ ...observed, leases: 0, leased: true }),
    },
    {
      id: 'lease-lives',
      breaks: 'the daemon shows its lease as good',
      because: /are good as before/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll('"active":false', '"active":true'),
        }),
    },
    {
      id: 'still-connected',
      breaks: 'the runtime shows the server as connected',
      because: /is still connected/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll('"connected":false', '"connected":true'),
        }),
    },
  ],
})

/** Connected, and with the new value: a server that takes both for a while makes everything else look right. */
export const bearerInUse = defineCheck<InUse>({
  id: 'bearer-in-use',
  title:
    'Every server that draws on the slot is connected, its tool answers, and all it was shown since is the new value',
  needs: ADMIN,
  probe: seeUse,

  judge({ servers, call, since, run }) {
    if (servers.length === 0) return failed('no server draws on the slot any more')
    const down = servers.find(({ connected }) => !connected)
    if (down !== undefined) return failed(`${down.server} is not connected: ${down.error ?? 'without a reason'}`)
    if (call !== undefined && call.status !== 200) return failed(`calling its tool gave ${call.status}`)
    if (call?.echoed === false) return failed('the tool answered something else than it was asked')
    if (since !== undefined) {
      const stray = since.find(({ bearer }) => bearer !== 'right')
      if (stray !== undefined)
        return failed(
          stray.bearer === 'former'
            ? 'the server is still shown the old value, and takes it'
            : `a bearer was ${stray.bearer} after the slot was set`,
        )
      if (since.length === 0) return failed('nothing reached the server since the slot was set')
    }
    return run === false
      ? failed('the run did not go on after its model had called the tool')
      : passed({
          actual: {
            connected: servers.map(({ server }) => server),
            call: call?.status ?? null,
            requests: since?.length ?? null,
          },
        })
  },

  counterproofs: [
    {
      id: 'nobody',
      breaks: 'no server draws on the slot',
      because: /no server draws/,
      observation: observed => ({ ...observed, servers: [] }),
    },
    {
      id: 'silence',
      breaks: 'nothing reached the server',
      because: /nothing reached/,
      observation: observed => ({ ...observed, since: [] }),
    },
    {
      id: 'run-stopped',
      breaks: 'the run ended without a word',
      because: /did not go on/,
      observation: observed => ({ ...observed, run: false }),
    },
    {
      id: 'not-started-again',
      breaks: 'on another daemon the slot is set, and it is not started again',
      because: /is not connected/,
      cost: { instances: 1 },
      subject: (context, scope) => rotatedWithoutStart(context, scope),
    },
    {
      id: 'old-value-goes-on',
      breaks: 'another daemon keeps its connection, and the server takes the old value, too',
      because: /still shown the old value, and takes it/,
      unavailable: withoutFaults,
      cost: { instances: 1 },
      subject: (context, scope) => rotatedWithoutStart(context, scope, 'mcp-keeps-connection'),
    },
  ],
})

/** The same of a running daemon, whose servers keep no log for us. */
export const bearerConnected: typeof bearerInUse = {
  ...bearerInUse,
  id: 'bearer-connected',
  title: 'Every server that draws on the slot is connected again, and tool= answers where it was given',
}

/** The wrong order, on another daemon with a server of its own that takes both values. */
async function rotatedWithoutStart(
  context: CheckContext,
  scope: AsyncDisposableStack,
  fault?: string,
): Promise<CheckContext> {
  const other = await withBrokenDaemon(context, scope, withFault(context, fault))
  const { bearer } = context.values.get(mcpSite)
  await expectBearer(other, context.values.get(newSecret))
  await keepFormerBearer(other, bearer)
  const values = other.values.with(storedBearer, await storeNew(other))
  return changed(other, { values: values.with(modelCall, { said: true, agentId: '' }) })
}

/** Who has the old value has nothing. */
export const oldBearerRefused = defineCheck<{ readonly old: number; readonly fresh: number }>({
  id: 'old-bearer-refused',
  title: 'The MCP server itself refuses the old value and takes the new one',
  untested: withoutFormer,

  async probe(context) {
    return {
      old: await showPeer(context, context.values.get(formerBearer)!),
      fresh: await showPeer(context, context.values.get(newSecret)),
    }
  },

  judge({ old, fresh }) {
    const actual = { old, fresh }
    if (old < 400) return failed(`the server still takes the old value: ${old}`, { actual })
    if (old !== 401 && old !== 403) return failed(`the old value gave ${old}, which says nothing of it`, { actual })
    return fresh === 200 ? passed({ actual }) : failed(`the new value gave ${fresh}`, { expected: 200, actual })
  },

  counterproofs: [
    {
      id: 'limited',
      breaks: 'the server answers nobody for a while',
      because: /says nothing of it/,
      observation: observed => ({ ...observed, old: 429 }),
    },
    {
      id: 'new-refused',
      breaks: 'the new one was taken away with the old one',
      because: /the new value gave 401/,
      observation: observed => ({ ...observed, fresh: 401 }),
    },
    {
      id: 'not-revoked',
      breaks: 'a value that the server takes stands in for the old one',
      because: /still takes the old value/,
      subject: async context =>
        changed(context, { values: context.values.with(formerBearer, context.values.get(newSecret)) }),
    },
  ],
})
