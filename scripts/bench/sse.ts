// Reading an event stream over HTTP: its bytes alone, and its events with the judgement of their continuity. The server is
// a process of its own; the reader has one core. Interleaved, and every round reads the whole stream.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { http } from '../../src/adapters/http/port.ts'
import type { StreamAnswer, TargetHttp } from '../../src/model/http.ts'
import { ContinuityJudge } from '../../src/sse/continuity.ts'
import { readEvents } from '../../src/sse/read-events.ts'
import { median } from './median.ts'

const EVENTS = 500_000
const EVENT_BYTES = 200
const ROUNDS = 5
const TARGET_PER_SECOND = 100_000
/** As a daemon counts that was started in 2026: far beyond 2^53. */
const FIRST_ID = 1_795_000_000n << 32n

/** Events per second of wall time and of processor time. */
interface Speed {
  readonly wall: number
  readonly processor: number
}

async function benchSse(): Promise<void> {
  const server = spawn(process.execPath, [import.meta.filename, 'serve'], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const [port] = (await once(createInterface(server.stdout), 'line')) as [string]
    await using target = await http.connect({ baseUrl: `http://127.0.0.1:${port}` })
    const bytes: Speed[] = []
    const events: Speed[] = []
    for (let round = 0; round < ROUNDS; round++) {
      bytes.push(await timed(target, readBytes))
      events.push(await timed(target, readAndJudge))
    }
    const write = (line: string) => process.stdout.write(`  ${line}\n`)
    write(`${EVENTS} events of ${EVENT_BYTES} bytes with 64-bit ids, median of ${ROUNDS} rounds, interleaved`)
    write(`bytes alone            ${show(bytes)}`)
    write(`events, continuity     ${show(events)} (target ${TARGET_PER_SECOND})`)
    write(`nothing lost, repeated or reordered in ${ROUNDS * EVENTS} events`)
  } finally {
    server.stdin.end()
  }
}

async function readBytes({ chunks }: StreamAnswer): Promise<void> {
  let size = 0
  for await (const chunk of chunks) size += chunk.length
  if (size !== EVENTS * EVENT_BYTES) throw new Error(`${size} bytes came`)
}

async function readAndJudge({ chunks }: StreamAnswer): Promise<void> {
  const judge = new ContinuityJudge({ consecutive: true, after: String(FIRST_ID - 1n) })
  for await (const event of readEvents(chunks)) judge.add(event)
  const { events, findings, lastId } = judge.end()
  if (events !== EVENTS || findings.length > 0 || lastId !== String(FIRST_ID + BigInt(EVENTS - 1))) {
    throw new Error(`${events} events up to ${lastId}: ${JSON.stringify(findings)}`)
  }
}

async function timed(target: TargetHttp, read: (stream: StreamAnswer) => Promise<void>): Promise<Speed> {
  const stream = await target.openStream('/')
  const processor = process.cpuUsage()
  const began = performance.now()
  await read(stream)
  const wallMs = performance.now() - began
  const { user, system } = process.cpuUsage(processor)
  return { wall: (EVENTS / wallMs) * 1_000, processor: (EVENTS / (user + system)) * 1_000_000 }
}

function show(speeds: readonly Speed[]): string {
  const round = (values: readonly number[]) => String(Math.round(median(values) / 1_000) * 1_000).padStart(8)
  return `${round(speeds.map(({ wall }) => wall))} events/s, ${round(speeds.map(({ processor }) => processor))} per second of processor`
}

/** Until its input ends. */
async function serve(): Promise<void> {
  const stream = Buffer.concat(
    Array.from({ length: EVENTS }, (_, index) => {
      const head = `id: ${FIRST_ID + BigInt(index)}\nevent: run_updated\ndata: {"type":"run_updated","text":"`
      return Buffer.from(`${head.padEnd(EVENT_BYTES - 4, 'x')}"}\n\n`)
    }),
  )
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(stream)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
  await once(process.stdin.resume(), 'end')
  process.exit(0)
}

await (process.argv[2] === 'serve' ? serve() : benchSse())
