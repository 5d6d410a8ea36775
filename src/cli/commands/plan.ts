import { Command } from 'commander'
import { collect, parsePairs } from '../options.ts'

export default new Command('plan')
  .summary('show what a runbook would run and check, without running anything')
  .argument('<runbook>', 'name, or path of a file that exports one')
  .option('--target <id>', 'daemon to plan for', 'stand-in')
  .option('--param <k=v...>', 'parameter of the runbook; repeatable', collect, [])
  .option('--json', 'the plan as JSON')
  .addHelpText('after', '\nExamples:\n  runproof plan restore-drill\n  runproof plan backup --json')
  .action(async (name: string, options: { target: string; param: readonly string[]; json?: boolean }) => {
    const { showPlan } = await import('../show-plan.ts')
    await showPlan(name, options.target, parsePairs('--param', options.param), options.json === true)
  })
