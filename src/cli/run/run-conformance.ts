import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { files } from '../../adapters/files.ts'
import { EVIDENCE_FILE } from '../../evidence/layout.ts'
import type { CheckRecord, Evidence } from '../../evidence/schema.ts'
import { RunproofError } from '../../model/error.ts'
import type { Target } from '../../model/target.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { ConformanceFlags } from '../commands/target.ts'
import { exitCodeOf } from '../exit-code.ts'
import { idsOf, loadRunbook, loadTarget, TARGETS } from '../registry.ts'
import { prepareRun, readSettings } from './prepare-run.ts'
import { runSealed } from './sealed-run.ts'
import { openSession } from './session.ts'
import { tellVerdict } from './verdict.ts'

const CONTRACT = 'contract'

/**
 * Asks a binary what its contract says, one fact after the other.
 *
 * @returns the exit code of the run: 0 when every fact holds
 */
export async function runConformance(flags: ConformanceFlags): Promise<number> {
  const target = flags.target ?? (await targetOf(flags.binary))
  const settings = await readSettings({ ...flags, target, param: [], secret: [], allowSkip: [], report: [] })
  const prepared = prepareRun(await loadRunbook(CONTRACT), settings.target, {
    params: flags.binary === undefined ? {} : { own: 'yes', binary: resolve(flags.binary) },
    secrets: {},
    skips: [],
  })

  using session = openSession()
  const { evidence, dir } = await runSealed(prepared, settings, session, run => session.display.brief(CONTRACT, run))

  if (settings.json) process.stdout.write(await files.readText(join(dir, EVIDENCE_FILE)))
  else {
    for (const line of factLines(evidence)) process.stdout.write(`${terminalLine(line)}\n`)
    tellVerdict(evidence, dir)
  }
  return exitCodeOf(evidence.outcome)
}

/**
 * The target whose contract a binary is held against. A bundled binary is never called real, by whatever path it is given.
 *
 * @throws RunproofError USAGE where several targets may be meant
 */
async function targetOf(binary: string | undefined): Promise<string> {
  const targets = await Promise.all(idsOf(TARGETS).map(loadTarget))
  const isBundled = ({ bundledBinary }: Target) =>
    bundledBinary !== undefined && (binary === undefined || samePlace(binary, bundledBinary))
  const [found, ...more] = targets.some(isBundled) ? targets.filter(isBundled) : targets.filter(({ real }) => real)
  if (found !== undefined && more.length === 0) return found.id
  const meant = [found, ...more].flatMap(one => one?.id ?? [])
  throw new RunproofError('USAGE', `the contract of ${meant.join(' or ')} may be meant`, { hint: '--target ID' })
}

function samePlace(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other)
  } catch {
    return false
  }
}

const WORDS: Partial<Record<CheckRecord['outcome'], string>> = {
  passed: 'holds',
  failed: 'differs',
  errored: 'no answer',
}

function factLines({ steps }: Evidence): readonly string[] {
  return steps.flatMap(step =>
    step.checks.map(({ outcome, title, reason }) => {
      const why = outcome === 'passed' || reason === undefined ? '' : `: ${reason}`
      return `${(WORDS[outcome] ?? outcome).padEnd(10)} ${title}${why}`
    }),
  )
}
