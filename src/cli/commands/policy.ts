import { Command } from 'commander'
import { collect } from '../options.ts'

const CHECK_EXAMPLES = `
Examples:
  runproof policy check policy.json
  runproof policy check policies/*.json --json`

const EXPLAIN_EXAMPLES = `
Examples:
  runproof policy explain backup --policy policy.json
  runproof policy explain backup --policy policy.json --at 2026-11-21T23:30:00Z --json`

const check = new Command('check')
  .summary('say what is wrong with policy files, and which of their rules can never do anything')
  .argument('<file...>', 'policy files')
  .option('--json', 'what was found as JSON on standard output; errors as JSON on standard error')
  .addHelpText(
    'after',
    `${CHECK_EXAMPLES}

Here 0 is: nothing was found. 1: something was. 2: a file cannot be read.`,
  )
  .action(async (files: readonly string[], flags: { readonly json?: boolean }) => {
    const { checkPolicies } = await import('../policy/check-policies.ts')
    process.exitCode = await checkPolicies(files, flags.json === true)
  })

const explain = new Command('explain')
  .summary('say of each step of a runbook which rule decides and why, and why the others do not; nothing is run')
  .argument('<runbook>', 'name, or path of a file that exports one')
  .option('--policy <file>', 'rules that decide beside the default policy')
  .option('--target <id>', 'daemon to decide for', 'stand-in')
  .option('--param <k=v...>', 'parameter of the runbook; repeatable', collect, [])
  .option('--at <instant>', 'when it would run, such as 2026-11-21T23:30:00Z (default: now)')
  .option('--json', 'as JSON on standard output; errors as JSON on standard error')
  .addHelpText('after', EXPLAIN_EXAMPLES)
  .action(async (runbook: string, flags: ExplainPolicyFlags) => {
    const { explainPolicy } = await import('../policy/explain-policy.ts')
    await explainPolicy(runbook, flags)
  })

export default new Command('policy')
  .summary('rules of your own for what runs, asks or is denied: checked, and explained step by step')
  .addCommand(check)
  .addCommand(explain)
  .addHelpText(
    'after',
    `
Examples:
  runproof policy check policy.json
  runproof policy explain backup --policy policy.json`,
  )

export interface ExplainPolicyFlags {
  readonly policy?: string
  readonly target: string
  readonly param: readonly string[]
  readonly at?: string
  readonly json?: boolean
}
