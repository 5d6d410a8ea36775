import type { Sample } from './sample.ts'
import { MINUTE_MS, type Settings, type Signal, type Source } from './signal.ts'
import { judgeSignal, SIGNALS } from './signals.ts'
import type { Level, Verdict } from './window.ts'

/** Longer than the longest window, so that the sample before its beginning is still there. */
const KEPT_MS = 45 * MINUTE_MS

/** From harmless to grave; what is not known is between them, since it may be either. */
const GRAVITY: readonly Level[] = ['ok', 'unknown', 'warn', 'page']

/** A signal that is at another level than a sample ago. */
export interface Change extends Verdict {
  readonly at: string
  readonly signal: string
  /** Undefined at the first sample. */
  readonly from: Level | undefined
}

export interface Row {
  readonly signal: Signal
  readonly now: Verdict
  /** The gravest of all samples, the first time it was reached. */
  readonly worst: Verdict & { readonly at: string }
}

/** Follows signals from sample to sample. */
export class Watching {
  readonly #settings: Settings
  readonly #rows = new Map<string, Row>()
  readonly #given = new Set<Source>(['readiness', 'status'])
  #samples: Sample[] = []
  #first: string | undefined
  count = 0

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** @returns what changed; at the first sample, whatever is not ok */
  observe(sample: Sample): readonly Change[] {
    const { at } = sample
    this.count += 1
    this.#first ??= at
    if (sample.audit !== null) this.#given.add('audit')
    if (sample.disk !== null) this.#given.add('disk')
    const oldest = Date.parse(at) - KEPT_MS
    this.#samples = [...this.#samples.filter(one => Date.parse(one.at) >= oldest), sample]
    return SIGNALS.flatMap(signal => {
      const before = this.#rows.get(signal.id)
      const now = judgeSignal(signal, this.#samples, this.#settings)
      this.#rows.set(signal.id, { signal, now, worst: worse(before?.worst, { ...now, at }) })
      const same = before === undefined ? now.level === 'ok' : before.now.level === now.level
      return same || !this.#given.has(signal.source) ? [] : [{ at, signal: signal.id, from: before?.now.level, ...now }]
    })
  }

  /** From the first sample to the last one. */
  get span(): { readonly from: string; readonly to: string } | undefined {
    const last = this.#samples.at(-1)
    return last === undefined ? undefined : { from: this.#first!, to: last.at }
  }

  /** One row a signal, in the order of the table; none before the first sample. */
  rows(): readonly Row[] {
    return [...this.#rows.values()]
  }

  /** Whether the source of a signal was there in any sample. */
  isGiven({ source }: Signal): boolean {
    return this.#given.has(source)
  }
}

function worse(before: Row['worst'] | undefined, now: Row['worst']): Row['worst'] {
  return before !== undefined && GRAVITY.indexOf(before.level) >= GRAVITY.indexOf(now.level) ? before : now
}

/** Whether a verdict is one that fails. */
export function fails(level: Level, failOn: 'warn' | 'page'): boolean {
  return level === 'page' || (level === 'warn' && failOn === 'warn')
}
