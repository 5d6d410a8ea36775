import { Command } from 'commander'

export default new Command('gc')
  .summary('remove what crashed runs left behind: processes, scratch data, unsealed journals are kept and told')
  .option('--reports <dir>', 'where evidence goes (env RUNPROOF_REPORTS)')
  .option('--work <dir>', 'where scratch data goes (env RUNPROOF_WORK)')
  .option('--json', 'as JSON')
  .addHelpText('after', '\nExamples:\n  runproof gc\n  runproof gc --work /var/tmp/drills')
  .action(async (options: { reports?: string; work?: string; json?: boolean }) => {
    const { collectGarbage } = await import('../collect-garbage.ts')
    process.exitCode = await collectGarbage(options)
  })
