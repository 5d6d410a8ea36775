import { interruptible } from '../interrupt.ts'
import { type Display, displayFor } from './progress.ts'
import type { Session } from './sealed-run.ts'
import { catchStrays } from './strays.ts'

/**
 * What all runs of this process share, from the moment on at which something would be left behind if it just ended: the first
 * signal stops them, errors that nobody awaits are kept, and somebody watches.
 */
export function openSession(): Session & Disposable & { readonly display: Display } {
  const { NO_COLOR, TERM } = process.env
  const display = displayFor(process.stderr, { color: NO_COLOR === undefined && TERM !== 'dumb' })
  const interrupt = interruptible(process, () =>
    display.note('interrupted: stopping and tearing down; once more stops now'),
  )
  const strays = catchStrays(process)
  return {
    display,
    signal: interrupt.signal,
    strays: () => strays.soFar(),
    [Symbol.dispose]() {
      strays[Symbol.dispose]()
      interrupt[Symbol.dispose]()
    },
  }
}
