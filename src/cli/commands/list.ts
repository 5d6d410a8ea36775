import { Argument, Command } from 'commander'

const KINDS = ['runbooks', 'smoke', 'targets', 'reporters', 'interrupted'] as const

export default new Command('list')
  .summary('name the runbooks, smoke suites, targets and reporters there are, and runs that can be gone on with')
  .addArgument(new Argument('[kind]', 'one kind only').choices(KINDS))
  .option('--reports <dir>', 'where interrupted runs are looked for (env RUNPROOF_REPORTS)')
  .option('--work <dir>', 'where scratch data goes while running (env RUNPROOF_WORK)')
  .option('--json', 'as JSON')
  .addHelpText('after', '\nExamples:\n  runproof list\n  runproof list interrupted\n  runproof list targets --json')
  .action(
    async (kind: (typeof KINDS)[number] | undefined, options: { reports?: string; work?: string; json?: boolean }) => {
      const { showList } = await import('../list/show-list.ts')
      await showList(kind === undefined ? KINDS : [kind], options)
    },
  )
