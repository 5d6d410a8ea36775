import { daemon } from '../../daemon/subjects.ts'
import type { CheckContext } from '../../model/check.ts'
import { toRunproofError } from '../../model/error.ts'
import type { Secret } from '../../model/secret.ts'

export interface Held {
  /** For people. */
  state(): string
  /** Whether it was opened and is not cut. */
  isOpen(): boolean
  close(): void
}

/** An event stream that somebody reads with the old token. Whether it outlives the token is told and not judged. */
export async function holdStream(context: CheckContext, bearer: Secret): Promise<Held> {
  const { values, target, signal, tools } = context
  try {
    const stream = await values
      .get(daemon)
      .instance.openStream(target.events.path('global'), { bearer, timeoutMs: 5_000, signal })
    if (stream.status !== 200) {
      stream.close()
      return { state: () => `not opened: ${stream.status}`, isOpen: () => false, close() {} }
    }
    const openedAtMs = tools.clock.monotonicMs()
    let cutAfterMs: number | undefined
    const cut = () => {
      cutAfterMs ??= tools.clock.monotonicMs() - openedAtMs
    }
    ;(async () => {
      for await (const _ of stream.chunks);
    })().then(cut, cut)
    return {
      state: () =>
        cutAfterMs === undefined
          ? `still open ${Math.round(tools.clock.monotonicMs() - openedAtMs)} ms after it was opened`
          : `cut ${Math.round(cutAfterMs)} ms after it was opened`,
      isOpen: () => cutAfterMs === undefined,
      close: () => stream.close(),
    }
  } catch (thrown) {
    const { code } = toRunproofError(thrown)
    if (code === 'INTERRUPTED') throw thrown
    return { state: () => `not opened: ${code}`, isOpen: () => false, close() {} }
  }
}
