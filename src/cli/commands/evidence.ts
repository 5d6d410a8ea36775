import { Command } from 'commander'
import { collect } from '../options.ts'

const verify = new Command('verify')
  .summary('re-check a sealed directory offline: every byte, the signature, the journal')
  .argument('<dir>', 'evidence directory')
  .option('--key <id|pem...>', 'trust this signer besides the machine’s own key; repeatable', collect, [])
  .option('--json', 'as JSON')
  .action(async (dir: string, options: { key: readonly string[]; json?: boolean }) => {
    const { verifyEvidence } = await import('../verify-evidence.ts')
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
    const { showEvidence } = await import('../verify-evidence.ts')
    process.exitCode = await showEvidence(dir, options.key, options.json === true)
  })
  .addHelpText(
    'after',
    '\nExamples:\n  runproof evidence show reports/restore-drill-…\n  runproof evidence show reports/restore-drill-… --json',
  )

export default new Command('evidence')
  .summary('verify or read sealed evidence')
  .addCommand(verify)
  .addCommand(show)
  .addHelpText(
    'after',
    '\nExamples:\n  runproof evidence verify reports/restore-drill-…\n  runproof evidence show reports/restore-drill-… --json',
  )
