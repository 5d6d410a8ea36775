import { writeFile } from 'node:fs/promises'
import type { Report, WithoutEvidence } from '../../evidence/layout.ts'
import type { Evidence } from '../../evidence/schema.ts'
import { RunproofError } from '../../model/error.ts'
import { fileError } from '../../model/system-error.ts'
import { parsePairs } from '../options.ts'
import { loadReport } from '../registry.ts'

/** A rendering that goes to a place of the caller's, besides the one in the evidence. */
export interface WantedReport {
  readonly kind: string
  readonly path: string
  readonly report: Report
}

/** `kind=path` words of --report. @throws RunproofError USAGE */
export async function readReports(words: readonly string[]): Promise<readonly WantedReport[]> {
  const wanted: WantedReport[] = []
  for (const [kind, path] of Object.entries(parsePairs('--report', words))) {
    if (path === '')
      throw new RunproofError('USAGE', `--report ${kind}=: a path is needed`, { hint: `--report ${kind}=FILE` })
    wanted.push({ kind, path, report: await loadReport(kind) })
  }
  return wanted
}

/**
 * Written once the evidence they are made from is sealed. A run without evidence stands in them, too: an older report must not
 * be taken for its.
 *
 * @param runs - one of them and nothing else, where a report can hold one only
 * @throws RunproofError the file's error
 */
export async function writeReports(
  wanted: readonly WantedReport[],
  runs: readonly Evidence[],
  without: readonly WithoutEvidence[],
): Promise<void> {
  for (const { path, report } of wanted) {
    const [only] = runs.length + without.length === 1 ? runs : []
    try {
      await writeFile(path, only === undefined ? report.together!(runs, without) : report.render(only), { mode: 0o600 })
    } catch (thrown) {
      const { code, message } = fileError(thrown, path, 'write the report')
      throw new RunproofError(code, message, {
        hint: runs.length > 0 ? 'the evidence is sealed and holds one, too' : undefined,
        cause: thrown,
      })
    }
  }
}

/** @throws RunproofError USAGE when one of them can hold one run only */
export function refuseSingleReports(wanted: readonly WantedReport[]): void {
  const single = wanted.find(({ report }) => report.together === undefined)
  if (single !== undefined)
    throw new RunproofError(
      'USAGE',
      `--report ${single.kind}=${single.path}: it can show one suite, and several were asked for`,
      {
        hint: 'name one suite; each suite’s own lies beside its evidence',
      },
    )
}
