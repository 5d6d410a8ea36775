/** The part of `process` that errors nobody awaits come from. */
interface ErrorSource {
  on(event: 'unhandledRejection' | 'uncaughtException', listener: (thrown: unknown) => void): unknown
  off(event: 'unhandledRejection' | 'uncaughtException', listener: (thrown: unknown) => void): unknown
}

/**
 * Collects errors that no promise chain awaits, for instance of a check that was given up on. Without this Node ends the
 * process with status 1, which says "not passed", and nothing is torn down or sealed.
 */
export function catchStrays(source: ErrorSource): { soFar(): Promise<readonly Error[]> } & Disposable {
  const errors: Error[] = []
  const listener = (thrown: unknown) => void errors.push(thrown instanceof Error ? thrown : new Error(String(thrown)))
  const events = ['unhandledRejection', 'uncaughtException'] as const
  for (const event of events) source.on(event, listener)
  return {
    async soFar() {
      // Node tells of a rejection only when nothing else is left to do in this turn.
      await new Promise(resolve => setImmediate(resolve))
      return errors
    },
    [Symbol.dispose]() {
      for (const event of events) source.off(event, listener)
    },
  }
}
