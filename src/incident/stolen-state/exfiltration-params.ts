import { seedParams } from '../../drill/backup-params.ts'
import { originOf, conflict as restoreConflict, restoreParams } from '../../drill/restore-params.ts'
import { refuseCommand } from '../../model/command-param.ts'
import { refuseDuration } from '../../model/duration.ts'
import type { ParamConflict, ParamSpec, PlanInput, Way } from '../../model/runbook.ts'
import { incidentParams } from '../params.ts'

const path = (describe: string, example: string): ParamSpec => ({
  describe,
  example,
  refuse: value => (value.startsWith('/') ? undefined : 'expected an absolute path'),
})

/** What the containment of a state root that was copied takes. */
export const exfiltrationParams: Readonly<Record<string, ParamSpec>> = {
  ...seedParams,
  ...restoreParams,
  'state-root': path('the state root that was copied', '/var/lib/daemon/state'),
  'base-url': {
    ...incidentParams['base-url']!,
    describe: 'where its daemon still answers: it is contained and its evidence kept before it is stopped',
  },
  'ca-file': incidentParams['ca-file']!,
  'admin-token-file': path('the file that the daemon reads its admin token from', '/keys/admin-token'),
  'readonly-token-file': path('the file that the daemon reads its read-only token from', '/keys/readonly-token'),
  binary: path('the daemon’s binary; the stand-in brings its own', '/usr/local/bin/daemon'),
  since: incidentParams['since']!,
  'stop-command': {
    describe: 'argv that stops the daemon, as a JSON list or plain words; without it a person is asked to',
    example: '["systemctl","stop","daemon"]',
    refuse: refuseCommand,
  },
  'stop-timeout': { describe: 'longest that stopping may take', default: '2m', refuse: refuseDuration },
  'new-dir': path('directory with a file for each slot, of its name, that holds the new value', '/keys/new-slots'),
  'audit-key-copy': path(
    'where a copy of the audit key’s seed goes; without it the seed is not copied',
    '/keys/audit-signing.key',
  ),
}

const GIVEN = {
  'state-root': '/var/lib/daemon/state',
  'admin-token-file': '/keys/admin-token',
  'readonly-token-file': '/keys/readonly-token',
  'base-url': 'http://127.0.0.1:4000',
  'stop-command': 'systemctl stop daemon',
  since: '2026-01-31T02:10:00Z',
  'backup-set': '/backup/before',
  'master-key-file': '/keys/master-key',
  'routes-file': '/etc/daemon/routes.toml',
  binary: '/usr/local/bin/daemon',
  'new-dir': '/keys/new-slots',
}

export const EXFILTRATION_WAYS: readonly Way[] = [
  { title: 'Of a daemon whose state root was copied', params: GIVEN },
  {
    title: 'The same, with the restored trees kept for promotion',
    params: { ...GIVEN, 'restore-dir': '/srv/recovered', keep: 'yes' },
  },
]

/** Whether the theft is only rehearsed, on a source of the run’s own. */
export function isRehearsal({ params, target }: PlanInput): boolean {
  return params['state-root'] === undefined && !target.real
}

const NEEDED = ['since', 'admin-token-file', 'readonly-token-file'] as const

const EXAMPLES = {
  since: '2026-01-31T02:10:00Z',
  'admin-token-file': '/keys/admin-token',
  'readonly-token-file': '/keys/readonly-token',
  'backup-set': '/backup/of-before-the-incident',
} as const

/** Why these parameters do not go together, or undefined. */
export function exfiltrationConflict(input: PlanInput): ParamConflict | undefined {
  const { params, target } = input
  const rehearsal = isRehearsal(input)
  const ofReal = [...NEEDED, 'base-url', 'ca-file', 'stop-command', 'new-dir', 'audit-key-copy']
  if (rehearsal) {
    const stray = ofReal.find(name => params[name] !== undefined)
    if (stray !== undefined || originOf(params) !== 'this-run')
      return {
        message: `${stray ?? 'what is restored'} belongs to a state root that was copied, and no state-root= says which`,
        hint: '--param state-root=DIR',
      }
    return restoreConflict(params, target)
  }
  if (params['state-root'] === undefined)
    return { message: 'nothing says which state root was copied', hint: '--param state-root=/var/lib/daemon/state' }
  // All at once: whoever is in an incident must not be asked for one after the other.
  const missing = [
    ...NEEDED.filter(name => params[name] === undefined),
    ...(originOf(params) === 'this-run' ? (['backup-set'] as const) : []),
  ]
  if (missing.length > 0)
    return {
      message: `not given for ${params['state-root']}: ${missing.map(name => `${name}=`).join(', ')}`,
      hint: `--param ${missing.map(name => `${name}=${EXAMPLES[name]}`).join(' ')}`,
    }
  if (params['ca-file'] !== undefined && params['base-url'] === undefined)
    return {
      message: 'ca-file= is for a daemon that answers, and no base-url= says where',
      hint: '--param base-url=URL',
    }
  return restoreConflict(params, target)
}

/** Whether its daemon can be contained before it is stopped. */
export const stillAnswers = (input: PlanInput): boolean => isRehearsal(input) || input.params['base-url'] !== undefined

/** When it began: as the operator says, or when the thief of the rehearsal came. */
export const sinceGiven = ({ params }: Pick<PlanInput, 'params'>): number | undefined =>
  params['since'] === undefined ? undefined : Date.parse(params['since'])
