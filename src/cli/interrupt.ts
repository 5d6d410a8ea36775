/** The part of `process` that signals come from. */
interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown
  off(signal: NodeJS.Signals, listener: () => void): unknown
  exit(code: number): never
}

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts the signal, so that everything stops, is torn down and is sealed; the second
 * one ends the process at once. Its children are bound to its life and end with it.
 */
export function interruptible(
  source: SignalSource,
  onFirst: () => void,
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  const listener = () => {
    if (controller.signal.aborted) source.exit(130)
    onFirst()
    controller.abort()
  }
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) source.on(signal, listener)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) source.off(signal, listener)
    },
  }
}
