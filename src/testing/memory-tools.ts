import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { Clock, Journal, Tools } from '../model/ports.ts'
import type { CommandRunner } from '../model/run-command.ts'
import type { Target } from '../model/target.ts'

export interface Entry {
  readonly type: string
  readonly data: Readonly<Record<string, Json | undefined>>
}

/** A journal in memory; `full` says from which record on the disk takes nothing more. */
export function memoryJournal(full: (entry: Entry) => boolean = () => false): Journal & { readonly entries: Entry[] } {
  const entries: Entry[] = []
  return {
    entries,
    append(type, data) {
      const entry = { type, data: structuredClone(data) }
      if (full(entry)) throw new RunproofError('DISK_FULL', 'no space for the journal')
      entries.push(entry)
      return new Date().toISOString()
    },
  }
}

export const processClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sinceBootMs: () => performance.now(),
}

/** A port that says which of its methods a test did not expect to be used. */
function absent<Port extends object>(name: string): Port {
  return new Proxy({} as Port, {
    get: (_, method) => () => {
      throw new TypeError(`${name}.${String(method)} is not part of this test`)
    },
  })
}

export function memoryTools(given: Partial<Tools> = {}): Tools {
  return {
    clock: processClock,
    files: absent('files'),
    replaceFile: absent('replaceFile'),
    archives: absent('archives'),
    instances: absent('instances'),
    interposer: absent('interposer'),
    http: absent('http'),
    nginx: absent('nginx'),
    configFiles: absent('configFiles'),
    leaks: absent('leaks'),
    commands: absent('commands'),
    signer: absent('signer'),
    notices: absent('notices'),
    claims: absent('claims'),
    ...given,
  }
}

/** Runs nothing; `answers` gives the exit code. A command is on record before it is asked for. */
export function memoryCommands(
  answer: (argv: readonly string[], signal?: AbortSignal) => Promise<number>,
): CommandRunner {
  return {
    async run(command, options) {
      const exitCode = await answer(command.argv, options.signal)
      return {
        exitCode,
        signal: null,
        timedOut: false,
        stdout: '',
        stderr: '',
        stdoutCut: false,
        stderrCut: false,
        durationMs: 1,
      }
    },
  }
}

/** A target of which only the identity matters. */
export function bareTarget(given: Partial<Target> = {}): Target {
  return { ...absent<Target>('target'), id: 'bare', title: 'A bare target', real: false, capabilities: [], ...given }
}
