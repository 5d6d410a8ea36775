import { Command } from 'commander'
import type { StaleFlags } from '../evidence/stale-evidence.ts'
import { collect } from '../options.ts'

export const write = new Command('write')
  .summary('make the page of each runbook from its plan')
  .description(
    'Writes runbooks/<id>.md and smoke/<id>.md beside each runbook of this checkout, and holds what steps cite and run against the operator pages and the saved trees.',
  )
  .option('--check', 'write nothing; 1 when a page is stale')
  .option('--json', 'errors as JSON on standard error')
  .addHelpText(
    'after',
    '\nExamples:\n  runproof docs write\n  runproof docs write --check\n\nHere 0 is: every page is what its runbook says, and every citation holds. 1: one does not.',
  )
  .action(async ({ check }: { check?: boolean }) => {
    const { writeDocs } = await import('./write-docs.ts')
    process.exitCode = await writeDocs({ check: check === true })
  })

export const stale = new Command('stale')
  .summary('which sealed runs went by pages, runbooks or a binary that have changed since')
  .argument('<dir...>', 'evidence directories, or directories of them')
  .option('--binary <path>', 'the binary that is used today (default: the bundled one, for runs on it)')
  .option('--key <id|pem...>', 'trust this signer besides the machine’s own key; repeatable', collect, [])
  .option('--json', 'as JSON')
  .addHelpText(
    'after',
    `
Examples:
  runproof docs stale reports
  runproof docs stale reports/restore-drill-… --binary /usr/local/bin/deployd

Here 0 is: all are fresh. 1: one is stale, or cannot be told. 3: not one could be judged. Evidence that does not verify, or
that no trusted key signed, is not judged.`,
  )
  .action(async (dirs: readonly string[], flags: StaleFlags) => {
    const { tellStale } = await import('../evidence/stale-evidence.ts')
    process.exitCode = await tellStale(dirs, flags)
  })
