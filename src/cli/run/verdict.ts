import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { shownPath } from '../../adapters/shown-path.ts'
import type { Evidence } from '../../evidence/schema.ts'
import { hang } from '../../findings/wrap.ts'
import { summaryLines } from '../../reporters/text/summary.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import { asInvoked, INVOKED_AS } from '../invoked-as.ts'

const LABEL = 10

/** The result of a run, on standard output: what it came to, where its evidence lies, how to check that again. */
export function tellVerdict(evidence: Evidence, dir: string): void {
  const shown = shownPath(dir)
  const assumed = evidence.assumptions.map(text => `assumed   ${text}`)
  const { columns } = process.stdout as { readonly columns?: number }
  for (const line of [...summaryLines(evidence), ...assumed].map(terminalLine)) {
    // A hint holds commands, which are copied whole.
    const lines = /^ +hint: /.test(line) ? [asInvoked(line)] : hang(line, columns, LABEL)
    process.stdout.write(lines.map(one => `${one}\n`).join(''))
  }
  process.stdout.write(`evidence  ${shown}\nre-check  ${INVOKED_AS} evidence verify ${shown}\n`)
  const next = evidence.facts['next-steps']
  if (typeof next === 'string') {
    const steps = readFileSync(join(dir, next), 'utf8').trimEnd().split('\n')
    process.stdout.write(`\n${steps.map(terminalLine).join('\n')}\n`)
  }
}
