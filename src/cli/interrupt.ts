/** The part of `process` that signals come from. */
interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  exit(code: number): never
}

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts the signal, so that everything stops, is torn down and is sealed; another SIGINT or
 * SIGTERM ends the process at once. Its children are bound to its life and end with it. Another SIGHUP does not: a terminal that
 * goes away is told by the kernel and by the shell, which is no second wish of anybody.
 */
export function interruptible(
  source: SignalSource,
  onFirst: () => void,
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  const listener = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      onFirst()
      controller.abort()
    } else if (signal !== 'SIGHUP') source.exit(130)
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
