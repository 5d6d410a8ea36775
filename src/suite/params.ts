import type { Need } from '../model/check.ts'
import type { ParamConflict, ParamSpec, PlanInput, Way } from '../model/runbook.ts'

/** Where the daemon that a suite asks comes from: one of its own behind a barrier, or one that somebody runs. */
export type Reach = 'isolated' | 'running'

const path = (describe: string, example: string): ParamSpec => ({
  describe,
  example,
  refuse: value => (value.startsWith('/') ? undefined : 'expected an absolute path'),
})

/** A parameter that is given or left out. */
export const yes = (describe: string): ParamSpec => ({
  describe,
  refuse: value => (value === 'yes' ? undefined : 'expected yes, or leave it out'),
})

const LOOKING = { 'base-url': 'http://127.0.0.1:4000', 'token-file': '/keys/readonly-token' }

/** A running daemon is only read, unless more is allowed. */
export const RUNNING_WAYS: readonly Way[] = [
  { title: 'On a running daemon, which is only read', params: LOOKING },
  {
    title: 'On a running daemon, with leave to make objects',
    params: {
      ...LOOKING,
      'admin-token-file': '/keys/admin-token',
      'state-root': '/var/lib/daemon/state',
      binary: '/usr/local/bin/daemon',
      'allow-write': 'yes',
    },
  },
]

/** The same behind TLS. */
export const TLS_WAYS: readonly Way[] = RUNNING_WAYS.map(({ title, params }) => ({
  title,
  params: { ...params, 'base-url': 'https://daemon.example.com', 'ca-file': '/etc/daemon/ca.pem' },
}))

/** What every suite takes. */
export const suiteParams: Readonly<Record<string, ParamSpec>> = {
  'base-url': {
    describe: 'a running daemon, asked where it answers',
    example: 'http://127.0.0.1:4000',
    refuse: value =>
      /^https?:\/\/[^\s/?#@]+\/?$/.test(value) && URL.canParse(value)
        ? undefined
        : 'expected http:// or https://, a host and a port',
  },
  'token-file': path('its read-only token (an admin token does as well)', '/keys/readonly-token'),
  'admin-token-file': path('its admin token, for what only that may read', '/keys/admin-token'),
  'ca-file': path('the only authority its certificate may come from, PEM', '/etc/daemon/ca.pem'),
  'state-root': path('its state root, where this machine has it', '/var/lib/daemon/state'),
  binary: path('the daemon’s binary; the stand-in brings its own', '/usr/local/bin/daemon'),
  own: yes('yes: start a daemon of the suite’s own from binary=, isolated'),
  'allow-write': yes('yes: ask also what makes objects on a running daemon; only those are touched'),
}

export function reachOf({ params, target }: PlanInput): Reach {
  if (params['base-url'] !== undefined) return 'running'
  return params.own === 'yes' || target.bundledBinary !== undefined ? 'isolated' : 'running'
}

/** Whether it asks a daemon of its own. */
export function isIsolated(input: PlanInput): boolean {
  return reachOf(input) === 'isolated'
}

/** Whether a suite may make objects. */
export function mayWrite(input: PlanInput): boolean {
  return isIsolated(input) || input.params['allow-write'] === 'yes'
}

/** Why these parameters do not go together, or undefined. */
export function suiteConflict(input: PlanInput): ParamConflict | undefined {
  const { params, target } = input
  const url = params['base-url']
  const ofRunning = ['token-file', 'admin-token-file', 'ca-file', 'state-root', 'allow-write']
  if (url !== undefined && params.own === 'yes')
    return { message: `own=yes starts a daemon, and base-url=${url} is one that runs`, hint: 'give one of them' }
  if (url === undefined) {
    const stray = ofRunning.find(name => params[name] !== undefined)
    if (stray !== undefined)
      return {
        message: `${stray}= belongs to a running daemon, and no base-url= says which`,
        hint: '--param base-url=URL',
      }
    if (reachOf(input) === 'running')
      return {
        message: `nothing says which daemon of ${target.id} is asked`,
        hint: '--param base-url=URL token-file=FILE for a running one; --own --param binary=FILE for one of its own',
      }
    if (params.binary === undefined && target.bundledBinary === undefined)
      return {
        message: `own=yes starts a daemon, and nothing says from what`,
        hint: '--param binary=/usr/local/bin/daemon',
      }
    return undefined
  }
  if (params['token-file'] === undefined && params['admin-token-file'] === undefined)
    return { message: `asking ${url} needs a token`, hint: '--param token-file=/keys/readonly-token' }
  if (params['allow-write'] === 'yes' && params['admin-token-file'] === undefined)
    return {
      message: 'allow-write=yes makes objects, which takes an admin token',
      hint: '--param admin-token-file=FILE',
    }
  if (params['ca-file'] !== undefined && url.startsWith('http:'))
    return { message: `ca-file= is for https, and base-url is ${url}`, hint: 'https://, or leave ca-file= out' }
  return undefined
}

/** What was not given for a running daemon. One of the suite's own has everything. */
export function suiteLacks(need: Need, input: PlanInput): string | undefined {
  if (isIsolated(input)) return undefined
  const { params } = input
  switch (need) {
    case 'admin-token':
      return params['admin-token-file'] === undefined ? 'no admin-token-file= was given' : undefined
    case 'binary':
      return (params.binary ?? input.target.bundledBinary) === undefined ? 'no binary= was given' : undefined
    case 'host-files':
      return params['state-root'] === undefined ? 'no state-root= was given' : undefined
    case 'barrier':
      return 'the daemon is not isolated'
    case 'baseline':
      return 'a running daemon is held against nothing older'
    case 'url':
    case 'read-token':
    case 'nginx':
    case 'local-nginx':
      return undefined
  }
}

/** Why a run that broke off can't be gone on with, or undefined. */
export function suiteUnresumable(input: PlanInput): string | undefined {
  return isIsolated(input) ? 'the daemon it had started ended with it' : undefined
}

export function suiteInUse(input: PlanInput): string | undefined {
  return reachOf(input) === 'running' ? 'the daemon is in use: nothing of it is broken' : undefined
}
