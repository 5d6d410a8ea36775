import type { Evidence } from '../evidence/schema.ts'
import type { Timeline } from '../model/check.ts'
import type { Clock } from '../model/ports.ts'

interface Phase {
  durationMs: number
  readonly waits: { readonly id: string; readonly durationMs: number }[]
}

/** How long the phases of a recovery take, in the order they were first entered. At most one of them runs at a time. */
export class PhaseClock {
  readonly #clock: Clock
  readonly #phases = new Map<string, Phase>()
  #current: Phase | undefined
  /** When the clock of the current phase was started; undefined while it stands still. */
  #began: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Stops the clock of the phase so far and starts that of the next one; undefined: none. */
  enter(id: string | undefined): void {
    const now = this.#clock.monotonicMs()
    if (this.#current !== undefined && this.#began !== undefined) this.#current.durationMs += now - this.#began
    this.#current = id === undefined ? undefined : this.#phase(id)
    this.#began = id === undefined ? undefined : now
  }

  /** Checks are timed by themselves: what breaks their subjects afterwards is no part of a recovery. */
  enterChecks(id: string | undefined): void {
    this.enter(id)
    this.#began = undefined
  }

  /** Time of the current phase that its own clock did not see. */
  add(durationMs: number): void {
    if (this.#current !== undefined) this.#current.durationMs += durationMs
  }

  waited(id: string, durationMs: number): void {
    this.#current?.waits.push({ id, durationMs })
  }

  timeline(): Timeline {
    const phases = [...this.#phases].map(([id, { durationMs }]) => ({ id, durationMs }))
    return { phases, totalMs: phases.reduce((sum, phase) => sum + phase.durationMs, 0) }
  }

  /** Phases of before a break, and how long they had taken; the break itself is nobody's time. */
  goOnWith(before: NonNullable<Evidence['rto']>['phases'] = []): void {
    for (const { id, durationMs, waits = [] } of before) this.#phases.set(id, { durationMs, waits: [...waits] })
  }

  /** As evidence holds it; undefined when no phase was ever entered. */
  recovery(): Evidence['rto'] {
    if (this.#phases.size === 0) return undefined
    const phases = [...this.#phases].map(([id, { durationMs, waits }]) => ({
      id,
      durationMs,
      ...(waits.length === 0 ? {} : { waits }),
    }))
    return { totalMs: this.timeline().totalMs, phases }
  }

  #phase(id: string): Phase {
    const phase = this.#phases.get(id) ?? { durationMs: 0, waits: [] }
    this.#phases.set(id, phase)
    return phase
  }
}
