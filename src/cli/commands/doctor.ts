import { Command } from 'commander'

export default new Command('doctor')
  .summary('what this machine has, and what would be skipped and why')
  .option('--json', 'as JSON')
  .addHelpText('after', '\nExamples:\n  runproof doctor\n  runproof doctor --json')
  .action(async (options: { json?: boolean }) => {
    const { doctor } = await import('../doctor.ts')
    process.exitCode = await doctor(options.json === true)
  })
