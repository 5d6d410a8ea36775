import type { CheckContext } from '../model/check.ts'
import type { Command } from '../model/command.ts'
import { RunproofError } from '../model/error.ts'
import type { Secret } from '../model/secret.ts'

/**
 * Runs a command of the binary that needs no daemon.
 *
 * @param site.masterKeyFile - undefined for a command that must not be given one
 * @returns its standard output
 * @throws RunproofError COMMAND_FAILED when it does not exit with 0
 */
export async function offline(
  context: CheckContext,
  site: { readonly binary: string; readonly masterKeyFile: string | undefined },
  words: readonly string[],
  stdin?: Secret,
): Promise<string> {
  const { binary, masterKeyFile } = site
  const base = context.target.offline({ binary, ...(masterKeyFile === undefined ? {} : { masterKeyFile }) }, words)
  const command: Command = stdin === undefined ? base : { ...base, stdin }
  const result = await context.runIn(context.tools.commands, command)
  if (result.exitCode !== 0) {
    throw new RunproofError(
      'COMMAND_FAILED',
      `${words.slice(0, 2).join(' ')} ended with exit ${result.exitCode ?? result.signal}`,
      { hint: lastLine(result.stderr) ?? 'is this a binary that behaves as the contract says?' },
    )
  }
  return result.stdout
}

function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1)?.slice(0, 200) || undefined
}
