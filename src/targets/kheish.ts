import { join } from 'node:path'
import { RunproofError } from '../model/error.ts'
import type { Target, TargetReaders } from '../model/target.ts'
import { access } from './kheish/access.ts'
import { captureAgents } from './kheish/capture-agents.ts'
import { connectors } from './kheish/connectors.ts'
import { contract } from './kheish/contract.ts'
import { Document } from './kheish/document.ts'
import { edge } from './kheish/edge.ts'
import { events } from './kheish/events.ts'
import { incident } from './kheish/incident.ts'
import { mcp } from './kheish/mcp.ts'
import { persistence } from './kheish/persistence.ts'
import { TERMINAL_STATUSES } from './kheish/run-statuses.ts'
import { runs } from './kheish/runs.ts'
import { signals } from './kheish/signals.ts'

const SEVERITIES = ['info', 'warning', 'error'] as const
const BROKER_MEMBERS = [
  'issued_grants',
  'issued_route_leases',
  'issued_connector_leases',
  'issued_mcp_leases',
  'subject_epochs',
  'revoked_subjects',
  'revoked_leases',
  'revoked_slots',
]

const read: TargetReaders = {
  status(value) {
    const status = new Document(value, 'status')
    const health = status.at('health')
    const storage = status.at('storage')
    const readiness = status.at('provider_readiness')
    return {
      healthOk: health.at('ok').flag(),
      // An empty list is left out by the daemon; that is documented, not a default of ours.
      warnings: health.at('warnings').optional(list => list.list().map(toWarning), []),
      storageOk: storage.at('ok').flag(),
      lockHeld: storage.at('state_root_lock').at('held').flag(),
      activeRouteReady: readiness.at('active_route_ready').flag(),
      routeErrorCount: readiness.at('error_route_count').count(),
      routeCount: readiness.at('route_count').count(),
      unresolvedDeadLetters: status.at('delivery').at('unresolved_dead_lettered').count(),
      runsTotal: status.at('runs').at('total').count(),
      sessionsTotal: status.at('sessions').at('total').count(),
      stateRoot: status.at('runtime').at('state_root').text(),
      debugLevel: status.at('runtime').at('debug_level').text(),
      authEnabled: status.at('control_plane').at('auth_enabled').flag(),
      bindIsLoopback: status.at('control_plane').at('bind_is_loopback').flag(),
    }
  },

  slots: value =>
    new Document(value, 'secrets').list().map(slot => ({
      id: slot.at('slot_id').text(),
      provider: slot.at('provider').text(),
      updatedAtMs: slot.at('updated_at_ms').count(),
    })),

  runs: value =>
    new Document(value, 'runs').list().map(run => {
      const status = run.at('status').text()
      return {
        id: run.at('run_id').text(),
        sessionId: run.at('session_id').text(),
        status,
        terminal: TERMINAL_STATUSES.includes(status),
        updatedAtMs: run.at('updated_at_ms').count(),
      }
    }),

  sessions: value => new Document(value, 'sessions').list().map(session => session.at('session_id').text()),

  routes(value) {
    const routes = new Document(value, 'doctor routes')
    return {
      ok: routes.at('ok').flag(),
      routeCount: routes.at('route_count').count(),
      authChecked: routes.at('auth_checked').flag(),
      referencesChecked: routes.at('reference_checked').flag(),
      authRefs: routes
        .at('routes')
        .list()
        .flatMap(route => (route.at('auth_kind').text() === 'auth_ref' ? [route.at('auth_ref').text()] : [])),
      routes: routes
        .at('routes')
        .list()
        .map(route => ({
          id: route.at('route_id').text(),
          provider: route.at('provider').text(),
          model: route.at('model').text(),
          slot: route.at('auth_kind').text() === 'auth_ref' ? route.at('auth_ref').text() : undefined,
        })),
      diagnostics: routes
        .at('diagnostics')
        .list()
        .map(one => `${one.at('severity').oneOf(SEVERITIES)} ${one.at('code').text()}`),
      errors: routes
        .at('errors')
        .list()
        .map(error => error.text()),
    }
  },

  diagnosis(value) {
    const doctor = new Document(value, 'doctor')
    return {
      ok: doctor.at('ok').flag(),
      checkNames: doctor
        .at('checks')
        .list()
        .map(check => check.at('name').text()),
      errors: doctor
        .at('errors')
        .list()
        .map(error => error.text()),
    }
  },

  revokedSlots(value) {
    const state = new Document(value, 'broker state')
    // Members are left out when empty, so a renamed one would read as nothing revoked: only known names are taken.
    const unknown = state.names().find(name => !BROKER_MEMBERS.includes(name))
    if (unknown !== undefined)
      throw new RunproofError('ANSWER_MALFORMED', `broker state has the unknown member ${unknown}`)
    return state.at('revoked_slots').optional(slots => slots.names(), [])
  },

  slotRevocation(value) {
    const revocation = new Document(value, 'revocation')
    return { slotId: revocation.at('slot_id').text(), revokedLeases: revocation.at('revoked_leases').count() }
  },
}

function toWarning(warning: Document) {
  const severity = warning.at('severity').text()
  const known = SEVERITIES.find(one => one === severity)
  if (known === undefined)
    throw new RunproofError('ANSWER_MALFORMED', `a health warning has the unknown severity ${severity}`)
  return { severity: known, code: warning.at('code').text() }
}

function fixture(...names: readonly string[]): string {
  return join(import.meta.dirname, '..', '..', 'fixtures', ...names)
}

/** The Kheish daemon, from its published contract. Never yet tried against the real binary. */
const kheish: Target = {
  id: 'kheish',
  title: 'Kheish daemon',
  real: true,
  capabilities: ['backup', 'restore'],
  program: 'kheish-daemon',
  contract,
  companions: {
    provider: fixture('provider', 'provider'),
    connector: fixture('connector', 'connector'),
    oauth: fixture('oauth', 'oauth-server'),
    mcp: fixture('mcp', 'mcp-server'),
    upstream: fixture('upstream', 'upstream'),
  },
  layout: {
    lockFile: 'daemon.lock',
    auditKeyFile: 'audit-signing.key',
    runsDir: 'runs/__safe',
    ledgerDir: 'external-actions/__safe',
    checkpointDir: 'external-action-checkpoints/__safe',
    brokerStateFile: 'auth/global-slots.broker-state.json',
    slotStoreFile: 'auth/global-slots.json',
    neverArchived: /(^|\/)(auth-store-master\.key|auth-store-master-key|admin-token|readonly-token|old-admin-token)$/,
    transient: /(^|\/)\.kheish-status-write-check-[^/]*$/,
  },
  read,
  http: {
    ready: '/readyz',
    status: '/v1/status',
    secrets: '/v1/runtime/secrets',
    cheap: '/v1/capabilities',
    refusedMutation: { path: '/v1/runtime/debug-level', body: '{"level":"off"}' },
  },
  captureAgents,
  mcp,
  runs,
  events,
  access,
  connectors,
  persistence,
  signals,
  edge,
  incident,
  bootWarnings: ['event_replay_cursor_gaps', 'asset_startup_repair_performed', 'run_memory_maintenance_repaired'],

  serve: options => ({
    argv: [
      options.binary,
      'serve',
      ...['--bind', options.bind],
      ...['--state-root', options.stateRoot],
      ...['--workspace-root', options.workspaceRoot],
      ...['--routes-file', options.routesFile],
      ...['--mcp-discovery', 'disabled'],
      ...['--http-auth-mode', 'bearer'],
      ...['--http-admin-token-file', options.adminTokenFile],
      ...['--http-readonly-token-file', options.readonlyTokenFile],
      ...['--log-format', 'json'],
      ...(options.mcpConfigFile === undefined ? [] : ['--mcp-config', options.mcpConfigFile]),
      ...(options.faults ?? []).flatMap(fault => ['--fault', fault]),
    ],
    env: {
      KHEISH_AUTH_STORE_MASTER_KEY_FILE: options.masterKeyFile,
      KHEISH_DISABLE_SCHEDULER: 'true',
      ...(options.providerUrl === undefined ? {} : { OPENAI_BASE_URL: options.providerUrl }),
    },
  }),

  client: (options, words) => ({
    argv: [
      options.binary,
      '--base-url',
      options.baseUrl,
      '--token-file',
      options.tokenFile,
      '--output',
      'json',
      ...words,
    ],
  }),

  unreachableExit: 3,

  offline: ({ binary, masterKeyFile }, words) => ({
    argv: [binary, ...words],
    ...(masterKeyFile === undefined ? {} : { env: { KHEISH_AUTH_STORE_MASTER_KEY_FILE: masterKeyFile } }),
  }),
}

export default kheish
