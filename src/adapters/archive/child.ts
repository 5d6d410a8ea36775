import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { findProgram, lookUpProgram, SYSTEM_PATH } from '../find-program.ts'

export interface ChildExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It ended because {@link StreamChild.stop} was called. */
  readonly stopped: boolean
  /** The last 64 KiB of what it said, for recognising causes; never shown. */
  readonly stderr: string
}

export interface ChildOptions {
  /** On top of the system's PATH, HOME and a C locale, which is all a child gets. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** What becomes of its standard output. @defaultValue 'read' */
  readonly output?: 'read' | 'ignored'
  /** Stops it. */
  readonly signal?: AbortSignal | undefined
}

const STDERR_BYTES = 64 * 1024

/**
 * A program with bytes going through it. Not run by zx, which keeps everything a command prints in memory: archives are
 * larger than that. It leads its own process group, so that stopping reaches what it started, and where `setpriv` exists
 * it dies with us even when we are killed.
 */
export class StreamChild implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #exit: Promise<ChildExit>
  #stopped = false
  #stderr = ''

  /** @throws RunproofError TOOL_MISSING */
  constructor(argv: readonly [string, ...string[]], options: ChildOptions = {}) {
    const [program, ...args] = argv
    const file = findProgram(program)
    const setpriv = lookUpProgram('setpriv')
    const line: readonly [string, ...string[]] =
      setpriv === undefined ? [file, ...args] : [setpriv, '--pdeathsig', 'KILL', '--', file, ...args]
    this.#process = spawn(line[0], line.slice(1), {
      stdio: ['pipe', options.output === 'ignored' ? 'ignore' : 'pipe', 'pipe'],
      detached: true,
      env: { ...baseEnvironment(), ...options.env },
    })
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_BYTES)
    })
    // a reader that stops early is seen in the exit and in the pipeline; here it must only not be unhandled
    this.#process.stdin!.on('error', () => undefined)
    this.#process.stdout?.on('error', () => undefined)
    // without a listener Node throws away, when the program ends, what nobody has begun to read
    this.#process.stdout?.on('readable', () => undefined)
    const stop = () => this.stop()
    options.signal?.addEventListener('abort', stop, { once: true })
    if (options.signal?.aborted) stop()
    this.#exit = new Promise(resolve => {
      const finish = (code: number | null, signal: NodeJS.Signals | null) => {
        options.signal?.removeEventListener('abort', stop)
        resolve({ code, signal, stopped: this.#stopped, stderr: this.#stderr })
      }
      this.#process.once('close', finish)
      this.#process.once('error', () => finish(127, null))
    })
  }

  get stdin(): Writable {
    return this.#process.stdin!
  }

  get stdout(): Readable {
    return this.#process.stdout!
  }

  /** Settles once the program ended and its output was read or thrown away. */
  get exit(): Promise<ChildExit> {
    return this.#exit
  }

  /** Kills the whole group; does nothing once it ended. */
  stop(): void {
    const { pid, exitCode, signalCode } = this.#process
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    this.#stopped = true
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      this.#process.kill('SIGKILL')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    this.#process.stdin!.destroy()
    this.#process.stdout?.destroy()
    await this.#exit
  }
}

function baseEnvironment(): Record<string, string> {
  const { HOME } = process.env
  return { LC_ALL: 'C', PATH: SYSTEM_PATH, ...(HOME !== undefined && { HOME }) }
}
