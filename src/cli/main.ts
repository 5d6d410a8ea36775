import { CommanderError } from 'commander'
import { RunproofError, toRunproofError } from '../model/error.ts'
import { shownJson } from '../reporters/text/json.ts'
import { terminalLine } from '../reporters/text/terminal.ts'
import { exitCodeOf } from './exit-code.ts'
import { asInvoked } from './invoked-as.ts'
import { buildProgram } from './program.ts'

/** How long whatever a runbook left open may keep the process; everything of ours is done by then. */
const LINGER_MS = 2_000

process.umask(0o077)
// Node's own answer to this signal is a debugger's port on loopback, where every user of the machine may read our memory.
process.on('SIGUSR1', () => {})
survive(process.stdout)
survive(process.stderr)
process.exitCode = await main(process.argv.slice(2))
setTimeout(() => process.exit(), LINGER_MS).unref()

/**
 * A reader that goes away (`runproof run … | head`) must not end a run before it is torn down and sealed. Output that could
 * not be written for another reason is an error of its own.
 */
function survive(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || stream === process.stderr) return
    process.stderr.write(`runproof: can't write to standard output: ${error.code}\n`)
    process.exitCode = 3
    process.on('exit', () => {
      process.exitCode = 3
    })
  })
}

/** Parses, runs one command, and turns whatever it threw into one line, a hint and an exit code. */
async function main(words: readonly string[]): Promise<number | undefined> {
  const program = await buildProgram()
  try {
    await program.parseAsync(words as string[], { from: 'user' })
    return process.exitCode as number | undefined
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      // Help and version were asked for; everything else that commander throws is a usage error it has printed.
      if (thrown.exitCode === 0) return 0
      return report(usageOf(thrown, words), words.includes('--json'))
    }
    return report(toRunproofError(thrown), words.includes('--json'))
  }
}

function usageOf({ code, message }: CommanderError, words: readonly string[]): RunproofError {
  // Commander would print its help, and says nothing else.
  if (code === 'commander.help') {
    const group = words.filter(word => !word.startsWith('-'))
    return new RunproofError('USAGE', 'a command is missing', { hint: ['runproof', ...group, '--help'].join(' ') })
  }
  const line = message.replace(/^error: /, '').replace(/\n(?=\(Did you mean)/, ' ')
  // What stands after the name of an unknown flag may be the value of a secret.
  return new RunproofError('USAGE', line.replace(/^(unknown option '[^'=]*)=[\s\S]*$/, "$1'"), {
    hint: 'runproof --help',
  })
}

function report(error: RunproofError, json: boolean): number {
  const exitCode = exitCodeOf(error)
  if (json) {
    const { code, message } = error
    const hint = error.hint === undefined ? undefined : asInvoked(error.hint)
    process.stderr.write(`${shownJson({ error: { code, message, hint, exitCode } })}\n`)
  } else {
    const hint = error.hint === undefined ? '' : `  hint: ${terminalLine(asInvoked(error.hint))}\n`
    process.stderr.write(`runproof: ${terminalLine(error.message)}\n${hint}`)
    if (error.code === 'INTERNAL' && error.cause instanceof Error)
      for (const line of String(error.cause.stack).split('\n')) process.stderr.write(`${terminalLine(line)}\n`)
  }
  return exitCode
}
