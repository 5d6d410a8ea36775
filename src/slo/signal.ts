import type { StatusSignals } from '../model/signals.ts'
import type { Sample, Told } from './sample.ts'
import type { Grade, Look, Rule } from './window.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS

/** What the operator says of a daemon, and no sample can. */
export interface Settings {
  readonly environment: 'production' | 'staging'
  /** Under which full debug capture is on for a while. */
  readonly debugTicket?: string | undefined
}

export type Source = 'readiness' | 'status' | 'audit' | 'disk'

/** A service level signal: where it is read, what one sample says of it, and from when it warns and pages. */
export interface Signal {
  readonly id: string
  readonly title: string
  readonly source: Source
  /** What is read, for documentation. */
  readonly reads: string
  look(sample: Sample): Looked
  rules(settings: Settings): readonly Rule[]
}

/** A signal of which a sample says nothing has a reason for it. */
export type Looked = Look | { readonly unknown: string }

export function isUnknown(looked: Looked): looked is { readonly unknown: string } {
  return 'unknown' in looked
}

export const onStatus = (look: (status: StatusSignals) => Looked) => (sample: Sample) => onTold(sample.status, look)

export function onTold<Facts>(told: Told<Facts> | null, look: (facts: Facts) => Looked): Looked {
  if (told === null) return { unknown: 'not asked: the files of the daemon’s host were not given' }
  return 'error' in told ? { unknown: told.error } : look(told.facts)
}

/** A number against the two values above which it is bad, and worse. */
export function above(value: number, { warning, error }: { warning: number; error: number }): Grade {
  return value > error ? 'error' : value > warning ? 'warning' : 'ok'
}

/** Two rules for one sample: it warns from `warning` on and pages at `error`. */
export function atOnce(warn: string, page: string): readonly Rule[] {
  return [
    { level: 'page', text: page, samples: 1, from: 'error' },
    { level: 'warn', text: warn, samples: 1, from: 'warning' },
  ]
}

export function hasWarning({ health }: StatusSignals, code: string): boolean {
  return health.warnings.some(warning => warning.code === code)
}
