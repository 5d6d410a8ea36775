import { type Command, CommanderError } from 'commander'
import { parseCommandLine } from '../fixtures/kheish-daemon/cli/args/parse.ts'
import { UsageError } from '../fixtures/kheish-daemon/cli/args/usage-error.ts'
import { VERSION } from '../fixtures/kheish-daemon/cli/version.ts'
import { expandWord, ROOT } from '../fixtures/kheish-daemon/cli/words.ts'
import { buildProgram } from '../src/cli/program.ts'
import { version } from '../src/cli/version.ts'
import { growTree } from '../src/docs/tree/grow.ts'
import { writeTree } from '../src/docs/tree/saved.ts'
import type { AskedProgram, ProgramAnswer } from '../src/model/asked-program.ts'

type Question = readonly [string, ...string[]]

/** Path to content, of the snapshots that pages are checked against. Nothing is started: help is rendered in this process. */
export async function docsTrees(): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const tree = await growTree('kheish-daemon', inProcess(standIn))
  files.set(`fixtures/docs/kheish-daemon/${VERSION}.json`, writeTree({ ...tree, sha256: null }))
  const own = version()
  const runproof = await growTree('runproof', inProcess(await ownProgram()))
  files.set(`fixtures/docs/runproof/${own}.json`, writeTree({ ...runproof, sha256: null }))
  return files
}

/** Nothing it is asked runs, so there is nothing that a sandbox would have to hold. */
function inProcess(answer: (question: Question) => Promise<ProgramAnswer>): AskedProgram {
  return {
    path: '',
    sha256: '',
    sandbox: 'namespaces',
    ask: questions => Promise.all(questions.map(answer)),
    sideEffects: async () => [],
    [Symbol.asyncDispose]: async () => {},
  }
}

async function standIn(question: Question): Promise<ProgramAnswer> {
  try {
    const parsed = await parseCommandLine(ROOT, question, {}, expandWord)
    if (parsed.kind === 'run') throw new Error(`the stand-in would run: ${question.join(' ')}`)
    return said(0, parsed.kind === 'help' ? parsed.text : `kheish-daemon ${VERSION}\n`)
  } catch (error) {
    if (error instanceof UsageError) return said(2, '')
    throw error
  }
}

/** Our own command line, in the width of a pipe. */
async function ownProgram(): Promise<(question: Question) => Promise<ProgramAnswer>> {
  let printed = ''
  const capture = (command: Command): void => {
    command.configureOutput({
      writeOut: text => {
        printed += text
      },
      getOutHelpWidth: () => 80,
      getOutHasColors: () => false,
    })
    for (const sub of command.commands) capture(sub)
  }
  const program = await buildProgram()
  capture(program)
  return async question => {
    printed = ''
    try {
      // Help throws before anything is awaited, so that questions asked at once don't mix.
      program.parse([...question], { from: 'user' })
    } catch (error) {
      if (error instanceof CommanderError) return said(error.exitCode, printed)
      throw error
    }
    throw new Error(`runproof would run: ${question.join(' ')}`)
  }
}

const said = (status: number, stdout: string): ProgramAnswer => ({
  status,
  stdout,
  stderr: '',
  timedOut: false,
  truncated: false,
})
