import { type ChildProcess, spawn } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import type { Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { RunproofError } from '../../model/error.ts'
import type { Barrier } from '../../model/instance.ts'
import { quoteForSh } from '../run-command.ts'
import { loopbackArgv, unshareArgv } from './barrier.ts'
import type { FromWarden, ToWarden } from './warden-protocol.ts'

/** `.ts` in the repository, `.js` where it was built. */
const WARDEN = fileURLToPath(new URL(`./warden${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))

/**
 * Process 1 of the namespace is a shell: it waits for any child, so that orphans do not stay as zombies (Node waits only
 * for children it started itself), and ends when the warden ends, which ends everything.
 */
const INIT = '"$@"; exit $?'

const loopback = (barrier: Barrier) => loopbackArgv(barrier).map(quoteForSh).join(' ')

/** A running warden and the conversation with it. */
export interface WardenLink {
  readonly child: ChildProcess
  /** Exit of the outermost process of ours: everything behind a barrier has ended then. */
  readonly ended: Promise<void>
  send(message: ToWarden): void
  /** @returns what takes the listener away again */
  on(listener: (message: FromWarden, handedOver?: Server) => void): () => void
  /** The first message of that kind. @throws RunproofError INSTANCE_FAILED when the warden fails or ends before */
  next<Kind extends FromWarden['kind']>(kind: Kind): Promise<Extract<FromWarden, { kind: Kind }>>
}

/** Starts a warden behind the barrier; it dies with this process, even from SIGKILL. */
export function startWarden(barrier: Barrier, network: 'isolated' | 'shared'): WardenLink {
  const warden = [process.execPath, '--disable-warning=ExperimentalWarning', WARDEN]
  const { tools } = barrier
  const argv =
    barrier.kind === 'none'
      ? warden
      : [
          ...[tools.setpriv!, '--pdeathsig', 'KILL', '--'],
          ...unshareArgv(barrier, network),
          ...[tools.sh!, '-c', network === 'isolated' ? `${loopback(barrier)} || exit 71; ${INIT}` : INIT, 'init'],
          ...warden,
        ]
  const cache = process.env.NODE_COMPILE_CACHE ?? getCompileCacheDir()
  const child = spawn(argv[0]!, argv.slice(1), {
    // Its own group: Ctrl-C in a terminal is for runproof, which then stops the daemon in order.
    detached: true,
    cwd: '/',
    // Measured: 60 ms from call to daemon with the cache, 110 ms without.
    env: cache === undefined ? {} : { NODE_COMPILE_CACHE: cache },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })

  let complaint = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(0, 4_096)
  })
  const listeners = new Set<Parameters<WardenLink['on']>[0]>()
  child.on('message', (message: FromWarden, handle) => {
    for (const listener of listeners) listener(message, handle as Server | undefined)
  })
  const ended = new Promise<void>(resolve => {
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })

  return {
    child,
    ended,
    send(message) {
      // A message to a warden that has just ended is lost, and `ended` says why.
      if (child.connected) child.send(message, () => {})
    },
    on(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    next(kind) {
      return new Promise((resolve, reject) => {
        const settle = (message: FromWarden) => {
          if (message.kind === kind) resolve(message as Extract<FromWarden, { kind: typeof kind }>)
          else if (message.kind === 'failed') reject(new RunproofError('INSTANCE_FAILED', message.message))
          else return
          listeners.delete(settle)
        }
        listeners.add(settle)
        ended.then(() =>
          reject(
            new RunproofError('INSTANCE_FAILED', `the ${barrier.kind} barrier ended before the daemon was started`, {
              hint: 'runproof doctor tries the barrier by itself',
              cause: new Error(complaint.trim()),
            }),
          ),
        )
      })
    },
  }
}
