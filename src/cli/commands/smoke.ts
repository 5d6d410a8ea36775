import { Command, Option } from 'commander'
import { collect } from '../options.ts'
import { idsOf, SUITES } from '../registry.ts'
import type { RunFlags } from './run.ts'

export default new Command('smoke')
  .summary('say whether a deployed daemon may take traffic: smoke suites, each with its counterproofs and evidence')
  .argument('[suite...]', `of ${idsOf(SUITES).join(', ')}; all that apply by default`)
  .option('--target <id>', 'daemon to act on', 'stand-in')
  .option('--param <k=v...>', 'parameter of the suites, such as base-url=URL; repeatable', collect, [])
  .option('--own', 'start a daemon of its own from --param binary=FILE, isolated')
  .option('--allow-write', 'also ask what makes objects on a running daemon; only those are touched')
  .addOption(
    new Option('--fail-on <level>', 'the level of a signal that fails (default: page)').choices(['warn', 'page']),
  )
  .option(
    '--secret <name=source...>',
    'secret by reference: env:VAR, file:PATH, keyring:NAME, stdin or generate',
    collect,
    [],
  )
  .option('--counterproofs <which>', 'all, or observation (none on copies of the subject)', 'all')
  .option('--allow-skip <id=why...>', 'let a check or a suite be skipped, with a reason', collect, [])
  .option('--yes [target-id]', 'approve writing steps on the target of this id; a rehearsal needs no id')
  .option('--confirm <word>', 'the word that a destroying step asks for')
  .option('--policy <file>', 'rules that decide beside the default policy')
  .option('--jobs <n>', 'suites at the same time', '3')
  .option('--width <n>', 'checks or counterproofs of a suite at the same time', '4')
  .option('--report <kind=path...>', 'a report of all suites, such as junit=PATH', collect, [])
  .option('--reports <dir>', 'where sealed evidence goes (env RUNPROOF_REPORTS)')
  .option('--work <dir>', 'where scratch data goes while running (env RUNPROOF_WORK)')
  .option('--json', 'the evidence of each suite, as a list, on standard output; errors as JSON on standard error')
  .addHelpText(
    'after',
    `
Examples:
  runproof smoke
  runproof smoke slo-probe --target ID --param base-url=http://127.0.0.1:4000 token-file=/keys/readonly-token
  runproof smoke --report junit=smoke.xml`,
  )
  .action(async (names: readonly string[], options: SmokeFlags) => {
    const { runSuites } = await import('../run/run-suites.ts')
    process.exitCode = await runSuites(names, options)
  })

export interface SmokeFlags
  extends Omit<RunFlags, 'plan' | 'resume' | 'done' | 'repeat' | 'step' | 'operator' | 'role' | 'approveWithin'> {
  readonly own?: boolean
  readonly allowWrite?: boolean
  readonly failOn?: string
  readonly jobs: string
}
