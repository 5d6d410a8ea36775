import { Command } from 'commander'

const EXAMPLES = `
Examples:
  runproof target conformance
  runproof target conformance --binary /usr/local/bin/daemon`

export default new Command('target')
  .summary('what can be asked of a target’s binary')
  .addHelpText('after', EXAMPLES)
  .addCommand(
    new Command('conformance')
      .summary('run the contract against a binary, isolated, and say fact by fact what holds')
      .option('--binary <file>', 'the binary to ask; without it the stand-in that comes along')
      .option('--target <id>', 'whose contract; default: the only one that may be meant')
      .option('--counterproofs <which>', 'all, or observation (none on copies of the subject)', 'observation')
      .option('--width <n>', 'facts at the same time', '4')
      .option('--reports <dir>', 'where sealed evidence goes (env RUNPROOF_REPORTS)')
      .option('--work <dir>', 'where scratch data goes while running (env RUNPROOF_WORK)')
      .option('--json', 'the evidence on standard output; errors as JSON on standard error')
      .addHelpText('after', EXAMPLES)
      .action(async (options: ConformanceFlags) => {
        const { runConformance } = await import('../run/run-conformance.ts')
        process.exitCode = await runConformance(options)
      }),
  )

export interface ConformanceFlags {
  readonly binary?: string
  readonly target?: string
  readonly counterproofs: string
  readonly width: string
  readonly reports?: string
  readonly work?: string
  readonly json?: boolean
}
