import type { CheckContext } from '../model/check.ts'
import type { RequestOptions } from '../model/http.ts'
import { parseJson } from '../model/json-answer.ts'
import { whatClientGets } from '../nginx/effective/client-gets.ts'
import type { EdgeConfiguration } from './edge-configuration.ts'
import type { EdgeLab } from './edge-lab.ts'

/** Larger bodies are not sent. */
const MOST_BYTES = 64 * 2 ** 20

/** A body as large as is said to be let through, and one byte more. */
export interface BodyLimit {
  readonly path: string
  /** Undefined: there is none. */
  readonly claimedBytes: number | undefined
  /** Absent where that much is not sent. */
  readonly tried?: {
    readonly at: { readonly status: number; readonly arrivedBytes: number | undefined }
    readonly aboveStatus: number
  }
}

/** Tries the limit of every path that takes a body, each limit once. */
export async function tryBodyLimits(
  context: CheckContext,
  { effective, front, host }: EdgeConfiguration,
  lab: EdgeLab,
): Promise<readonly BodyLimit[]> {
  const limits = new Map<number | undefined, string>()
  for (const { path, method } of context.target.edge.paths) {
    if (method !== 'POST') continue
    const { bodyLimitBytes } = whatClientGets(
      effective.view({ scheme: 'https', host, listen: front.listen, path, method }),
    )
    if (!limits.has(bodyLimitBytes)) limits.set(bodyLimitBytes, path)
  }
  const tried: BodyLimit[] = []
  for (const [claimedBytes, path] of limits) {
    if (claimedBytes === undefined || claimedBytes > MOST_BYTES) tried.push({ path, claimedBytes })
    else tried.push({ path, claimedBytes, tried: await tryLimit(context, path, claimedBytes, lab) })
  }
  return tried
}

async function tryLimit({ deadlineMs, signal }: CheckContext, path: string, bytes: number, { edge }: EdgeLab) {
  const options = (size: number): RequestOptions => ({
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(size),
    timeoutMs: Math.min(deadlineMs, 20_000),
    signal,
  })
  const at = await edge.request(path, options(bytes))
  const above = await edge.request(path, options(bytes + 1))
  const arrived = at.status === 200 ? (parseJson(at.text, `${path} answered`) as { body?: { bytes?: number } }) : {}
  return { at: { status: at.status, arrivedBytes: arrived.body?.bytes }, aboveStatus: above.status }
}
