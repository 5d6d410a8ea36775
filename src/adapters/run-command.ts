import type { Command } from '../model/command.ts'
import { RunproofError } from '../model/error.ts'
import type { CommandRunner, RunOptions, RunResult } from '../model/run-command.ts'
import type { Secret } from '../model/secret.ts'
import { findProgram, lookUpProgram, SYSTEM_PATH } from './find-program.ts'
import { allPids, identify, readStat, signalProcess } from './process/identity.ts'

/** Where a command runs; its own `env` comes on top of `env` here. */
export interface RunPlace {
  readonly path?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Words put before all others, absolute program first: those of an nsenter, which forks and waits for what it starts. */
  readonly enter?: readonly string[]
  /** Words put before the command, absolute program first; each of these becomes the next. */
  readonly wrapper?: readonly string[]
}

const DEFAULT_OUTPUT_BYTES = 1024 * 1024
/** A background child may hold the pipes open for ever; what it says later is not the command's answer. */
const PIPE_LINGER_MS = 200
/** An nsenter whose child was killed ends at once; one that does not is killed, too. */
const NOTICES_WITHIN_MS = 1_000

/** Runs commands of the machine through zx, each in a process group of its own. */
export function createCommandRunner(place: RunPlace = {}): CommandRunner {
  return { run: (command, options) => runCommand(command, options, place) }
}

/**
 * Runs one command to its end: umask 077, no inherited environment, output kept up to `maxOutputBytes` per stream.
 *
 * @returns also for a non-zero exit, a signal or a timeout; what it left in its process group is killed
 * @throws RunproofError TOOL_MISSING when the program is not on the path, COMMAND_FAILED when its directory cannot be entered,
 *   INTERRUPTED when `options.signal` aborts
 */
export async function runCommand(command: Command, options: RunOptions, place: RunPlace = {}): Promise<RunResult> {
  const path = place.path ?? SYSTEM_PATH
  const cwd = command.cwd ?? place.cwd ?? '/'
  const program = findProgram(command.argv[0], path, cwd)
  const { $ } = await import('zx/core')
  // Only now: who interrupts while that is loaded does so before there is anything that could be killed.
  if (options.signal?.aborted) throw interrupted(program)
  const stdout = new BoundedChunks(options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES)
  const stderr = new BoundedChunks(options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES)
  const enter = place.enter ?? []
  const argv = [...boundToThisProcess(), ...enter, ...(place.wrapper ?? []), program, ...command.argv.slice(1)]
  const began = performance.now()

  const running = $({
    quiet: true,
    verbose: false,
    nothrow: true,
    detached: true,
    shell: '/bin/sh',
    prefix: 'umask 077; exec ',
    postfix: '',
    quote: quoteForSh,
    cwd,
    env: { PATH: path, ...place.env, ...revealAll(command.env ?? {}) },
    stdio: ['pipe', 'pipe', 'pipe'],
    log: () => {},
    // zx keeps all output twice; these keep what is asked for, once.
    store: { stdout, stderr, stdall: new BoundedChunks(0) },
  })`${argv}`

  const child = running.child!
  const killGroup = () => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // the group has already ended
    }
  }
  let deaf: NodeJS.Timeout | undefined
  const kill = () => {
    if (child.pid === undefined || enter.length === 0) return killGroup()
    killChildren(child.pid)
    deaf ??= setTimeout(killGroup, NOTICES_WITHIN_MS)
  }
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    kill()
  }, options.timeoutMs)
  options.signal?.addEventListener('abort', kill, { once: true })

  // A program that never reads its input closes the pipe under us: that is its right, not an error.
  child.stdin!.on('error', () => {})
  child.stdin!.end(command.stdin === undefined ? '' : reveal(command.stdin))

  let linger: NodeJS.Timeout | undefined
  child.once('exit', () => {
    linger = setTimeout(() => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    }, PIPE_LINGER_MS)
  })

  try {
    const output = await running
    if (child.pid === undefined) {
      throw new RunproofError('COMMAND_FAILED', `${program} could not be started in ${cwd}`, { cause: output.cause })
    }
    if (options.signal?.aborted) throw interrupted(program)
    return {
      exitCode: output.exitCode,
      signal: output.signal,
      timedOut,
      stdout: stdout.text(),
      stderr: stderr.text(),
      stdoutCut: stdout.cut,
      stderrCut: stderr.cut,
      durationMs: performance.now() - began,
    }
  } finally {
    clearTimeout(timer)
    clearTimeout(linger)
    clearTimeout(deaf)
    options.signal?.removeEventListener('abort', kill)
    killGroup()
  }
}

/**
 * Kills what an nsenter waits for, so that it is there to notice. An orphan of it would be left to process 1 outside, and as
 * long as that does not notice, the namespaces the command was in cannot end. Stopped meanwhile, it starts nothing else; where
 * it has not started anything yet, it is killed itself.
 */
function killChildren(nsenter: number): void {
  const parent = identify(nsenter)
  if (parent === undefined || !signalProcess(parent, 'SIGSTOP')) return
  const children = allPids().filter(pid => readStat(pid)?.parentPid === nsenter)
  for (const pid of children) {
    const child = identify(pid)
    if (child !== undefined) signalProcess(child, 'SIGKILL')
  }
  signalProcess(parent, children.length > 0 ? 'SIGCONT' : 'SIGKILL')
}

/** A command must not go on alone when this process is killed with SIGKILL; where setpriv is missing it would. */
function boundToThisProcess(): string[] {
  const setpriv = lookUpProgram('setpriv')
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--']
}

/** zx pushes every chunk into its store; this one forgets what goes over the cap. */
class BoundedChunks extends Array<string | Buffer> {
  cut = false
  #room: number

  constructor(maxBytes: number) {
    super()
    this.#room = maxBytes
  }

  // `concat`, `map` and the like must make plain arrays.
  static override get [Symbol.species]() {
    return Array
  }

  override push(...chunks: (string | Buffer)[]): number {
    for (const chunk of chunks) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)
      const kept = bytes.subarray(0, this.#room)
      if (kept.length < bytes.length) this.cut = true
      this.#room -= kept.length
      if (kept.length > 0) super.push(kept)
    }
    return this.length
  }

  text(): string {
    return Buffer.concat([...this].map(chunk => (Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)))).toString('utf8')
  }
}

/** zx quotes for bash (`$'…'`); this form means the same in every POSIX shell. */
export function quoteForSh(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

export function revealAll(env: Readonly<Record<string, string | Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, reveal(value)]))
}

function reveal(value: string | Secret): string {
  return typeof value === 'string' ? value : value.reveal()
}

function interrupted(program: string): RunproofError {
  return new RunproofError('INTERRUPTED', `${program} was interrupted`)
}

export const commands: CommandRunner = createCommandRunner()
