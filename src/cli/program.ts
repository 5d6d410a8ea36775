import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { withExitStatus } from './help.ts'
import { version } from './version.ts'

/** The whole command line; no command's work is loaded before it runs. */
export async function buildProgram(): Promise<Command> {
  const program = new Command('runproof')
    .description('Runbooks that prove themselves: every green check is broken on purpose and must turn red.')
    .version(version())
    .showHelpAfterError(false)
    .addHelpText(
      'after',
      '\nExamples:\n  runproof run restore-drill\n  runproof evidence verify reports/restore-drill-…',
    )

  const folder = join(import.meta.dirname, 'commands')
  for (const file of readdirSync(folder)
    .filter(name => /(?<!\.test|\.d)\.[jt]s$/.test(name))
    .sort()) {
    program.addCommand(((await import(`./commands/${file}`)) as { default: Command }).default)
  }
  silence(program)
  return withExitStatus(program)
}

/** Errors are printed once, by us, in one form; commander only tells what was wrong. */
function silence(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} })
  for (const sub of command.commands) silence(sub)
}
