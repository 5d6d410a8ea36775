import type { Command } from 'commander'
import { EXIT_STATUS } from './exit-code.ts'

/** Every help page ends with the exit codes: scripts read codes, people read help. */
export function withExitStatus(command: Command): Command {
  for (const sub of command.commands) withExitStatus(sub)
  return command.addHelpText('after', exitStatusText())
}

function exitStatusText(): string {
  const rows = EXIT_STATUS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`)
  return `\nEXIT STATUS\n${rows.join('\n')}\n  any other code is a failure too`
}
