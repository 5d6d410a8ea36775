import { keptCapture } from '../model/capture.ts'

/** What a command that prints the value printed: the new one, another, or nothing that could be read. */
export type Held = 'new' | 'another' | 'nothing'

export interface Delivery {
  readonly at: string
  /** Before it was handed over; undefined where nothing tells what is held. */
  readonly heldBefore: Held | undefined
}

export const delivery = keptCapture<Delivery>(
  'delivery',
  'when the new value was handed over, and what was held before',
)
