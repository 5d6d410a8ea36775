import { isAbsolute } from 'node:path'
import { namesInside } from '../archive/inside-path.ts'
import type { Compression } from '../model/archive.ts'
import { refuseCommand } from '../model/command-param.ts'
import { refuseDuration } from '../model/duration.ts'
import type { ParamConflict, ParamSpec, Params } from '../model/runbook.ts'

/**
 * How a source is held still: `seeded`, the stand-in that this run itself seeds, stops and starts; `still`, a snapshot or
 * a source that its operator stopped; `commands`, a source that runs and is stopped and started by its operator's commands.
 */
export type Way = 'seeded' | 'still' | 'commands'

const path = (describe: string, example: string): ParamSpec => ({ describe, example, refuse: refuseRelative })

function amount(describe: string, usual: string): ParamSpec {
  const refuse = (text: string) => (/^\d{1,12}$/.test(text) ? undefined : 'expected a whole number')
  return { describe, default: usual, refuse }
}

/** Size of what the stand-in is seeded with. */
export const seedParams: Readonly<Record<string, ParamSpec>> = {
  'seed-sessions': amount('sessions the stand-in is seeded with', '6'),
  'seed-runs': amount('finished runs it is seeded with', '12'),
  'seed-actions': amount('signed actions it is seeded with, two ledger records each', '24'),
  'seed-files': amount('files of its state root in all', '150'),
  'seed-size': amount('bytes of its state root in all', '4000000'),
}

const artefactParams: Readonly<Record<string, ParamSpec>> = {
  'routes-file': path('the routes file the source is started with', '/etc/daemon/routes.toml'),
  'master-key-file': path('the auth store’s master key; looked at, never archived', '/keys/master-key'),
  'admin-token-file': path('the control plane’s admin token', '/keys/admin-token'),
  'readonly-token-file': path('the control plane’s read-only token', '/keys/readonly-token'),
  'connectors-config': path('connector configuration the source is started with', '/etc/daemon/connectors.json'),
  'mcp-config': path('MCP configuration the source is started with', '/etc/daemon/mcp.json'),
  'hooks-file': path('hook configuration', '/etc/daemon/hooks.json'),
  'skill-root': {
    describe: 'skill directories the source is started with, separated by commas',
    example: '/etc/daemon/skills',
    refuse: text => listOf(text).map(refuseRelative).find(Boolean),
  },
}

const runningParams: Readonly<Record<string, ParamSpec>> = {
  'stop-command': {
    describe: 'argv that stops the source, as a JSON list or plain words; run with a bare environment and no shell',
    example: '["systemctl","stop","daemon"]',
    refuse: refuseCommand,
  },
  'start-command': {
    describe: 'argv that starts it again; what it leaves in its own process group is ended with it',
    example: '["systemctl","start","daemon"]',
    refuse: refuseCommand,
  },
  'state-root': path('state root of the running source', '/var/lib/daemon/state'),
  'workspace-root': path('workspace root of the running source', '/srv/workspace'),
  'base-url': {
    describe: 'where the running source answers',
    example: 'http://127.0.0.1:4000',
    refuse: text =>
      /^https?:\/\/[^\s/?#@]+\/?$/.test(text) ? undefined : 'expected http:// or https://, a host and a port',
  },
}

export const backupParams: Readonly<Record<string, ParamSpec>> = {
  ...seedParams,
  ...artefactParams,
  ...runningParams,
  binary: path('the daemon’s binary; the stand-in brings its own', '/usr/local/bin/daemon'),
  out: path(
    'directory for the backup set, empty or not there yet; on the stand-in a scratch directory',
    '/backup/tonight',
  ),
  'state-dir': path('state root of a snapshot, or of a source that its operator stopped', '/mnt/snapshot/state'),
  'workspace-dir': path('its workspace root', '/mnt/snapshot/workspace'),
  'stop-timeout': { describe: 'longest that stopping may take', default: '2m', refuse: refuseDuration },
  'start-timeout': { describe: 'longest until the source serves again', default: '5m', refuse: refuseDuration },
  marker: {
    describe: 'no: write no marker to the source; its recovery point is then only an estimate',
    refuse: text => (text === 'yes' || text === 'no' ? undefined : 'expected yes or no'),
  },
  sentinel: {
    describe: 'file of the workspace, relative, whose content every restore must have',
    example: 'RECOVERY.md',
    refuse: text =>
      namesInside(text) === undefined
        ? 'expected a path inside the workspace, relative to it and without . or ..'
        : undefined,
  },
  compression: {
    describe: 'zstd, gzip or none',
    default: 'zstd',
    refuse: text =>
      Object.hasOwn(EXTENSIONS, text) ? undefined : `expected one of ${Object.keys(EXTENSIONS).join(', ')}`,
  },
  recipient: {
    describe: 'age recipients to encrypt the archives to, separated by commas',
    example: 'age1…',
    refuse: text =>
      text.split(',').every(one => /^age1[0-9a-z]+$/.test(one))
        ? undefined
        : 'expected age1…, several separated by commas',
  },
  'identity-file': path('age identities that open the archives, to read them back; not kept', '/keys/backup.agekey'),
}

const EXTENSIONS: Readonly<Record<Compression, string>> = { zstd: '.tar.zst', gzip: '.tar.gz', none: '.tar' }

export function wayOf(params: Params, target: { readonly real: boolean }): Way {
  if (params['state-dir'] !== undefined) return 'still'
  return params['stop-command'] !== undefined || target.real ? 'commands' : 'seeded'
}

export function hasWorkspace(params: Params, target: { readonly real: boolean }): boolean {
  return wayOf(params, target) === 'seeded' || (params['workspace-dir'] ?? params['workspace-root']) !== undefined
}

export function packing(params: Params): {
  readonly compression: Compression
  readonly recipients: readonly string[]
  readonly extension: string
} {
  const compression = (params.compression ?? 'zstd') as Compression
  const recipients = listOf(params.recipient)
  return { compression, recipients, extension: `${EXTENSIONS[compression]}${recipients.length > 0 ? '.age' : ''}` }
}

/** Whether what was archived can be read back here. */
export function readable(params: Params): boolean {
  return params.recipient === undefined || params['identity-file'] !== undefined
}

export function listOf(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(',').filter(one => one !== '')
}

const TWO_WAYS =
  'state-dir=DIR for a snapshot or a source you stopped; or stop-command=ARGV start-command=ARGV with state-root=, base-url= and its key, token and routes files'
const NEEDED_RUNNING = ['binary', 'state-root', 'base-url', 'admin-token-file', 'routes-file', 'master-key-file']

/** Why these parameters do not go together, or undefined. */
export function backupConflict(
  params: Params,
  target: { readonly id: string; readonly real: boolean },
): ParamConflict | undefined {
  const way = wayOf(params, target)
  const running = Object.keys(runningParams).filter(name => params[name] !== undefined)
  return (
    (way === 'still' ? stillConflict(params, running) : undefined) ??
    (way === 'commands' ? commandsConflict(params, running) : undefined) ??
    (way === 'seeded' ? seededConflict(params, running) : seedConflict(params, target)) ??
    (target.real && params.out === undefined
      ? { message: `nothing says where the backup of ${target.id} goes`, hint: '--param out=/backup/tonight' }
      : undefined) ??
    (params.sentinel !== undefined && !hasWorkspace(params, target)
      ? {
          message: `sentinel=${params.sentinel} names a file of the workspace, and no workspace is given`,
          hint: way === 'still' ? '--param workspace-dir=DIR' : '--param workspace-root=DIR',
        }
      : undefined) ??
    (params['identity-file'] !== undefined && params.recipient === undefined
      ? {
          message: 'identity-file= opens encrypted archives, and no recipient= encrypts them',
          hint: '--param recipient=age1…',
        }
      : undefined)
  )
}

function stillConflict(params: Params, running: readonly string[]): ParamConflict | undefined {
  if (running.length > 0)
    return {
      message: `state-dir=${params['state-dir']} says that the source is held still by its operator, ${running.join(', ')} that it runs`,
      hint: `give one of them: ${TWO_WAYS}`,
    }
  return params.marker === undefined
    ? undefined
    : {
        message: `marker=${params.marker}: nothing is written to a source that does not run`,
        hint: 'leave marker= out',
      }
}

function commandsConflict(params: Params, running: readonly string[]): ParamConflict | undefined {
  if (params['workspace-dir'] !== undefined)
    return {
      message: `workspace-dir=${params['workspace-dir']} belongs to state-dir=`,
      hint: 'a running source has workspace-root=DIR',
    }
  if (running.length === 0) return { message: 'nothing says how the source is held still', hint: TWO_WAYS }
  for (const [one, other] of [
    ['stop-command', 'start-command'],
    ['start-command', 'stop-command'],
  ] as const)
    if (params[one] !== undefined && params[other] === undefined)
      return { message: `${one}= without ${other}=`, hint: `--param '${other}=${runningParams[other]!.example}'` }
  if (params['stop-command'] === undefined)
    return {
      message: `${running.join(', ')} name a running source, and nothing says how it is held still`,
      hint: TWO_WAYS,
    }
  const missing = NEEDED_RUNNING.filter(name => params[name] === undefined)
  return missing.length === 0
    ? undefined
    : {
        message: `stopping and starting a source needs ${missing.join(', ')}`,
        hint: missing.map(name => `--param ${name}=${backupParams[name]!.example}`).join(' '),
      }
}

/** The stand-in brings everything itself: what is named besides would silently not be looked at. */
function seededConflict(params: Params, running: readonly string[]): ParamConflict | undefined {
  const named = [...running, 'workspace-dir', 'marker', 'sentinel', ...Object.keys(artefactParams)].filter(
    (name, index, all) => params[name] !== undefined && all.indexOf(name) === index,
  )
  return named.length === 0
    ? undefined
    : {
        message: `${named.join(', ')} describe a source of yours, and the stand-in seeds its own`,
        hint: `${TWO_WAYS}; or another --target`,
      }
}

function seedConflict(params: Params, target: { readonly id: string }): ParamConflict | undefined {
  const given = Object.entries(seedParams).find(([name, spec]) => params[name] !== spec.default)
  return given === undefined
    ? undefined
    : {
        message: `${given[0]}=${params[given[0]]}: this source of ${target.id} is yours, nothing is seeded`,
        hint: `leave ${given[0]}= out`,
      }
}

/** What is known beforehand not to be tested with these parameters. */
export function backupLimits(params: Params, target: { readonly real: boolean }): readonly string[] {
  const way = wayOf(params, target)
  if (way === 'seeded') return []
  const unnamed = ['connectors-config', 'mcp-config', 'hooks-file', 'skill-root'].filter(
    name => params[name] === undefined,
  )
  const limits: readonly [boolean, string][] = [
    [
      way === 'still',
      'the source did not run: secrets, sessions and health warnings are not known, and no marker was written, so the recovery point can only be estimated from the newest record',
    ],
    [
      way === 'commands' && params.marker === 'no',
      'marker=no: the recovery point is an estimate from the newest record',
    ],
    [!hasWorkspace(params, target), 'no workspace was given: it is not part of this backup'],
    [
      hasWorkspace(params, target) && params.sentinel === undefined,
      'no sentinel was named: no file of the workspace is held against its content by name',
    ],
    [
      !readable(params),
      'the archives were encrypted and not opened again: restore-drill with identity-file= shows that they can be',
    ],
    [
      params['master-key-file'] !== undefined,
      'whether the master key opens the stored secrets is not tried on the source: restore-drill shows it on a copy',
    ],
    [unnamed.length > 0, `not named, so not looked for: ${unnamed.join(', ')}`],
  ]
  return limits.filter(([applies]) => applies).map(([, text]) => text)
}

function refuseRelative(text: string): string | undefined {
  return isAbsolute(text) ? undefined : 'expected an absolute path'
}
