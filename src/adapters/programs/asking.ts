/**
 * Runs beside the program that is asked, behind the same barrier: asks one question after the other, ends what hangs, and
 * looks at what was left behind. Speaks lines of JSON; ends with its input, and so with whoever started it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bracketed } from '../../model/host-text.ts'
import { seclude } from '../isolation/seclude.ts'
import { allPids, identify, readStat, signalProcess } from '../process/identity.ts'
import { readText } from '../process/links.ts'
import { markedPids } from '../process/marked.ts'
import { reachable } from '../process/mounts.ts'
import { parseSocketTable } from '../process/sockets.ts'
import { type LaneAnswer, MOST_NAMED, type Question, type Ready, type SetUp } from './lane-protocol.ts'

/** For what was written to a pipe before its writer ended, where somebody else still holds the pipe. */
const LINGER_MS = 100
/** For children that end by themselves right after their parent. */
const LEAVING_MS = 60
const LOOK_MS = 20
/** More entries than this are not counted: these surroundings are thrown away anyhow. */
const MOST_LISTED = 5_000

process.umask(0o077)

const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]()
const next = async <Message>() => {
  const { value, done } = await lines.next()
  return done ? undefined : (JSON.parse(value) as Message)
}
const tell = (message: Ready | LaneAnswer) => process.stdout.write(`${JSON.stringify(message)}\n`)

const setUp = (await next<SetUp>())!
const open = closeOff(setUp)
for (const path of setUp.directories) mkdirSync(path, { recursive: true, mode: 0o700 })
const atFirst = new Set(entries(setUp.watched).map(({ path }) => path))
const companions = new Set(allPids())
tell({ kind: 'ready', open })

function closeOff({ seclusion, ownNamespaces, watched }: SetUp): string[] {
  // The first sentence is said of every seclusion.
  const missed = seclusion ? seclude(seclusion.mountProgram, seclusion.mountTable, seclusion.of).slice(1) : []
  if (!ownNamespaces) return missed
  // Whatever made these surroundings, and in whichever version: what it says is not what counts.
  const writable = reachable(readText('/proc/self/mountinfo')).filter(
    ({ at, readOnly }) => !(readOnly || watched.includes(at) || at.startsWith('/dev/')),
  )
  return [...missed, ...writable.map(({ at }) => `${at} can be written to`)]
}

async function ask(question: Question): Promise<LaneAnswer> {
  const outcome = await run(question)
  const found = await afterwards()
  const listeners = [...new Set([...outcome.listeners, ...(found.processes.length > 0 ? listening() : [])])]
  return { ...outcome, ...found, kind: 'answer', id: question.id, listeners: listeners.slice(0, MOST_NAMED) }
}

type Outcome = Omit<LaneAnswer, 'kind' | 'id' | 'files' | 'moreFiles' | 'processes' | 'spent'>

function run({ words, timeoutMs, maxProcesses }: Question): Promise<Outcome> {
  const output = { stdout: new Kept(), stderr: new Kept() }
  const seen = { timedOut: false, tooManyProcesses: false, listeners: [] as string[] }
  const answer = (status: number | null, refused: string | null = null): Outcome => ({
    ...seen,
    ...{ status, refused },
    stdout: output.stdout.base64(),
    stderr: output.stderr.base64(),
    truncated: output.stdout.overflown || output.stderr.overflown,
  })
  const [program, ...before] = setUp.argv
  let child: ChildProcess
  try {
    child = spawn(program, [...before, ...words], {
      cwd: setUp.cwd,
      env: setUp.env,
      // A group and session of its own: it is killed with its children, and has no terminal.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    return Promise.resolve(answer(null, String(error)))
  }

  return new Promise(resolve => {
    const kill = () => {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // it is gone
      }
    }
    const timer = setTimeout(() => {
      seen.timedOut = true
      seen.listeners = listening()
      kill()
    }, timeoutMs)
    const watch = setInterval(() => {
      if (!setUp.ownNamespaces || allPids().length <= maxProcesses) return
      seen.tooManyProcesses = true
      kill()
    }, LOOK_MS)
    const settle = (status: number | null, refused: string | null = null) => {
      clearTimeout(timer)
      clearInterval(watch)
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve(answer(status, refused))
    }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]!.on('data', (chunk: Buffer) => {
        output[name].add(chunk)
        if (output[name].overflown) kill()
      })
    }
    child.once('error', error => settle(null, error.message))
    child.once('exit', status => {
      clearTimeout(timer)
      setTimeout(() => settle(status), LINGER_MS).unref()
    })
    child.once('close', status => settle(status))
  })
}

class Kept {
  #chunks: Buffer[] = []
  #sizeBytes = 0
  overflown = false

  add(chunk: Buffer): void {
    const room = setUp.maxOutputBytes - this.#sizeBytes
    if (chunk.length > room) this.overflown = true
    if (room <= 0) return
    this.#chunks.push(chunk.subarray(0, room))
    this.#sizeBytes += Math.min(room, chunk.length)
  }

  base64(): string {
    return Buffer.concat(this.#chunks).toString('base64')
  }
}

async function afterwards(): Promise<Pick<LaneAnswer, 'files' | 'moreFiles' | 'processes' | 'spent'>> {
  let processes = left()
  for (let waitedMs = 0; processes.length > 0 && waitedMs < LEAVING_MS; waitedMs += LOOK_MS) {
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
    processes = left()
  }
  const names = processes.map(pid => readText(`/proc/${pid}/comm`).trim() || 'a process')
  for (const pid of processes) end(pid)

  const made = entries(setUp.watched).filter(({ path }) => !atFirst.has(path))
  const leaves = made.filter(({ hasEntries }) => !hasEntries).map(({ path }) => path)
  return {
    files: leaves.slice(0, MOST_NAMED),
    moreFiles: Math.max(0, leaves.length - MOST_NAMED),
    processes: names.slice(0, MOST_NAMED),
    spent: processes.length > 0 || made.length >= MOST_LISTED || !cleaned(made.map(({ path }) => path)),
  }
}

function cleaned(paths: readonly string[]): boolean {
  try {
    for (const path of paths) rmSync(path, { recursive: true, force: true })
    return true
  } catch {
    return false
  }
}

/** Processes of the program that have not ended. */
function left(): number[] {
  const pids = setUp.ownNamespaces ? allPids() : setUp.marker === null ? [] : markedPids(setUp.marker)
  return pids.filter(pid => {
    if (pid === process.pid || companions.has(pid)) return false
    const stat = readStat(pid)
    return stat !== undefined && !'ZX'.includes(stat.state)
  })
}

function end(pid: number): void {
  const identity = identify(pid)
  if (identity) signalProcess(identity, 'SIGKILL')
}

/** In a network namespace of its own whatever listens is the program's; elsewhere nobody could say. */
function listening(): string[] {
  if (!setUp.ownNamespaces) return []
  const inet = (['tcp', 'tcp6', 'udp', 'udp6'] as const).flatMap(protocol =>
    parseSocketTable(readText(`/proc/net/${protocol}`), protocol).map(
      ({ address, port }) => `${protocol.slice(0, 3)} ${bracketed(address)}:${port}`,
    ),
  )
  const ACCEPTS = 0x10000
  const unix = readText('/proc/net/unix')
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [, flags, path] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +\d+ (.+)$/.exec(line) ?? []
      return path !== undefined && (Number.parseInt(flags!, 16) & ACCEPTS) !== 0 ? [`unix ${path}`] : []
    })
  return [...inet, ...unix].slice(0, MOST_NAMED)
}

interface Entry {
  readonly path: string
  readonly hasEntries: boolean
}

/** Everything below, not passing into another file system. Directories before what is in them. */
function entries(places: readonly string[]): Entry[] {
  const found: Entry[] = []
  const list = (dir: string, device: number) => {
    for (const name of namesIn(dir)) {
      if (found.length >= MOST_LISTED) return
      const path = join(dir, name)
      const stats = lstatSync(path, { throwIfNoEntry: false })
      if (path === setUp.ignored || stats === undefined || stats.dev !== device) continue
      const isDirectory = stats.isDirectory()
      found.push({ path, hasEntries: isDirectory && namesIn(path).length > 0 })
      if (isDirectory) list(path, device)
    }
  }
  for (const place of places) {
    const stats = lstatSync(place, { throwIfNoEntry: false })
    if (stats !== undefined) list(place, stats.dev)
  }
  return found
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

// Down here, where everything above is initialised.
for (let question = await next<Question>(); question !== undefined; question = await next<Question>()) {
  tell(await ask(question))
}
for (const pid of left()) end(pid)
process.exit(0)
