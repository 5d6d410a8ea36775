import { Command } from 'commander'
import { RunproofError } from '../../model/error.ts'
import { collect } from '../options.ts'

export default new Command('doctor')
  .summary('what this machine has, and what would be skipped and why; with --incident, what an incident will need')
  .argument('[runbook...]', 'with --incident: names or files; default: every containment and rotation')
  .option('--incident', 'look at everything an incident will need; nothing is asked of the network, nothing is changed')
  .option('--target <id>', 'with --incident: daemon that would be acted on', 'stand-in')
  .option('--param <k=v...>', 'with --incident: parameter of the runbooks; repeatable', collect, [])
  .option('--secret <name=source...>', 'with --incident: where a secret would come from; repeatable', collect, [])
  .option('--policy <file>', 'with --incident: rules that would decide beside the default policy')
  .option('--reports <dir>', 'with --incident: where sealed evidence would go (env RUNPROOF_REPORTS)')
  .option('--work <dir>', 'with --incident: where scratch data would go (env RUNPROOF_WORK)')
  .option('--unattended', 'with --incident: nobody will sit at a terminal')
  .option('--json', 'as JSON')
  .addHelpText(
    'after',
    `
Examples:
  runproof doctor --json
  runproof doctor --incident rotate-admin-token --unattended`,
  )
  .action(async (runbooks: readonly string[], options: DoctorFlags) => {
    if (options.incident === true) {
      const { incidentDoctor } = await import('../incident-doctor/incident-doctor.ts')
      process.exitCode = await incidentDoctor(runbooks, options)
      return
    }
    refuseStray(runbooks, options)
    const { doctor } = await import('../doctor.ts')
    process.exitCode = await doctor(options.json === true)
  })

export interface DoctorFlags {
  readonly incident?: boolean
  readonly target: string
  readonly param: readonly string[]
  readonly secret: readonly string[]
  readonly policy?: string
  readonly reports?: string
  readonly work?: string
  readonly unattended?: boolean
  readonly json?: boolean
}

/** Whoever forgets the flag would else be told of a machine that was not looked at. */
function refuseStray(runbooks: readonly string[], options: DoctorFlags): void {
  const { param, secret, policy, reports, work, unattended, target } = options
  const given = [...runbooks, ...param, ...secret, policy, reports, work, unattended].some(Boolean)
  if (!given && target === 'stand-in') return
  throw new RunproofError(
    'USAGE',
    'runbooks, --target, --param, --secret, --policy, --reports, --work and --unattended belong to --incident',
    {
      hint: 'runproof doctor --incident …',
    },
  )
}
