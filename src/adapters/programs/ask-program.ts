import { availableParallelism } from 'node:os'
import type { AskedProgram, ProgramAnswer } from '../../model/asked-program.ts'
import { RunproofError } from '../../model/error.ts'
import { lookUpProgram } from '../find-program.ts'
import { detectBarrier } from '../isolation/barrier.ts'
import { removeTree } from '../process/remove-tree.ts'
import { type Executable, findExecutable } from './executable.ts'
import { type Lane, type Opened, openLane } from './lane.ts'
import type { LaneAnswer, Question } from './lane-protocol.ts'
import { plainText } from './plain-text.ts'
import { bubblewrap, namespaces, type Recipe, type SandboxKind, unheld } from './sandbox.ts'
import { SideEffects } from './side-effects.ts'

const TIMEOUT_MS = 5_000
/** The machine may have been busy. */
const PATIENCE = 4
/** Git and man take a handful; one that multiplies is killed before it takes the machine down. */
const MAX_PROCESSES = 100

export interface AskOptions {
  /** A path, or the name of one of the system's programs. */
  readonly path: string
  /** Without a sandbox, answers more than {@link isTopLevel} questions. Default false. */
  readonly allowUnsandboxed?: boolean | undefined
  /** Of one question; default 5 000. */
  readonly timeoutMs?: number | undefined
  /** What did not end in time is asked again alone, for this many times as long; default 4, 1 for never. */
  readonly patience?: number | undefined
  /** How many are asked at once; default 2, on one core 1. */
  readonly lanes?: number | undefined
  /** More are killed; default 100. Not counted without a sandbox. */
  readonly maxProcesses?: number | undefined
  /** Only this kind, for tests; by default the best that works. */
  readonly sandbox?: SandboxKind | undefined
}

export interface HeldProgram extends AskedProgram {
  /** Why it is held no better, for people; empty with bubblewrap. */
  readonly reason: string
  /** Whether more than {@link isTopLevel} questions are answered. */
  readonly depth: 'all' | 'top'
  /** What was not answered at once: the words, and whether they were answered when asked again alone with more time. */
  readonly late: readonly Late[]
}

export interface Late {
  readonly words: readonly string[]
  /** The time that was enough, or was not. */
  readonly withinMs: number
  readonly answered: boolean
}

/** `help`, `--help` and the like, alone: as little as can be asked of a program. */
function isTopLevel(words: readonly string[]): boolean {
  return words.length === 1 && /^(help|--help|-h|--version|version)$/.test(words[0]!)
}

/**
 * Takes hold of a program that is to be asked for its help. Where bubblewrap or namespaces work, it sees a read-only file
 * system whose homes and temporary directories are empty and in memory, no network, nobody else's processes and sockets,
 * and it is killed with everything it started. Everywhere its environment is made here, its home and working directory are
 * empty, it has no terminal, no input and nothing that was open, it gets no further socket, keyring or privilege (without
 * bubblewrap that takes perl), and time, output, memory and size of files are limited.
 *
 * What lies outside of homes and temporary directories it can read as the caller can, and print: for root that is all of
 * `/etc`, and it is the checkout that a script is part of.
 *
 * What it tried and was refused, as writing elsewhere or connecting, leaves no trace and is not told.
 *
 * @throws RunproofError TOOL_MISSING, COMMAND_FAILED or FILE_UNREADABLE for what is no program of this machine;
 *   BARRIER_UNAVAILABLE when `sandbox` does not work here
 */
export async function askProgram(options: AskOptions): Promise<HeldProgram> {
  const program = await findExecutable(options.path)
  const reasons: string[] = []
  const kinds: readonly SandboxKind[] = options.sandbox ? [options.sandbox] : ['bubblewrap', 'namespaces', 'none']
  for (const kind of kinds) {
    const recipe = await recipeFor(kind, program)
    const opened = typeof recipe === 'string' ? { refusal: recipe } : await openWith(recipe)
    if ('refusal' in opened) {
      reasons.push(`${kind}: ${opened.refusal}`)
      continue
    }
    const depth = kind === 'none' && options.allowUnsandboxed !== true ? 'top' : 'all'
    return new Asked(program, { kind, depth, reason: reasons.join('; ') }, options, opened.lane, async () => {
      const again = await openWith(recipe as () => Recipe)
      if ('lane' in again) return again.lane
      throw new RunproofError('BARRIER_UNAVAILABLE', `the sandbox around ${program.real} did not start again`, {
        hint: `it said: ${again.refusal}`,
      })
    })
  }
  throw new RunproofError('BARRIER_UNAVAILABLE', `${options.path} cannot be asked: ${reasons.join('; ')}`, {
    hint: 'install bubblewrap, or run where user namespaces are allowed',
  })
}

/** A recipe for each lane, or why there is none. */
async function recipeFor(kind: SandboxKind, program: Executable): Promise<(() => Recipe) | string> {
  if (kind === 'none') return () => unheld(program)
  if (kind === 'bubblewrap') {
    const bwrap = lookUpProgram('bwrap')
    return bwrap === undefined ? 'bwrap is not installed' : () => bubblewrap(bwrap, program)
  }
  const barrier = await detectBarrier()
  return barrier.kind === 'none' ? barrier.reason : () => namespaces(barrier, program)
}

/** Twice, since a socket that was to be covered may have gone meanwhile. */
async function openWith(recipe: () => Recipe): Promise<Opened> {
  const first = await openOnce(recipe())
  return 'lane' in first ? first : openOnce(recipe())
}

async function openOnce({ argv, filter, setUp, temporary }: Recipe): Promise<Opened> {
  const opened = await openLane(argv, filter, setUp)
  if (temporary === null) return opened
  if (temporary.until === 'open' || 'refusal' in opened) {
    await removeTree(temporary.path)
    return opened
  }
  const { lane } = opened
  return {
    lane: {
      ask: question => lane.ask(question),
      async [Symbol.asyncDispose]() {
        await lane[Symbol.asyncDispose]()
        await removeTree(temporary.path)
      },
    },
  }
}

interface Waiting {
  readonly words: readonly [string, ...string[]]
  readonly resolve: (answer: ProgramAnswer) => void
  readonly reject: (error: unknown) => void
}

class Asked implements HeldProgram {
  readonly path: string
  readonly sha256: string
  readonly sandbox: SandboxKind
  readonly depth: 'all' | 'top'
  readonly reason: string
  readonly #limits: Omit<Question, 'words' | 'id'>
  readonly #patience: number
  readonly #mostLanes: number
  readonly #openLane: () => Promise<Lane>
  readonly #effects: SideEffects
  readonly #open: Set<Lane>
  /** Of these, those that are asked nothing at the moment. */
  readonly #idle: Lane[]
  readonly #workers = new Set<Promise<void>>()
  readonly #queue: Waiting[] = []
  readonly #late: Late[] = []
  #released = false

  constructor(
    program: { readonly real: string; readonly sha256: string },
    held: { readonly kind: SandboxKind; readonly depth: 'all' | 'top'; readonly reason: string },
    {
      timeoutMs = TIMEOUT_MS,
      patience = PATIENCE,
      maxProcesses = MAX_PROCESSES,
      lanes = Math.min(2, availableParallelism()),
    }: AskOptions,
    first: Lane,
    open: () => Promise<Lane>,
  ) {
    this.path = program.real
    this.sha256 = program.sha256
    this.sandbox = held.kind
    this.depth = held.depth
    this.reason = held.reason
    this.#patience = patience
    this.#limits = { timeoutMs, maxProcesses }
    this.#mostLanes = lanes
    this.#open = new Set([first])
    this.#idle = [first]
    this.#openLane = open
    this.#effects = new SideEffects()
  }

  /** @throws RunproofError BARRIER_UNAVAILABLE for what is not asked without a sandbox, or when one cannot be had again */
  async ask(questions: readonly (readonly [string, ...string[]])[]): Promise<readonly ProgramAnswer[]> {
    for (const words of questions) this.#refuse(words)
    const answers = questions.map(
      words => new Promise<ProgramAnswer>((resolve, reject) => this.#queue.push({ words, resolve, reject })),
    )
    for (let more = Math.min(this.#mostLanes - this.#workers.size, this.#queue.length); more > 0; more -= 1) {
      const worker = this.#work().finally(() => this.#workers.delete(worker))
      this.#workers.add(worker)
    }
    return this.#repeated(questions, await Promise.all(answers))
  }

  get late(): readonly Late[] {
    return this.#late
  }

  /** Nothing else is asked meanwhile. Where one hangs again it is the program, and of no other is that to be waited for. */
  async #repeated(
    questions: readonly (readonly [string, ...string[]])[],
    answers: readonly ProgramAnswer[],
  ): Promise<readonly ProgramAnswer[]> {
    const final = [...answers]
    for (const [index, words] of questions.entries()) {
      if (!answers[index]!.timedOut || this.#released) continue
      const { timeoutMs } = this.#limits
      const hangs = this.#patience <= 1 || answers[index] === LOST || this.#late.some(({ answered }) => !answered)
      if (!hangs) {
        const again = this.#askOne(words, timeoutMs * this.#patience)
        const worker: Promise<void> = again
          .then(
            () => {},
            () => {},
          )
          .finally(() => this.#workers.delete(worker))
        this.#workers.add(worker)
        final[index] = await again
      }
      this.#late.push({
        words,
        withinMs: hangs ? timeoutMs : timeoutMs * this.#patience,
        answered: !final[index]!.timedOut,
      })
    }
    return final
  }

  #refuse(words: readonly string[]): void {
    if (this.#released) throw new Error('the program was let go')
    if (words.length === 0) throw new Error('a program is never called without a word')
    if (this.depth === 'all' || isTopLevel(words)) return
    throw new RunproofError(
      'BARRIER_UNAVAILABLE',
      `${this.path} is asked no more than its top-level help without a sandbox: ${this.reason}`,
      { hint: 'install bubblewrap, or allow it with --allow-unsandboxed' },
    )
  }

  async #work(): Promise<void> {
    for (let one = this.#queue.shift(); one !== undefined; one = this.#queue.shift()) {
      try {
        one.resolve(await this.#askOne(one.words))
      } catch (error) {
        one.reject(error)
      }
    }
  }

  async #askOne(words: readonly [string, ...string[]], timeoutMs = this.#limits.timeoutMs): Promise<ProgramAnswer> {
    const lane = this.#idle.pop() ?? (await this.#another())
    const answer = await lane.ask({ words, ...this.#limits, timeoutMs })
    if (this.#released) return LOST
    if (answer === null || answer.spent) {
      this.#open.delete(lane)
      await lane[Symbol.asyncDispose]()
    } else this.#idle.push(lane)
    this.#effects.note(words, answer)
    return answer === null ? LOST : readAnswer(this.path, answer)
  }

  async #another(): Promise<Lane> {
    const lane = await this.#openLane()
    this.#open.add(lane)
    if (this.#released) await lane[Symbol.asyncDispose]()
    return lane
  }

  async sideEffects(): Promise<readonly string[]> {
    return this.#effects.sentences()
  }

  /** At once, whatever is still asked; what waits for an answer is rejected or gets an empty one. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#released = true
    for (const { reject } of this.#queue.splice(0)) reject(new Error('the program was let go'))
    await Promise.all([...this.#open].map(lane => lane[Symbol.asyncDispose]()))
    await Promise.all(this.#workers)
  }
}

/** It ended or stopped the one who asked. */
const LOST: ProgramAnswer = { status: null, stdout: '', stderr: '', timedOut: true, truncated: false }

function readAnswer(path: string, answer: LaneAnswer): ProgramAnswer {
  if (answer.refused !== null) {
    throw new RunproofError('COMMAND_FAILED', `${path} could not be started: ${answer.refused}`, {
      hint: `try: file ${path}`,
    })
  }
  const { status, timedOut, truncated } = answer
  const text = (base64: string) => plainText(Buffer.from(base64, 'base64'))
  return { status, stdout: text(answer.stdout), stderr: text(answer.stderr), timedOut, truncated }
}
