#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import { mcpBearerAlways, mcpConnected, mcpSlotHeld, mcpToolCall } from '../src/checks/mcp/mcp-bearer.ts'
import {
  mcpDisconnected,
  mcpReconnected,
  mcpRefusedBearer,
  requestsBeforeRestart,
} from '../src/checks/mcp/mcp-rotated.ts'
import { mcpReadable, mcpServers } from '../src/checks/mcp/mcp-servers.ts'
import {
  oauthAccountShown,
  oauthRefreshed,
  oauthRevoked,
  refreshed,
  refreshNow,
} from '../src/checks/mcp/oauth-account.ts'
import { login, oauthBadState, oauthLoggedIn } from '../src/checks/mcp/oauth-login.ts'
import { mcpNothing, mcpSamePort, oauthLazy, oauthLoggedOut, oauthProtocol } from '../src/checks/mcp/oauth-restart.ts'
import { oauthUsed, useAccount, used } from '../src/checks/mcp/oauth-used.ts'
import { answering } from '../src/daemon/subjects.ts'
import { defineRunbook, type Step } from '../src/model/runbook.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { overwriteBearer } from '../src/suite/mcp-calls.ts'
import { expectBearer, mcpRecipe, mcpRequests, mcpSite, OAUTH_SERVER } from '../src/suite/mcp-site.ts'
import { logIn } from '../src/suite/oauth-login.ts'
import { RUNNING_WAYS, reachOf, suiteConflict, suiteInUse, suiteLacks, suiteParams } from '../src/suite/params.ts'
import { restartAs } from '../src/suite/restart-as.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const MCP_PAGE = 'mcp'
const OAUTH_PAGE = 'oauth'
/** As the page has it. */
const START_WITH = 'serve --mcp-config <mcp-config> --state-root <state-root> --mcp-discovery disabled ...'
const SERVE_WITH = 'kheish-daemon serve --mcp-config <mcp-config> --state-root <view> --mcp-discovery disabled …'
const LOGIN = [
  'mcp oauth login <id> --url <url> --no-open',
  '--allow-http-for-loopback --scopes <scopes> --callback-port <port> --timeout-sec <seconds>',
].join(' ')

export default defineRunbook({
  id: 'mcp',
  title: 'MCP servers get the credentials that were stored for them, and nobody else sees those',
  purpose: 'smoke',
  params: suiteParams,
  conflict: suiteConflict,
  lacks: suiteLacks,
  inUse: suiteInUse,
  ways: RUNNING_WAYS,
  limits: input =>
    reachOf(input) === 'running'
      ? ['tool calls and logins: they reach servers that are not the suite’s own, so they take a daemon of its own']
      : [],
  steps: input => [
    daemonStep(input, {
      recipe: mcpRecipe,
      commands: [
        'secrets set mcp.custom.secretHttp.BEARER_TOKEN --offline --state-root <state-root> --provider generic --stdin',
      ],
      yields: [mcpSite],
      verify: [instanceReady],
    }),
    ...(reachOf(input) === 'running' ? [look] : [bearer, refused, overwrite, reconnect, ...account]),
    ...endSteps(input, { nothingLeft, noSecretWritten: { ...noSecretWritten, covers: ['9.E/6', '9.F/10'] } }),
  ],
})

/** What can be asked of a daemon that somebody uses. */
const look: Step = {
  id: 'servers',
  title: 'Look at the MCP servers that are there',
  effect: 'read',
  docs: { page: MCP_PAGE, command: 'runtime get' },
  timeoutMs: 30_000,
  afterFailure: [answering],
  run: onlyChecks('ask for the runtime'),
  verify: [mcpReadable, mcpServers],
}

const bearer: Step = {
  id: 'bearer',
  title: 'Use an MCP server whose bearer token was stored before the daemon ran',
  effect: 'read',
  docs: { page: MCP_PAGE, command: 'mcp tools call <name> --input-json <json>' },
  timeoutMs: 60_000,
  afterFailure: [answering],
  run: onlyChecks('the checks call its tool'),
  verify: [mcpReadable, mcpServers, mcpConnected, mcpToolCall, mcpBearerAlways, mcpSlotHeld],
}

const refused: Step = {
  id: 'refused',
  title: 'Let the server take the token no longer',
  effect: 'read',
  docs: { page: MCP_PAGE },
  timeoutMs: 60_000,
  afterFailure: [answering],
  run: onlyChecks('the check tells the server to want another one for a while'),
  verify: [mcpRefusedBearer],
}

const overwrite: Step = {
  id: 'overwrite',
  title: 'Overwrite the token while the server is connected',
  effect: 'read',
  docs: { page: MCP_PAGE, command: 'secrets set <ref> --provider generic --stdin' },
  timeoutMs: 60_000,
  afterFailure: [answering],
  run: {
    describe: 'store a new value, which the server is told to want from now on',
    commands: ['kheish-daemon secrets set mcp.custom.secretHttp.BEARER_TOKEN --provider generic --stdin'],
    async execute(context) {
      await expectBearer(context, await overwriteBearer(context))
    },
  },
  verify: [mcpDisconnected],
}

const reconnect: Step = {
  id: 'reconnect',
  title: 'Start the daemon again, with the new token',
  effect: 'read',
  docs: { page: MCP_PAGE, command: START_WITH },
  timeoutMs: 60_000,
  afterFailure: [answering],
  yields: [requestsBeforeRestart],
  run: {
    describe: 'SIGTERM, and a start on the same state and port',
    commands: [SERVE_WITH],
    async execute(context) {
      context.set(requestsBeforeRestart, (await mcpRequests(context)).length)
      await restartAs(context, 'bearer')
    },
  },
  verify: [mcpReconnected],
}

/** One account, from its login to its end. */
const account: readonly Step[] = [
  {
    id: 'without-servers',
    title: 'Start the daemon again, without any MCP server',
    effect: 'read',
    docs: { page: OAUTH_PAGE },
    timeoutMs: 60_000,
    afterFailure: [answering],
    run: {
      describe: 'SIGTERM, and a start without a configuration',
      execute: context => restartAs(context, 'nothing'),
    },
    verify: [mcpNothing],
  },
  {
    id: 'login',
    title: 'Log in to an MCP server that wants an account',
    effect: 'read',
    docs: { page: OAUTH_PAGE, command: LOGIN },
    timeoutMs: 60_000,
    afterFailure: [answering],
    yields: [login],
    run: {
      describe: 'run the login inside the barrier, and go where it sends the browser',
      commands: [`kheish-daemon ${LOGIN}`],
      execute: async context => context.set(login, await logIn(context, OAUTH_SERVER)),
    },
    verify: [oauthLoggedIn, oauthBadState],
  },
  {
    id: 'account',
    title: 'Look at the account',
    effect: 'read',
    docs: { page: OAUTH_PAGE, command: 'mcp oauth status <id>' },
    timeoutMs: 60_000,
    afterFailure: [answering, login],
    run: onlyChecks('the check runs every command that shows it', [
      'kheish-daemon mcp oauth status <id>',
      'kheish-daemon runtime auth accounts list',
      'kheish-daemon runtime auth accounts get mcp.oauth.<id>',
    ]),
    verify: [oauthAccountShown],
  },
  {
    id: 'refresh',
    title: 'Get new tokens',
    effect: 'read',
    docs: { page: OAUTH_PAGE, command: 'mcp oauth refresh <id>' },
    timeoutMs: 60_000,
    afterFailure: [answering, login],
    yields: [refreshed],
    run: {
      describe: 'refresh, with a look at the authorization server before and after',
      commands: ['kheish-daemon mcp oauth refresh <id>'],
      execute: async context => context.set(refreshed, await refreshNow(context)),
    },
    verify: [oauthRefreshed],
  },
  {
    id: 'revoked',
    title: 'Have another account revoked by its authorization server',
    effect: 'read',
    docs: { page: OAUTH_PAGE, command: 'mcp oauth refresh <id>' },
    timeoutMs: 60_000,
    afterFailure: [answering, login],
    run: onlyChecks('the check logs in to it and forgets it again', [
      `kheish-daemon ${LOGIN}`,
      'kheish-daemon mcp oauth refresh <id>',
      'kheish-daemon mcp oauth logout <id>',
    ]),
    verify: [oauthRevoked],
  },
  {
    id: 'with-account',
    title: 'Start the daemon again, with the server that wants the account',
    effect: 'read',
    docs: { page: OAUTH_PAGE },
    timeoutMs: 60_000,
    afterFailure: [answering, login],
    run: { describe: 'SIGTERM, and a start with its configuration', execute: context => restartAs(context, 'oauth') },
    verify: [oauthLazy, oauthProtocol],
  },
  {
    id: 'use',
    title: 'Let a run use the account, whose token is expired',
    effect: 'read',
    docs: { page: OAUTH_PAGE, command: LOGIN },
    timeoutMs: 60_000,
    afterFailure: [answering, login],
    yields: [used],
    run: {
      describe: 'log in anew for an expired token, allow every tool, and have the model beside the daemon call one',
      commands: [`kheish-daemon ${LOGIN}`],
      execute: async context => context.set(used, await useAccount(context)),
    },
    verify: [oauthUsed],
  },
  {
    id: 'logout',
    title: 'Start the daemon once more without it, and log out',
    effect: 'read',
    docs: { page: OAUTH_PAGE, command: 'mcp oauth logout <id>' },
    timeoutMs: 60_000,
    afterFailure: [answering, login],
    run: {
      describe: 'SIGTERM, and a start without a configuration; the check logs out',
      commands: ['kheish-daemon mcp oauth logout <id>', 'kheish-daemon runtime auth accounts list'],
      execute: context => restartAs(context, 'nothing'),
    },
    verify: [oauthLoggedOut, mcpSamePort],
  },
]
