import { Command, Option } from 'commander'
import { collect } from '../options.ts'

const EXAMPLES = `
Examples:
  runproof slo watch --param base-url=http://127.0.0.1:4000 token-file=/keys/readonly-token --record today.jsonl
  runproof slo watch --samples today.jsonl --fail-on warn`

const watch = new Command('watch')
  .summary('sample the service level signals of a running daemon, and judge windows of samples')
  .description(
    'Samples a running daemon until it pages or the time is over, or judges a recording. No evidence is sealed.',
  )
  .option('--target <id>', 'whose signals', 'stand-in')
  .option(
    '--param <k=v...>',
    'base-url, token-file, ca-file, state-root, environment, debug-ticket; repeatable',
    collect,
    [],
  )
  .option('--interval <duration>', 'between two samples, 1s to 60s (default: 15s)')
  .option('--for <duration>', 'how long (default: 35m, beyond the longest window)')
  .option('--keep-going', 'watch on when a signal pages')
  .option('--record <file>', 'also write each sample there as one line of JSON, 0600')
  .option('--samples <file>', 'judge a recording instead; - reads standard input')
  .addOption(new Option('--fail-on <level>', 'the level that fails (default: page)').choices(['warn', 'page']))
  .option('--json', 'the table as JSON on standard output; errors as JSON on standard error')
  .addHelpText(
    'after',
    `${EXAMPLES}

Here 0 is: nothing reached the level that fails. 1: a signal did, at any time. 3: a signal whose source was given
is not known at the end. 130: interrupted; the table so far is printed.`,
  )
  .action(async (options: WatchFlags) => {
    const { watchSlo } = await import('../slo/watch-slo.ts')
    process.exitCode = await watchSlo(options)
  })

export default new Command('slo')
  .summary('service level signals over time')
  .addCommand(watch)
  .addHelpText('after', EXAMPLES)

export interface WatchFlags {
  readonly target: string
  readonly param: readonly string[]
  readonly interval?: string
  readonly for?: string
  readonly keepGoing?: boolean
  readonly record?: string
  readonly samples?: string
  readonly failOn?: string
  readonly json?: boolean
}
