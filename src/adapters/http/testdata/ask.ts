/**
 * Asks a server in one of the ways that checks do and prints what came of it, and how much memory it took at most:
 * `node ask.ts '{"baseUrl": …, "path": …, "way": "json" | "events", "timeoutMs": …, "caFile": …, "http2": …, "warmUp": …}'`.
 */
import type { RunproofError } from '../../../model/error.ts'
import type { TargetHttp } from '../../../model/http.ts'
import { jsonAnswer } from '../../../model/json-answer.ts'
import { readEvents } from '../../../sse/read-events.ts'
import { http } from '../port.ts'

export interface Question {
  readonly baseUrl: string
  readonly path: string
  readonly way: 'json' | 'events'
  readonly timeoutMs: number
  readonly caFile?: string
  readonly http2?: boolean
  /** Of a server that answers well: what the first question costs is not what a bad answer costs. */
  readonly warmUp?: string
}

export interface Outcome {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly events: number
  readonly grownBytes: number
  readonly tookMs: number
}

const { baseUrl, path, way, timeoutMs, caFile, http2 = false, warmUp } = JSON.parse(process.argv[2]!) as Question
let events = 0

async function ask(target: TargetHttp): Promise<void> {
  if (way === 'json') {
    jsonAnswer(path, await target.request(path, { timeoutMs }))
    return
  }
  const stream = await target.openStream(path, { timeoutMs })
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    for await (const _ of readEvents(stream.chunks, { name: path, signal })) events += 1
  } finally {
    stream.close()
  }
}

const how = { ...(caFile === undefined ? {} : { caFile }), http2 }
if (warmUp !== undefined) {
  await using target = await http.connect({ baseUrl: warmUp, ...how })
  const stream = await target.openStream('/fine')
  for await (const _ of readEvents(stream.chunks)) stream.close()
  await target.request('/fine')
}
const before = process.memoryUsage.rss()
const began = performance.now()
let error: RunproofError | undefined
try {
  await using target = await http.connect({ baseUrl, ...how })
  await ask(target)
} catch (thrown) {
  error = thrown as RunproofError
}
const outcome: Outcome = {
  code: error === undefined ? '' : (error.code ?? String(error)),
  message: error?.message ?? '',
  hint: error?.hint ?? '',
  events,
  grownBytes: process.resourceUsage().maxRSS * 1024 - before,
  tookMs: performance.now() - began,
}
process.stdout.write(JSON.stringify(outcome))
