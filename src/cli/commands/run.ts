import { Command } from 'commander'
import { ROLES } from '../../model/runbook.ts'
import { collect, parsePairs } from '../options.ts'

export default new Command('run')
  .summary('run a runbook, break every green check on purpose, seal the evidence')
  .argument('[runbook]', 'name, or path of a file that exports one')
  .option('--target <id>', 'daemon to act on', 'stand-in')
  .option('--param <k=v...>', 'parameter of the runbook; repeatable', collect, [])
  .option(
    '--secret <name=source...>',
    'secret by reference: env:VAR, file:PATH, keyring:NAME, stdin or generate',
    collect,
    [],
  )
  .option('--counterproofs <which>', 'all, or observation (none on copies of the subject)', 'all')
  .option('--allow-skip <id=why...>', 'let a check, or a step of a person, be skipped, with a reason', collect, [])
  .option('--step', 'stop before each step: what it runs, why policy asks, how to undo it; a person decides')
  .option('--operator <name>', 'who sits at the keyboard (default: the user)')
  .option('--role <role=name...>', `who holds a role in this run: ${ROLES.join(', ')}`, collect, [])
  .option('--approve-within <time>', 'how long an approval is waited for (default: 15m)')
  .option('--yes [target-id]', 'approve writing steps on the target of this id; a rehearsal needs no id')
  .option('--confirm <word>', 'the word that a destroying step asks for')
  .option('--policy <file>', 'rules that decide beside the default policy')
  .option('--resume <run>', 'go on with a run that was interrupted or died: its id, or its directory')
  .option('--done <step...>', 'with --resume: this step took effect before the break', collect, [])
  .option('--repeat <step...>', 'with --resume: do this step again, although it must not be done twice', collect, [])
  .option('--ended', 'with --resume: its process in another container, which nobody can see from here, has ended')
  .option('--width <n>', 'checks or counterproofs at the same time', '4')
  .option('--reports <dir>', 'where sealed evidence goes (env RUNPROOF_REPORTS)')
  .option('--work <dir>', 'where scratch data goes while running (env RUNPROOF_WORK)')
  .option('--report <kind=path...>', 'a report to a place of its own, besides those in the evidence', collect, [])
  .option('--plan', 'show what would run, and run nothing')
  .option('--json', 'the evidence on standard output; errors as JSON on standard error')
  .addHelpText(
    'after',
    `
Examples:
  runproof run restore-drill
  runproof run restore-drill --param rto=5m rpo=1h
  runproof run contain-leaked-admin-token --step --role security-owner=bob
  runproof run --resume contain-leaked-admin-token-20260131T021000Z-5f3a9c`,
  )
  .action(async (name: string | undefined, options: RunFlags, command: Command) => {
    const { runbookOrResume } = await import('../run/runbook-or-resume.ts')
    runbookOrResume(name, options)
    if (options.plan === true && name !== undefined && options.resume === undefined) {
      const { showPlan } = await import('../show-plan.ts')
      return showPlan(name, options, parsePairs('--param', options.param))
    }
    const { runRunbook } = await import('../run/run-runbook.ts')
    const stated = ['target', 'counterproofs'].filter(option => command.getOptionValueSource(option) === 'cli')
    process.exitCode = await runRunbook(name, { ...options, stated })
  })

export interface RunFlags {
  readonly target: string
  readonly param: readonly string[]
  readonly secret: readonly string[]
  readonly counterproofs: string
  readonly allowSkip: readonly string[]
  readonly step?: boolean
  readonly operator?: string
  readonly role?: readonly string[]
  readonly approveWithin?: string
  readonly yes?: string | true
  readonly confirm?: string
  readonly policy?: string
  readonly width: string
  readonly reports?: string
  readonly work?: string
  readonly report: readonly string[]
  readonly resume?: string
  readonly done?: readonly string[]
  readonly repeat?: readonly string[]
  readonly ended?: boolean
  /** Options that were given although they have a default. */
  readonly stated?: readonly string[]
  readonly plan?: boolean
  readonly json?: boolean
}
