/**
 * The program that lives with the daemon behind the barrier: mounts the views, starts the daemon and writes its output
 * down, and carries connections in. It acts on messages of its parent only, and ends with it: the channel closes when the
 * parent dies, whatever it died of.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, lstatSync, mkdirSync, openSync, rmSync, statSync, symlinkSync, writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import type { View } from '../../model/instance.ts'
import { markedPids } from '../process/marked.ts'
import { connectProbe } from './connect-probe.ts'
import { seclude } from './seclude.ts'
import type { FromWarden, ToWarden } from './warden-protocol.ts'

const PIPE_LINGER_MS = 50

process.umask(0o077)

let daemon: ChildProcess | undefined
let droppedBytes = 0
let marker: string | null = null

process.on('message', (message: ToWarden) => {
  act(message).catch(error => tell({ kind: 'failed', message: String(error instanceof Error ? error.message : error) }))
})
process.on('disconnect', end)

async function act(message: ToWarden): Promise<void> {
  if (message.kind === 'prepare') {
    marker = message.marker
    const views = message.views.map((view, index) => mountView(view, index, message))
    for (const { socket, port } of message.carry) await carryConnections(socket, port)
    // Afterwards the cache is read-only, too.
    flushCompileCache()
    const uncovered =
      message.seclusion === null ? [] : seclude(message.mountProgram, message.mountTable, message.seclusion)
    tell({ kind: 'prepared', pid: process.pid, views, uncovered })
  }
  if (message.kind === 'start') start(message)
  if (message.kind === 'signal') daemon?.kill(message.signal)
  if (message.kind === 'probe') tell({ kind: 'probed', id: message.id, result: await connectProbe(message.options) })
  if (message.kind === 'listen') await handOver(message.id)
  if (message.kind === 'end') end()
}

/** A socket belongs to the network it was made in, whoever holds it: what is accepted outside was connected to inside. */
async function handOver(id: number): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const listening: FromWarden = { kind: 'listening', id }
  process.send!(listening, server, () => server.close())
}

function tell(message: FromWarden): void {
  if (process.connected) process.send!(message)
}

/** Behind a barrier everything ends with process 1, our parent; without one the marked processes are looked for and killed. */
function end(): void {
  if (marker !== null) for (const pid of markedPids(marker)) kill(pid)
  else if (daemon?.pid !== undefined) kill(-daemon.pid)
  process.exit(0)
}

function kill(pid: number): void {
  if (pid === process.pid) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has already ended
  }
}

type Prepare = Extract<ToWarden, { kind: 'prepare' }>

/**
 * Names inside the working directory keep commas and colons of real paths out of the mount options, where they would
 * separate.
 */
function mountView(view: Prepare['views'][number], index: number, prepare: Prepare): View {
  const { lower, at, work } = view
  const root = statSync(lower)
  mkdirSync(at, { recursive: true })
  let reason = 'there is no private mount namespace'
  if (prepare.overlayOptions !== null) {
    for (const name of ['upper', 'work']) mkdirSync(join(work, name), { recursive: true })
    symlinkSync(lower, join(work, 'lower'))
    // The root directory of an overlay is that of its upper layer.
    chmodSync(join(work, 'upper'), root.mode & 0o7777)
    if (root.uid !== lstatSync(join(work, 'upper')).uid) chownIfAllowed(join(work, 'upper'), root.uid, root.gid)
    const options = ['lowerdir=lower', 'upperdir=upper', 'workdir=work', ...prepare.overlayOptions].join(',')
    try {
      execFileSync(prepare.mountProgram, ['-n', '-t', 'overlay', '-o', options, `view-${index}`, at], {
        cwd: work,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      return { lower, at, how: 'overlay', reason: '' }
    } catch (error) {
      reason = String((error as { stderr?: Buffer }).stderr ?? error).trim()
      rmSync(work, { recursive: true, force: true })
    }
  }
  execFileSync('/bin/cp', ['-a', '--reflink=auto', '--', `${lower}/.`, at], { stdio: ['ignore', 'ignore', 'pipe'] })
  return { lower, at, how: 'copy', reason }
}

function chownIfAllowed(path: string, uid: number, gid: number): void {
  try {
    chownSync(path, uid, gid)
  } catch {
    // owners below stay as they are; only the root directory shows this user
  }
}

function carryConnections(socket: string, port: number): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, outside => {
    const inside = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    outside.pipe(inside)
    inside.pipe(outside)
    outside.on('error', () => inside.destroy())
    inside.on('error', () => outside.destroy())
    outside.on('close', () => inside.destroy())
    inside.on('close', () => outside.destroy())
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
}

function start(message: Extract<ToWarden, { kind: 'start' }>): void {
  const [program, ...words] = message.argv
  const child = spawn(program!, words, {
    cwd: message.cwd,
    env: message.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  daemon = child
  child.stdin.on('error', () => {})
  child.stdin.end(message.stdin)
  writeDown(child.stdout, message.stdoutFile, message.maxLogBytes)
  writeDown(child.stderr, message.stderrFile, message.maxLogBytes)
  child.once('error', error => tell({ kind: 'failed', message: error.message }))
  child.once('spawn', () => tell({ kind: 'started', pid: child.pid! }))
  child.once('exit', (exitCode, signal) => {
    // What it said last is still in the pipes; a grandchild may hold them open, so their end is not awaited for long.
    const report = () => tell({ kind: 'exited', exit: { exitCode, signal }, droppedBytes })
    const late = new Promise(resolve => setTimeout(resolve, PIPE_LINGER_MS))
    Promise.race([late, once(child, 'close')]).then(report)
  })
}

function writeDown(stream: NodeJS.ReadableStream, file: string, maxBytes: number): void {
  const descriptor = openSync(file, 'a', 0o600)
  let room = maxBytes
  stream.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, room)
    room -= kept.length
    droppedBytes += chunk.length - kept.length
    if (kept.length === 0) return
    try {
      writeSync(descriptor, kept)
    } catch {
      // a full disk must not stop the daemon's output from being drained
      droppedBytes += kept.length
      room = 0
    }
  })
}
