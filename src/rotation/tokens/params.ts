import { parseDuration, refuseDuration } from '../../model/duration.ts'
import { REPLACE_STYLES, type ReplaceStyle } from '../../model/replace-file.ts'
import type { ParamConflict, ParamSpec, PlanInput, Way } from '../../model/runbook.ts'
import { isIsolated, suiteConflict, suiteParams } from '../../suite/params.ts'
import { consumerParams } from '../consumers.ts'
import { deliverConflict, deliverParams } from '../deliver.ts'
import type { RotateOptions } from './rotate.ts'

const { 'token-file': readonlyFile, 'state-root': _root, 'allow-write': _write, ...reaching } = suiteParams

/** What a rotation of a control-plane token takes. */
export const rotationParams: Readonly<Record<string, ParamSpec>> = {
  ...reaching,
  'admin-token-file': { ...reaching['admin-token-file']!, describe: 'the file that it reads its admin token from' },
  'readonly-token-file': { ...readonlyFile!, describe: 'the file that it reads its read-only token from' },
  style: {
    describe: `how the file is replaced: ${REPLACE_STYLES.join(', ')}`,
    default: 'rename',
    refuse: value => (isStyle(value) ? undefined : `expected ${REPLACE_STYLES.join(', ')}`),
  },
  within: {
    describe: 'how long the new token may take to be accepted, and the old one to be refused',
    default: '30s',
    refuse: refuseDuration,
  },
  'max-gap': {
    describe: 'how long, at most, neither the old token nor the new one may be accepted',
    default: '0ms',
    refuse: refuseDuration,
  },
  'probe-rate': {
    describe:
      'requests a second of both roles, around the replacement; default 10, on the stand-in 200; at most 20 in the rest of the rotation',
    example: '50',
    refuse: value => (/^[1-9]\d{0,2}$/.test(value) ? undefined : 'expected a whole number from 1 to 999'),
  },
  ...deliverParams,
  ...consumerParams,
}

export const ROTATION_WAYS: readonly Way[] = [
  {
    title: 'On a running daemon',
    params: {
      'base-url': 'http://127.0.0.1:4000',
      'admin-token-file': '/keys/admin-token',
      'readonly-token-file': '/keys/readonly-token',
    },
  },
]

/** Why these parameters do not go together, or undefined. */
export function rotationConflict(input: PlanInput): ParamConflict | undefined {
  const { params } = input
  const url = params['base-url']
  if (url === undefined && params['readonly-token-file'] !== undefined)
    return {
      message: 'readonly-token-file= belongs to a running daemon, and no base-url= says which',
      hint: '--param base-url=URL',
    }
  const missing = ['admin-token-file', 'readonly-token-file'].find(name => params[name] === undefined)
  if (url !== undefined && missing !== undefined)
    return {
      message: `${missing}= is not given: both roles are asked through the whole rotation`,
      hint: `--param ${missing}=FILE`,
    }
  if (url !== undefined && params['admin-token-file'] === params['readonly-token-file'])
    return { message: 'both roles have the same token file', hint: 'give the file of each' }
  if (isIsolated(input) && params.style === 'data-link')
    return {
      message: 'style=data-link is for files that Kubernetes mounts, and the runbook’s own daemon has ordinary ones',
      hint: '--param base-url=URL, or another style',
    }
  return suiteConflict(input) ?? deliverConflict(input)
}

export function rotateOptions({ params, target }: PlanInput): RotateOptions & { readonly ratePerSecond: number } {
  const rate = params['probe-rate'] ?? (target.real ? '10' : '200')
  return {
    style: params.style as ReplaceStyle,
    ratePerSecond: Number(rate),
    withinMs: parseDuration(params.within!),
    maxGapMs: parseDuration(params['max-gap']!),
  }
}

function isStyle(value: string): value is ReplaceStyle {
  return REPLACE_STYLES.some(style => style === value)
}
