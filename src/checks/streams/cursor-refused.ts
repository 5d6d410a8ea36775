import { withProxy } from '../../daemon/break.ts'
import { daemon } from '../../daemon/subjects.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import type { RequestOptions } from '../../model/http.ts'
import { jsonOf } from '../../suite/ask.ts'
import { withCursor } from '../../suite/streams.ts'

const NO_CURSOR = 'not-a-number'
const MOST_BYTES = 64 * 1024

interface Refusal {
  readonly what: string
  readonly status: number
  readonly code: string | undefined
}

interface Observed {
  readonly refusals: readonly Refusal[]
  readonly expected: string
}

/** A cursor that is no number is refused, wherever it stands: to take it for none would lose events in silence. */
export const cursorRefused = defineCheck<Observed>({
  id: 'cursor-refused',
  title: 'A cursor that is no number is refused with 400, in the query and in the header',

  async probe(context) {
    const path = context.target.events.path('global')
    const refusals = [
      await refusalOf(context, 'in the query', withCursor(context, path, NO_CURSOR), {}),
      await refusalOf(context, 'in the header', path, { headers: { 'last-event-id': NO_CURSOR } }),
    ]
    return { refusals, expected: context.target.events.invalidCursorCode }
  },

  judge({ refusals, expected }) {
    if (refusals.length === 0) return failed('nothing was tried')
    for (const { what, status, code } of refusals) {
      if (status !== 400) return failed(`${what} it gave ${status}`, { expected: 400, actual: status })
      if (code !== expected) return failed(`${what} it has another code`, { expected, actual: code ?? null })
    }
    return passed({ expected, actual: refusals.length })
  },

  counterproofs: [
    {
      id: 'cursor-accepted',
      breaks: 'it is taken for none',
      because: /in the header it gave 200/,
      observation: observed => ({
        ...observed,
        refusals: observed.refusals.map(one => (one.what === 'in the header' ? { ...one, status: 200 } : one)),
      }),
    },
    {
      id: 'header-unseen',
      breaks: 'a proxy drops the header, so that a stream is opened',
      because: /in the header it gave 200/,
      subject: (context, scope) => withProxy(context, scope, { dropHeader: 'last-event-id' }),
    },
    {
      id: 'other-code',
      breaks: 'the refusal has another code',
      because: /another code/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_, text) => text.replaceAll(context.target.events.invalidCursorCode, 'bad_request'),
        }),
    },
  ],
})

async function refusalOf(
  context: CheckContext,
  what: string,
  path: string,
  options: Pick<RequestOptions, 'headers'>,
): Promise<Refusal> {
  const { instance, readonlyToken, adminToken } = context.values.get(daemon)
  const timeoutMs = Math.min(context.deadlineMs, 10_000)
  const bearer = (readonlyToken ?? adminToken)!
  // Of all of it: a refusal that never ends is no refusal.
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)])
  const stream = await instance.openStream(path, { ...options, bearer, timeoutMs, signal })
  try {
    // A stream that was opened has no end to wait for.
    if (stream.status === 200) return { what, status: 200, code: undefined }
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of stream.chunks) {
      pieces.push(piece)
      size += piece.length
      if (size > MOST_BYTES) break
    }
    const problem = context.target.runs.read.problem(jsonOf(path, Buffer.concat(pieces).toString('utf8')))
    return { what, status: stream.status, code: problem.code }
  } finally {
    stream.close()
  }
}
