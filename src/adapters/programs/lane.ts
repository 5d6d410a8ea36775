import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { awaitGone, descendants, identify, signalProcess } from '../process/identity.ts'
import { readText } from '../process/links.ts'
import { MARKER, markedPids } from '../process/marked.ts'
import { isAnswer, type LaneAnswer, type Question, type Ready, type SetUp } from './lane-protocol.ts'

const START_MS = 10_000
const END_MS = 5_000
/** For what multiplies faster than it is killed. */
const END_TRIES = 20
/** Beyond the time of a question, for the one who asks to notice and to tell. */
const GRACE_MS = 3_000
/** Two outputs in base64, and room. */
const MOST_LINE_BYTES = 4 * 1_048_576

/** Surroundings in which one question is asked at a time. */
export interface Lane extends AsyncDisposable {
  /** Null when it ended, or did not answer in time: then nobody can ask here any more. */
  ask(question: Omit<Question, 'id'>): Promise<LaneAnswer | null>
}

/** Either a lane, or in its own words why there is none. */
export type Opened = { readonly lane: Lane } | { readonly refusal: string }

/**
 * @param argv - what makes the surroundings, and the one who asks in them
 * @param filter - what it reads from its fourth descriptor
 */
export async function openLane(argv: readonly string[], filter: Buffer | null, setUp: SetUp): Promise<Opened> {
  const inherited = inheritedDescriptors()
  const nothing = openSync('/dev/null', 'r')
  const others = Array.from({ length: Math.max(0, Math.max(...inherited, 2) - 2) }, (_, index) =>
    inherited.includes(index + 3) ? nothing : 'ignore',
  )
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd: '/',
    // Also in what it starts, before that is the program.
    env: setUp.marker === null ? {} : { [MARKER]: setUp.marker },
    // Its own group: Ctrl-C in a terminal is for runproof.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', ...(filter === null ? others : ['pipe' as const, ...others.slice(1)])],
  }) as ChildProcessWithoutNullStreams
  closeSync(nothing)
  const filterInput = child.stdio[3] as Writable | null | undefined
  filterInput?.on('error', () => {})
  if (filter !== null) filterInput?.end(filter)
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(0, 2_000)
  })
  const ended = new Promise<null>(resolve => {
    child.once('error', ({ message }) => {
      complaint ||= message
      resolve(null)
    })
    child.once('close', () => resolve(null))
  })
  child.stdin.on('error', () => {})
  const lines = linesOf(child.stdout)

  /** Null when there is none any more, none in that time, or it makes no sense: the program could have written it. */
  const next = async (withinMs: number): Promise<unknown> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<null>(resolve => {
      timer = setTimeout(() => resolve(null), withinMs)
    })
    try {
      const line = await Promise.race([lines.next(), late])
      return line === null || line.done ? null : JSON.parse(line.value)
    } catch {
      return null
    } finally {
      clearTimeout(timer)
    }
  }
  const send = (message: SetUp | Question) => child.stdin.write(`${JSON.stringify(message)}\n`)

  /**
   * Process 1 of the namespace takes everything in it along, and what started it ends when that is done. Without one, what
   * has just been started may be missed by the first look: nothing more is, once the one who starts it has ended.
   */
  const end = async () => {
    child.stdin.destroy()
    if (child.pid === undefined) return
    const own = identify(child.pid)
    await killAll(descendants(child.pid))
    if (own) signalProcess(own, 'SIGKILL')
    await ended
    if (setUp.marker === null) return
    for (let left = markedPids(setUp.marker), tries = 0; left.length > 0 && tries < END_TRIES; tries += 1) {
      await killAll(left)
      left = markedPids(setUp.marker)
    }
  }

  send(setUp)
  // Nothing but the one who asks has run before it says this.
  const ready = (await next(START_MS)) as Ready | null
  if (ready === null || ready.open.length > 0) {
    await end()
    const first = complaint.trim().split('\n')[0]
    return { refusal: ready?.open[0] ?? (first || 'it ended without a word') }
  }
  let asked = 0
  return {
    lane: {
      async ask(question) {
        asked += 1
        const id = asked
        send({ ...question, id })
        const answer = await next(question.timeoutMs + GRACE_MS)
        return isAnswer(answer, id) ? answer : null
      },
      [Symbol.asyncDispose]: end,
    },
  }
}

/**
 * Descriptors beyond the first three that whoever started this process handed down, and that would be handed down again:
 * Node keeps them from its children only up to the first gap.
 */
function inheritedDescriptors(): number[] {
  const CLOSE_ON_EXEC = 0o2000000
  return readdirSync('/proc/self/fd').flatMap(name => {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readText(`/proc/self/fdinfo/${name}`))?.[1]
    return Number(name) > 2 && flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0
      ? [Number(name)]
      : []
  })
}

async function killAll(pids: readonly number[]): Promise<void> {
  const identities = pids.flatMap(pid => identify(pid) ?? [])
  for (const identity of identities) signalProcess(identity, 'SIGKILL')
  await awaitGone(identities, END_MS)
}

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string, undefined> {
  let sizeBytes = 0
  stream.on('data', (chunk: Buffer) => {
    sizeBytes = chunk.includes(0x0a) ? 0 : sizeBytes + chunk.length
    if (sizeBytes > MOST_LINE_BYTES) (stream as unknown as { destroy(): void }).destroy()
  })
  for await (const line of createInterface({ input: stream })) yield line
  return undefined
}
