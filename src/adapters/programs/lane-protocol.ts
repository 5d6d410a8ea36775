import type { Seclusion } from '../isolation/warden-protocol.ts'

/** The first line to the one who asks: how it sets up its surroundings. */
export interface SetUp {
  /** Null where bubblewrap has done that, or nothing can. */
  readonly seclusion: { readonly mountProgram: string; readonly mountTable: string; readonly of: Seclusion } | null
  /** Whether every process and socket that is seen belongs to the program. */
  readonly ownNamespaces: boolean
  /** Directories that are empty but for the program; what appears there is told and removed. */
  readonly watched: readonly string[]
  /** Not told: room for what is kept between questions. */
  readonly ignored: string
  /** Made before the first question. */
  readonly directories: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** What the environment of the program says where it has no namespace of its own; see `process/marked.ts`. */
  readonly marker: string | null
  /** Limits and the loss of privileges, the program last. */
  readonly argv: readonly [string, ...string[]]
  readonly maxOutputBytes: number
}

export interface Question {
  /** The answer has it, too: a program may write to where answers come from. */
  readonly id: number
  readonly words: readonly [string, ...string[]]
  readonly timeoutMs: number
  readonly maxProcesses: number
}

export interface Ready {
  readonly kind: 'ready'
  /** What should have been closed off and is not. */
  readonly open: readonly string[]
}

export interface LaneAnswer {
  readonly kind: 'answer'
  readonly id: number
  readonly status: number | null
  /** Base64, since it need not be text. */
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  readonly truncated: boolean
  /** The program could not be started at all; the system's words. */
  readonly refused: string | null
  /** Paths, at most {@link MOST_NAMED}; `moreFiles` counts the others. */
  readonly files: readonly string[]
  readonly moreFiles: number
  /** Addresses and paths it accepted connections on when it was killed or had ended. */
  readonly listeners: readonly string[]
  /** Names of processes that it left. */
  readonly processes: readonly string[]
  /** It had more processes than it may. */
  readonly tooManyProcesses: boolean
  /** Something of it is still there: nobody else is to be asked in these surroundings. */
  readonly spent: boolean
}

export const MOST_NAMED = 20

/** What comes out of the surroundings need not be from the one who asks there. */
export function isAnswer(value: unknown, id: number): value is LaneAnswer {
  const answer = value as Partial<LaneAnswer> | null
  const lists = [answer?.files, answer?.listeners, answer?.processes]
  const flags = [answer?.timedOut, answer?.truncated, answer?.tooManyProcesses, answer?.spent]
  return (
    answer?.kind === 'answer' &&
    answer.id === id &&
    (answer.status === null || Number.isSafeInteger(answer.status)) &&
    (answer.refused === null || typeof answer.refused === 'string') &&
    Number.isSafeInteger(answer.moreFiles) &&
    [answer.stdout, answer.stderr].every(text => typeof text === 'string') &&
    flags.every(flag => typeof flag === 'boolean') &&
    lists.every(list => Array.isArray(list) && list.length <= MOST_NAMED && list.every(one => typeof one === 'string'))
  )
}
