import { failed, type Judgement, type ObservationCounterproof, passed } from '../model/check.ts'

/** A directory that something big is about to be written to. Paths are real paths. */
export interface FreshPlace {
  readonly place: string
  readonly entries: number
  readonly freeBytes: number
  readonly neededBytes: number
  /** Directories that it must neither lie in nor hold. */
  readonly apartFrom: readonly string[]
}

/** Empty, roomy, and apart from what it must not touch. */
export function judgeFreshPlace({ place, entries, freeBytes, neededBytes, apartFrom }: FreshPlace): Judgement {
  const around = apartFrom.find(path => place === path || place.startsWith(`${path}/`) || path.startsWith(`${place}/`))
  if (around !== undefined) return failed(`${place} and ${around}, which it must not touch, lie in each other`)
  if (entries > 0) return failed(`${place} is not empty: ${entries} entries`, { expected: 0, actual: entries })
  return freeBytes >= neededBytes
    ? passed({ expected: { neededBytes }, actual: { freeBytes } })
    : failed(`${place} has ${freeBytes} bytes free, ${neededBytes} are needed`, {
        expected: neededBytes,
        actual: freeBytes,
      })
}

/** What can be broken about any such place without touching one. */
export const FRESH_PLACE_BREAKS: readonly ObservationCounterproof<FreshPlace>[] = [
  {
    id: 'no-room',
    breaks: 'one byte too few is free',
    because: /are needed/,
    observation: observed => ({ ...observed, freeBytes: observed.neededBytes - 1 }),
  },
  {
    id: 'not-empty',
    breaks: 'something lies there already',
    because: /not empty/,
    observation: observed => ({ ...observed, entries: 1 }),
  },
]
