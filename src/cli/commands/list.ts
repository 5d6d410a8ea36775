import { Argument, Command } from 'commander'

const KINDS = ['runbooks', 'smoke', 'targets', 'reporters'] as const

export default new Command('list')
  .summary('name the runbooks, smoke suites, targets and reporters there are')
  .addArgument(new Argument('[kind]', 'one kind only').choices(KINDS))
  .option('--json', 'as JSON')
  .addHelpText('after', '\nExamples:\n  runproof list\n  runproof list targets --json')
  .action(async (kind: (typeof KINDS)[number] | undefined, options: { json?: boolean }) => {
    const { showList } = await import('../show-list.ts')
    await showList(kind === undefined ? KINDS : [kind], options.json === true)
  })
