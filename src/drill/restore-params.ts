import { refuseArgv } from '../model/argv-param.ts'
import { refuseDuration } from '../model/duration.ts'
import type { ParamConflict, ParamSpec, Params } from '../model/runbook.ts'

/** Where the state comes from: the backup made in this same run, an archive, or a mounted snapshot. */
export type Origin = 'this-run' | 'archive' | 'snapshot'

export const restoreParams: Readonly<Record<string, ParamSpec>> = {
  'backup-set': {
    describe: 'directory that runproof run backup filled: archives, manifests, digests and facts at once',
    example: '/backup/tonight',
  },
  'state-archive': {
    describe: 'archive of the state root: .tar, .tar.gz, .tar.zst, or .age of these; - reads standard input',
    example: '/backup/state.tar.zst',
  },
  'workspace-archive': { describe: 'archive of the workspace root', example: '/backup/workspace.tar.zst' },
  'fetch-command': {
    describe: 'argv as a JSON list; its standard output is the state archive',
    example: '["cat","/backup/state.tar.zst"]',
    refuse: refuseArgv,
  },
  'decrypt-command': {
    describe: 'argv as a JSON list; decrypts from standard input to standard output',
    example: '["gpg","--decrypt"]',
    refuse: refuseArgv,
  },
  'identity-file': { describe: 'age identities that open the archives', example: '/keys/backup.agekey' },
  'state-dir': {
    describe: 'mounted snapshot of the state root, instead of an archive',
    example: '/mnt/snapshot/state',
  },
  'workspace-dir': { describe: 'mounted snapshot of the workspace root', example: '/mnt/snapshot/workspace' },
  'sha256-file': {
    describe: 'digests recorded outside the archives, as sha256sum writes them',
    example: '/backup/SHA256SUMS',
  },
  manifest: { describe: 'manifest of the state archive', example: '/backup/state.manifest.json' },
  'workspace-manifest': { describe: 'manifest of the workspace archive', example: '/backup/workspace.manifest.json' },
  facts: { describe: 'facts of the source at backup time', example: '/backup/facts.json' },
  'facts-key': {
    describe: 'public key (PEM) that signed the facts, where another machine took them',
    example: '/keys/backup-host.pem',
  },
  'older-state-archive': {
    describe: 'an older state archive, to prove that restoring the wrong one is noticed',
    example: '/backup/last-week/state.tar.zst',
  },
  'master-key-file': {
    describe: 'the auth store’s master key; used by its path, never copied',
    example: '/keys/master-key',
  },
  'routes-file': { describe: 'the routes file the source was started with', example: '/etc/daemon/routes.toml' },
  'audit-key-file': {
    describe: 'the audit signing key, where it is kept apart from the state',
    example: '/keys/audit-signing.key',
  },
  'restore-dir': { describe: 'empty directory to restore into; a scratch directory otherwise', example: '/srv/drill' },
  keep: {
    describe: 'yes: keep the validated trees in restore-dir and tell how to promote them',
    default: 'no',
    refuse: text => (text === 'yes' || text === 'no' ? undefined : 'expected yes or no'),
  },
  'allow-egress': {
    describe: 'reason for which a real archive may run without isolation',
    example: 'air-gapped host',
    refuse: text => (text.trim() === '' ? 'a reason is needed' : undefined),
  },
  'ready-timeout': { describe: 'longest that the daemon may take to be ready', default: '1m', refuse: refuseDuration },
  'fetch-timeout': { describe: 'longest that fetching may take', default: '30m', refuse: refuseDuration },
}

export function originOf(params: Params): Origin {
  if (params['state-dir'] !== undefined) return 'snapshot'
  const archive = params['state-archive'] ?? params['fetch-command'] ?? params['backup-set']
  return archive === undefined ? 'this-run' : 'archive'
}

/** What each parameter is about; with another origin it would be passed over in silence, and somebody counts on it. */
const ONLY_WITH: Readonly<Record<string, readonly Origin[]>> = {
  'workspace-archive': ['archive'],
  'sha256-file': ['archive'],
  'decrypt-command': ['archive'],
  'identity-file': ['archive'],
  'workspace-dir': ['snapshot'],
  manifest: ['archive', 'snapshot'],
  'workspace-manifest': ['archive', 'snapshot'],
  facts: ['archive', 'snapshot'],
  'facts-key': ['archive', 'snapshot'],
  'older-state-archive': ['archive', 'snapshot'],
  'master-key-file': ['archive', 'snapshot'],
  'routes-file': ['archive', 'snapshot'],
  'audit-key-file': ['archive', 'snapshot'],
  'restore-dir': ['archive', 'snapshot'],
}

const CALLED: Readonly<Record<Origin, string>> = {
  'this-run': 'a drill that makes its own backup',
  archive: 'restoring from archives',
  snapshot: 'restoring from a mounted snapshot',
}

const SOURCES = ['backup-set', 'state-archive', 'fetch-command', 'state-dir'] as const
const SAY_WHAT = '--param backup-set=DIR, state-archive=PATH, fetch-command=ARGV or state-dir=DIR says what to restore'

/** Why these parameters do not go together, or undefined. */
export function conflict(params: Params, target: { readonly real: boolean }): ParamConflict | undefined {
  const given = (name: string) => params[name] !== undefined
  const origin = originOf(params)
  const sources = SOURCES.filter(given)
  if (sources.length > 1)
    return { message: `${sources.join(' and ')} both say where the state comes from`, hint: 'give one of them' }
  if (origin === 'this-run' && target.real) return { message: 'nothing says what to restore', hint: SAY_WHAT }
  const idle = Object.keys(ONLY_WITH).find(name => given(name) && !ONLY_WITH[name]!.includes(origin))
  if (idle !== undefined) {
    return {
      message: `${idle} means nothing for ${CALLED[origin]}`,
      hint: origin === 'this-run' ? SAY_WHAT : `leave ${idle} out`,
    }
  }
  if (params['keep'] === 'yes' && !given('restore-dir'))
    return { message: 'keep=yes needs a place that outlives the run', hint: '--param restore-dir=/srv/drill' }
  if (given('decrypt-command') && given('identity-file'))
    return { message: 'decrypt-command and identity-file both say how to decrypt', hint: 'give one of them' }
  if (params['state-archive'] === '-' && params['workspace-archive'] === '-')
    return { message: 'state-archive=- and workspace-archive=- both read standard input', hint: 'give one as a file' }
  if (given('workspace-manifest') && !hasWorkspace(params))
    return { message: 'workspace-manifest is given, and no workspace', hint: '--param workspace-archive=PATH' }
  if (given('facts-key') && !hasBaseline(params))
    return { message: 'facts-key is given, and no facts', hint: '--param facts=PATH' }
  if (origin === 'this-run') return undefined
  const needed = ['master-key-file', 'routes-file', ...(target.real ? ['binary'] : [])].filter(name => !given(name))
  return needed.length === 0
    ? undefined
    : { message: `restoring needs ${needed.join(', ')}`, hint: needed.map(name => `--param ${name}=…`).join(' ') }
}

/** What is known beforehand not to be tested with these parameters. */
export function untested(params: Params, target: { readonly real: boolean }): readonly string[] {
  const always = ['extended attributes and ACLs of restored files are not read back and compared']
  if (!target.real)
    always.push('a real daemon: the target is the stand-in, so nothing is shown of what a real one does')
  if (originOf(params) === 'this-run') return always
  const set = params['backup-set'] !== undefined
  const limits = always
  const without = (missing: boolean, text: string) => missing && limits.push(text)
  const archive = originOf(params) === 'archive'
  without(
    archive && !set && params['sha256-file'] === undefined,
    'no sha256-file was given: nothing outside the archive says that it is the right one',
  )
  without(
    !set && params['manifest'] === undefined,
    'no manifest was given: the tree is held only against what the archive itself lists',
  )
  without(
    !set && params['facts'] === undefined,
    'no facts were given: secrets, sessions, runs, ledger heads and the sentinel are held against no baseline',
  )
  without(!hasWorkspace(params), 'no workspace was given: workspace recovery is not tested')
  without(
    params['older-state-archive'] === undefined,
    'no older-state-archive was given: that a wrong backup is noticed is shown by its digest only',
  )
  return limits
}

/** Whether a workspace is restored. A backup set says so itself when it is read. */
export function hasWorkspace(params: Params): boolean {
  return (
    originOf(params) === 'this-run' ||
    ['backup-set', 'workspace-archive', 'workspace-dir'].some(name => params[name] !== undefined)
  )
}

export function hasDigests(params: Params): boolean {
  return (
    originOf(params) === 'this-run' ||
    (originOf(params) === 'archive' && (params['backup-set'] ?? params['sha256-file']) !== undefined)
  )
}

export function hasBaseline(params: Params): boolean {
  return originOf(params) === 'this-run' || (params['backup-set'] ?? params['facts']) !== undefined
}
