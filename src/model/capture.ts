import { RunproofError } from './error.ts'

/** A value that exactly one step yields and later steps and checks use. Plans show it as `<id>`. */
export interface Capture<Value> {
  readonly id: string
  readonly describe: string
  /** Its values are plain data and no secret: the journal keeps them, so that a run that broke off can go on with them. */
  readonly kept?: true
  /** Never read; ties the value's type to the capture. */
  readonly type?: Value
}

export function capture<Value>(id: string, describe: string): Capture<Value> {
  return { id, describe }
}

/** A capture whose value outlives the process: the journal has it. Never for a secret, nor for what ends with the process. */
export function keptCapture<Value>(id: string, describe: string): Capture<Value> {
  return { id, describe, kept: true }
}

/** What the steps so far have yielded. */
export interface Values {
  /** @throws RunproofError CAPTURE_UNSET when the step that yields it has not run */
  get<Value>(capture: Capture<Value>): Value
  find<Value>(capture: Capture<Value>): Value | undefined
  /** A copy in which one capture has another value: how a counterproof points a check at a broken subject. */
  with<Value>(capture: Capture<Value>, value: Value): Values
}

export class CapturedValues implements Values {
  readonly #values: ReadonlyMap<string, unknown>

  constructor(values: ReadonlyMap<string, unknown> = new Map()) {
    this.#values = values
  }

  get<Value>(capture: Capture<Value>): Value {
    if (!this.#values.has(capture.id)) {
      throw new RunproofError('CAPTURE_UNSET', `nothing has yielded <${capture.id}> (${capture.describe}) yet`)
    }
    return this.#values.get(capture.id) as Value
  }

  find<Value>(capture: Capture<Value>): Value | undefined {
    return this.#values.get(capture.id) as Value | undefined
  }

  with<Value>(capture: Capture<Value>, value: Value): CapturedValues {
    return new CapturedValues(new Map(this.#values).set(capture.id, value))
  }

  /** What is known when these captures are not, or not any more. */
  without(captures: readonly string[]): CapturedValues {
    return new CapturedValues(new Map([...this.#values].filter(([id]) => !captures.includes(id))))
  }
}
