#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'
import { instanceReady } from '../src/checks/daemon/instance-ready.ts'
import { noSecretWritten } from '../src/checks/daemon/no-secret-written.ts'
import { nothingLeft } from '../src/checks/daemon/tear-down.ts'
import {
  accountBack,
  accountGone,
  accountInUse,
  accountRenewed,
  accountThere,
  loginFits,
  oldTokensRefused,
} from '../src/checks/mcp/account-rotated.ts'
import { mcpReadable } from '../src/checks/mcp/mcp-servers.ts'
import { login, oauthLoggedIn } from '../src/checks/mcp/oauth-login.ts'
import { consumersAsked, consumersWork } from '../src/checks/slots/consumers.ts'
import { formatCommand } from '../src/model/command.ts'
import { defineRunbook, type PlanInput, type Step } from '../src/model/runbook.ts'
import {
  consumersBeforeStep,
  consumersStep,
  type FirstLook,
  valuelessConsumerParams,
} from '../src/rotation/consumers.ts'
import {
  accountRun,
  accountsNow,
  accountUse,
  loggedOut,
  logOut,
  lookAtAccount,
  makeAccount,
  oldAgent,
  oldTokens,
  renew,
  renewed,
  revokeGrant,
  serverOfAccount,
  slotOfAccount,
  useAccountAgain,
  waitUntilRefreshable,
} from '../src/rotation/mcp/mcp-oauth.ts'
import { RUNNING, slotRotationConflict, slotRotationParams } from '../src/rotation/slots/slot-params.ts'
import { withinMsOf, withinParam } from '../src/rotation/wait-until.ts'
import { onlyChecks } from '../src/suite/acts.ts'
import { mcpRecipe, mcpSite, OAUTH_SERVER } from '../src/suite/mcp-site.ts'
import { logIn } from '../src/suite/oauth-login.ts'
import { isIsolated, suiteInUse, suiteLacks, suiteParams } from '../src/suite/params.ts'
import { daemonStep, endSteps } from '../src/suite/steps.ts'

const PAGE = 'oauth'
const LOGIN = [
  'mcp oauth login <id> --url <url> --no-open',
  '--allow-http-for-loopback --scopes <scopes> --callback-port <port> --timeout-sec <seconds>',
].join(' ')
const { 'base-url': baseUrl, 'ca-file': caFile, own } = suiteParams

/** A refresh leaves the old access token alone, and whoever stole the refresh token may have used it first. */
const byLogin = ({ params }: PlanInput) => params['how'] !== 'refresh'

export default defineRunbook({
  id: 'rotate-mcp-oauth',
  title:
    'Replace the OAuth account of an MCP server, and prove at the authorization server that the old tokens are dead',
  purpose: 'rotation',
  params: {
    'base-url': baseUrl!,
    'ca-file': caFile!,
    own: own!,
    'admin-token-file': slotRotationParams['admin-token-file']!,
    binary: { ...slotRotationParams['binary']!, describe: 'the daemon’s binary; the stand-in brings its own' },
    server: { describe: 'the MCP server whose account it is, as the daemon calls it', example: 'acme' },
    how: {
      describe:
        'login: log out, have the grant revoked, log in again; refresh: new tokens for the same grant, which is no answer to a leak',
      default: 'login',
      refuse: value => (value === 'login' || value === 'refresh' ? undefined : 'expected login or refresh'),
    },
    url: {
      describe: 'what the account is for, held against it before the logout: the login takes it again',
      example: 'https://mcp.example.com/mcp',
      refuse: value => (/^https?:\/\/[^\s?#@]+$/.test(value) ? undefined : 'expected http:// or https:// and a host'),
    },
    scopes: { describe: 'its scopes, in the same way', example: 'read,write' },
    ...withinParam('how long it may take on a running daemon until somebody has logged in', '10m'),
    ...valuelessConsumerParams,
  },
  conflict: input => slotRotationConflict(input, ['server'], ['url', 'scopes']) ?? loginConflict(input),
  lacks: suiteLacks,
  inUse: suiteInUse,
  unresumable: input => (isIsolated(input) ? 'the daemon of the rehearsal ended with its run' : undefined),
  ways: [
    {
      title: 'On a running daemon, by a new login',
      params: { ...RUNNING, server: 'acme', url: 'https://mcp.example.com/mcp', scopes: 'read' },
    },
    {
      title: 'On a running daemon, new tokens for the same grant',
      params: { ...RUNNING, server: 'acme', how: 'refresh' },
    },
  ],
  limits: input => [
    ...(byLogin(input)
      ? []
      : ['the old access token: a refresh leaves it good until it expires, so a leaked account takes how=login']),
    ...(isIsolated(input)
      ? []
      : [
          'that the old tokens are refused: the daemon shows them to nobody, and showing a replaced refresh token would end the account',
          'a run that uses the account, and what the MCP server is shown',
          'what a rotation on this daemon looks like when it goes wrong: it is in use, and nothing of it is broken',
        ]),
  ],
  steps: input => [
    daemonStep(input, {
      recipe: (context, ownSite) => mcpRecipe(context, ownSite, 'oauth'),
      yields: [mcpSite],
      verify: [instanceReady],
    }),
    ...(isIsolated(input) ? [account] : []),
    look(input),
    ...(byLogin(input) ? [forget(input), ...askFirst(input), ...another(input)] : askFirst(input)),
    refresh(input),
    use(input),
    ...consumersStep(input, { consumersWork }, firstLook(input)),
    ...(isIsolated(input) ? [attack] : []),
    ...endSteps(input, { nothingLeft, noSecretWritten }),
  ],
})

/** Without an account no consumer of it can work; a refresh leaves the old tokens good until there are others. */
const firstLook = (input: PlanInput): FirstLook =>
  byLogin(input)
    ? { title: 'Ask the consumers while nobody is logged in', when: 'while nobody was logged in', withValue: false }
    : {
        title: 'Ask the consumers before there are new tokens',
        when: 'before there were new tokens',
        withValue: false,
      }

const askFirst = (input: PlanInput) => consumersBeforeStep(input, { consumersAsked }, firstLook(input))

/** Without its account the server is of no use to anybody, so whatever the checks said of the logout, somebody logs in again. */
const another = (input: PlanInput): readonly Step[] =>
  (isIsolated(input) ? [logInAgain] : [revokeThere, logInThere(input), back(input)]).map(step => ({
    ...step,
    afterFailure: [loggedOut],
  }))

const account: Step = {
  id: 'account',
  title: 'Log in, and have a run use the account',
  effect: 'read',
  docs: { page: PAGE, command: LOGIN },
  timeoutMs: 60_000,
  yields: [login, oldAgent, oldTokens],
  run: {
    describe:
      'log in inside the barrier, go where it sends the browser, and have the model beside the daemon call a tool',
    commands: [`kheish-daemon ${LOGIN}`],
    execute: async context => context.set(login, await makeAccount(context)),
  },
  verify: [oauthLoggedIn],
}

const look = (input: PlanInput): Step => ({
  id: 'look',
  title: 'Look at the account that is to be replaced',
  effect: 'read',
  docs: { page: PAGE, command: 'runtime auth accounts list' },
  timeoutMs: 30_000,
  yields: [accountUse],
  run: {
    describe: 'ask for the account: what it is for, and when it was stored',
    async execute(context) {
      const found = await lookAtAccount(context)
      context.set(accountUse, found)
      context.run.fact('rotation.slot', found.slot)
      if (found.expiresAtMs !== undefined && !byLogin(context))
        context.run.assume(
          `the old access token is good until ${new Date(found.expiresAtMs).toISOString()}, unless the authorization server is told`,
        )
    },
  },
  verify: [mcpReadable, ...(isIsolated(input) || !byLogin(input) ? [] : [loginFits])],
})

const forget = ({ target }: PlanInput): Step => ({
  id: 'logout',
  title: 'Log out: the daemon forgets the account, and servers that use it are stopped',
  effect: 'write',
  docs: { page: PAGE, command: 'mcp oauth logout <id>' },
  timeoutMs: 60_000,
  role: 'operator',
  yields: [loggedOut],
  resume: 'check-first',
  async tookEffect(context) {
    if ((await accountsNow(context)).includes(slotOfAccount(context))) return false
    context.set(loggedOut, { accepted: true })
    return true
  },
  irreversible: 'the tokens are shown to nobody: until somebody logs in again, no run can use the server',
  run: {
    describe: 'log out, by the daemon’s own client',
    commands: [`${target.program} mcp oauth logout <id>`],
    execute: async context => context.set(loggedOut, await logOut(context)),
  },
  verify: [accountGone],
})

const revokeThere: Step = {
  id: 'revoke',
  title: 'Revoke the old grant at the authorization server',
  effect: 'write',
  docs: { page: PAGE },
  timeoutMs: 900_000,
  role: 'security-owner',
  resume: 'repeatable',
  irreversible: 'a grant that was revoked comes back by a new login only',
  run: {
    instruction:
      'revoke the daemon’s old grant where the authorization server lists its applications: a logout at the daemon does not do that, and whoever has the old tokens could go on',
    confirm: 'the old grant is revoked at the authorization server',
    attachment: 'what the authorization server shows of it',
  },
  verify: [],
}

const logInAgain: Step = {
  id: 'login',
  title: 'Have the authorization server take the old tokens no longer, and log in again',
  effect: 'read',
  docs: { page: PAGE, command: LOGIN },
  timeoutMs: 60_000,
  run: {
    describe: 'tell the authorization server beside the daemon to revoke all it has granted, and log in as before',
    commands: [`kheish-daemon ${LOGIN}`],
    async execute(context) {
      await revokeGrant(context)
      await logIn(context, OAUTH_SERVER)
    },
  },
  verify: [accountBack],
}

const logInThere = (input: PlanInput): Step => ({
  id: 'login',
  title: 'Log in again',
  effect: 'write',
  docs: { page: PAGE, command: 'mcp oauth login <id> --url <url> --no-open' },
  timeoutMs: 900_000,
  role: 'operator',
  resume: 'repeatable',
  irreversible: 'the account before it is forgotten',
  run: {
    instruction: `in a terminal on the machine of your browser run: ${loginLine(input)} — and open the authorization_url that it prints. The run waits for the account`,
    confirm: 'the page said that the login is complete',
  },
  verify: [],
})

/** The whole line, for somebody who has no time to look anything up. */
function loginLine({ params, target }: PlanInput): string {
  const url = params['url']!
  const reach = {
    binary: target.program,
    baseUrl: params['base-url']!,
    tokenFile: params['admin-token-file']!,
  }
  const { argv } = target.client(reach, [
    ...['mcp', 'oauth', 'login', serverOfAccount({ params }), '--url', url, '--no-open'],
    ...(url.startsWith('http:') ? ['--allow-http-for-loopback'] : []),
    ...(params['scopes'] === undefined ? [] : ['--scopes', params['scopes']]),
  ])
  return formatCommand({ argv })
}

/** After the logout nobody can look up any more what the account was for. */
function loginConflict(input: PlanInput): { readonly message: string; readonly hint: string } | undefined {
  const { params, target } = input
  if (isIsolated(input) || !byLogin(input) || params['url'] !== undefined) return undefined
  return {
    message: 'nothing says what the account is for, and after the logout nobody can look it up',
    hint: `${target.program} mcp oauth status ${serverOfAccount(input)} shows resource and scopes: --param url=… scopes=…`,
  }
}

const back = (input: PlanInput): Step => ({
  id: 'back',
  title: 'See that somebody has logged in again',
  effect: 'read',
  docs: { page: PAGE, command: 'runtime auth accounts list' },
  timeoutMs: withinMsOf(input) + 60_000,
  run: onlyChecks('nothing: the check waits until the account is there'),
  verify: [accountBack],
})

const refresh = (input: PlanInput): Step => ({
  id: 'refresh',
  title: byLogin(input) ? 'Get new tokens once, which shows that the account can' : 'Get new tokens for the same grant',
  effect: 'write',
  docs: { page: PAGE, command: 'mcp oauth refresh <id>' },
  timeoutMs: 60_000,
  role: 'operator',
  yields: [renewed],
  // A second time is one pair of tokens more.
  resume: 'repeatable',
  irreversible: 'tokens that were replaced are not given back',
  run: {
    describe:
      'refresh, by the daemon’s own client; first wait out the five seconds after another refresh, in which it does nothing',
    commands: [`${input.target.program} mcp oauth refresh <id>`],
    async execute(context) {
      await waitUntilRefreshable(context)
      context.set(renewed, await renew(context))
    },
  },
  verify: [accountRenewed],
})

const use = (input: PlanInput): Step => ({
  id: 'use',
  title: 'See that the account is in use, and what for',
  effect: 'read',
  docs: { page: PAGE, command: 'mcp oauth status <id>' },
  timeoutMs: 60_000,
  yields: isIsolated(input) ? [accountRun] : [],
  run: isIsolated(input)
    ? { describe: 'have the model beside the daemon call a tool of the server', execute: useAccountAgain }
    : onlyChecks(),
  verify: [isIsolated(input) ? accountInUse : accountThere],
})

const attack: Step = {
  id: 'old-tokens',
  title: 'Show the old tokens, as who has stolen them would',
  effect: 'read',
  docs: { page: PAGE },
  timeoutMs: 60_000,
  run: onlyChecks('nothing: the check shows them to the server and to the authorization server'),
  verify: [oldTokensRefused],
}
