import { refuseDuration } from '../../model/duration.ts'
import { REPLACE_STYLES } from '../../model/replace-file.ts'
import type { ParamConflict, ParamSpec, PlanInput, Way } from '../../model/runbook.ts'
import { isIsolated, yes } from '../../suite/params.ts'
import { INCIDENT_WAYS, incidentConflict, incidentParams, ON_RUNNING } from '../params.ts'

/** What the containment of a leaked admin token takes. */
export const leakedTokenParams: Readonly<Record<string, ParamSpec>> = {
  ...incidentParams,
  baseline: {
    describe: 'what the daemon is held against: sealed evidence of an earlier sweep, or a backup set (slots only)',
    example: '/reports/contain-leaked-admin-token-20260101T000000Z-abcdef',
    refuse: value => (value.startsWith('/') ? undefined : 'expected an absolute path'),
  },
  'baseline-key': {
    describe: 'public key (PEM) that signed the baseline, where another machine did',
    example: '/keys/backup-host.pem',
    refuse: value => (value.startsWith('/') ? undefined : 'expected an absolute path'),
  },
  'baseline-only': yes(
    'yes: on a calm day, only list what lasts, signed, for the sweep of another day; nothing is changed',
  ),
  style: {
    describe: `how the token file is replaced: ${REPLACE_STYLES.join(', ')}`,
    default: 'rename',
    refuse: value =>
      REPLACE_STYLES.some(style => style === value) ? undefined : `expected ${REPLACE_STYLES.join(', ')}`,
  },
  within: {
    describe: 'how long the new token may take to be accepted, and the leaked one to be refused',
    default: '30s',
    refuse: refuseDuration,
  },
}

export const LEAKED_TOKEN_WAYS: readonly Way[] = [
  ...INCIDENT_WAYS,
  {
    title: 'Held against a backup of before, where it is known when it leaked',
    params: { ...ON_RUNNING, since: '2026-01-31T02:10:00Z', baseline: '/backup/tonight' },
  },
  { title: 'On a calm day: only what lasts, signed', params: { ...ON_RUNNING, 'baseline-only': 'yes' } },
]

/** Why these parameters do not go together, or undefined. */
export function leakedTokenConflict(input: PlanInput): ParamConflict | undefined {
  const { params } = input
  const isolated = isIsolated(input)
  if (isolated && params['baseline'] !== undefined)
    return {
      message: 'baseline= is about a daemon that there was before, and the rehearsal’s own daemon has its own',
      hint: '--param base-url=URL',
    }
  if (isolated && params['baseline-only'] !== undefined)
    return {
      message: 'baseline-only= lists what lasts in a daemon that runs, and no base-url= says which',
      hint: '--param base-url=URL',
    }
  if (isolated && params['style'] === 'data-link')
    return {
      message: 'style=data-link is for files that Kubernetes mounts, and the rehearsal’s own daemon has ordinary ones',
      hint: '--param base-url=URL, or another style',
    }
  if (params['baseline'] === undefined && params['baseline-key'] !== undefined)
    return { message: 'baseline-key= verifies a baseline, and none is given', hint: '--param baseline=DIR' }
  // Whoever has only this machine and the token file can shut the intruder out.
  return incidentConflict(input, { needsClient: false })
}
