import { Command } from 'commander'
import { collect } from '../options.ts'

const verify = new Command('verify')
  .summary('re-check a sealed directory offline: every byte, the signature, the journal')
  .argument('<dir>', 'evidence directory')
  .option('--key <id|pem...>', 'trust this signer besides the machine’s own key; repeatable', collect, [])
  .option('--json', 'as JSON')
  .action(async (dir: string, options: { key: readonly string[]; json?: boolean }) => {
    const { verifyEvidence } = await import('../evidence/verify-evidence.ts')
    process.exitCode = await verifyEvidence(dir, options.key, options.json === true)
  })
  .addHelpText(
    'after',
    '\nExamples:\n  runproof evidence verify reports/restore-drill-…\n  runproof evidence verify /mnt/audit/run --key auditor.pem',
  )

const show = new Command('show')
  .summary('print what a sealed directory says, once it verified')
  .argument('<dir>', 'evidence directory')
  .option('--key <id|pem...>', 'trust this signer besides the machine’s own key; repeatable', collect, [])
  .option('--json', 'the evidence itself')
  .action(async (dir: string, options: { key: readonly string[]; json?: boolean }) => {
    const { showEvidence } = await import('../evidence/verify-evidence.ts')
    process.exitCode = await showEvidence(dir, options.key, options.json === true)
  })
  .addHelpText(
    'after',
    '\nExamples:\n  runproof evidence show reports/restore-drill-…\n  runproof evidence show reports/restore-drill-… --json',
  )

const timeline = new Command('timeline')
  .summary('who did what, when: of a run that is sealed, goes on, was abandoned or is in quarantine')
  .argument('<dir>', 'directory of the run')
  .option('--format <form>', 'markdown, for a postmortem, or json', 'markdown')
  .option('--output <file>', 'write it there, 0600, instead of printing it')
  .option('--key <id|pem...>', 'trust this signer besides the machine’s own key; repeatable', collect, [])
  .option(
    '--secret <name=source...>',
    'a value to take out of every text: env:VAR, file:PATH, keyring:NAME',
    collect,
    [],
  )
  .action(
    async (
      dir: string,
      options: { format: string; output?: string; key: readonly string[]; secret: readonly string[] },
    ) => {
      const { showTimeline } = await import('../evidence/show-timeline.ts')
      process.exitCode = await showTimeline(dir, options)
    },
  )
  .addHelpText(
    'after',
    '\nExamples:\n  runproof evidence timeline reports/contain-… --output timeline.md\n  runproof evidence timeline reports/.run-contain-… --format json',
  )

export default new Command('evidence')
  .summary('verify or read sealed evidence, and tell a run’s timeline')
  .addCommand(verify)
  .addCommand(show)
  .addCommand(timeline)
  .addHelpText(
    'after',
    '\nExamples:\n  runproof evidence verify reports/restore-drill-…\n  runproof evidence show reports/restore-drill-… --json',
  )
