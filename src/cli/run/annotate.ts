import { appendFile } from 'node:fs/promises'
import type { WithoutEvidence } from '../../evidence/layout.ts'
import type { Evidence } from '../../evidence/schema.ts'
import { annotationLines, annotationsWithout, stepSummary } from '../../reporters/text/annotations.ts'

/**
 * Under GitHub Actions: what is not green as annotations, and a table in the job's summary. Ids and outcomes only, since both
 * are shown to everybody who can see the repository. The runner reads both streams; standard output belongs to `--json`.
 */
export async function annotate(
  runs: readonly Evidence[],
  without: readonly WithoutEvidence[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (env['GITHUB_ACTIONS'] !== 'true') return
  for (const line of [...runs.flatMap(annotationLines), ...annotationsWithout(without)])
    process.stderr.write(`${line}\n`)
  const summary = env['GITHUB_STEP_SUMMARY']
  if (summary === undefined || summary === '') return
  try {
    await appendFile(summary, stepSummary(runs, without))
  } catch {
    process.stderr.write('runproof: the step summary could not be written\n')
  }
}
