import { Command } from 'commander'
import { collect, parsePairs } from '../options.ts'

export default new Command('plan')
  .summary('show what a runbook would run and check, without running anything')
  .argument('<runbook>', 'name, or path of a file that exports one')
  .option('--target <id>', 'daemon to plan for', 'stand-in')
  .option('--param <k=v...>', 'parameter of the runbook; repeatable', collect, [])
  .option('--policy <file>', 'rules that decide beside the default policy')
  .option('--json', 'the plan as JSON')
  .addHelpText('after', '\nExamples:\n  runproof plan restore-drill\n  runproof plan backup --json')
  .action(async (name: string, options: PlanFlags) => {
    const { showPlan } = await import('../show-plan.ts')
    await showPlan(name, options, parsePairs('--param', options.param))
  })

export interface PlanFlags {
  readonly target: string
  readonly param: readonly string[]
  readonly policy?: string
  readonly json?: boolean
}
