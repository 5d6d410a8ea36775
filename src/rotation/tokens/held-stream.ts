import { daemon } from '../../daemon/subjects.ts'
import type { CheckContext } from '../../model/check.ts'
import { toRunproofError } from '../../model/error.ts'
import type { Secret } from '../../model/secret.ts'

export interface Held {
  /** For people. */
  state(): string
  /** Whether it was opened and is not cut. */
  isOpen(): boolean
  /** Lets go of it; what became of it until then is told from then on. */
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
    const sinceOpened = () => Math.round(tools.clock.monotonicMs() - openedAtMs)
    let end: { readonly how: 'cut' | 'let go'; readonly afterMs: number } | undefined
    const ended = (how: 'cut' | 'let go') => {
      end ??= { how, afterMs: sinceOpened() }
    }
    ;(async () => {
      for await (const _ of stream.chunks);
    })().then(
      () => ended('cut'),
      () => ended('cut'),
    )
    return {
      state: () =>
        end?.how === 'cut'
          ? `cut ${end.afterMs} ms after it was opened`
          : `still open ${end?.afterMs ?? sinceOpened()} ms after it was opened`,
      isOpen: () => end?.how !== 'cut',
      close() {
        ended('let go')
        stream.close()
      },
    }
  } catch (thrown) {
    const { code } = toRunproofError(thrown)
    if (code === 'INTERRUPTED') throw thrown
    return { state: () => `not opened: ${code}`, isOpen: () => false, close() {} }
  }
}
