import path from 'node:path'
import { files } from '../../adapters/files.ts'
import { judgeCitations } from '../../docs/citations.ts'
import type { Finding } from '../../docs/finding.ts'
import type { PlannedWay } from '../../docs/runbook-page.ts'
import { renderRunbookPage } from '../../docs/runbook-page.ts'
import type { NonEmpty } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { ROOT } from '../installation.ts'
import { citingSteps, keyOf, type PlannedRunbook, plannedWay, planRunbooks } from '../planned-runbooks.ts'
import { type Citable, readCitable } from './citable-pages.ts'

export interface RunbookPages {
  /** Content by path, relative to the installation. */
  readonly pages: ReadonlyMap<string, string>
  /** What is wrong with what steps cite. */
  readonly findings: readonly Finding[]
}

/** The page of each runbook and suite, and whether what they cite stands where they say. Nothing is written. */
export async function makeRunbookPages(given?: Citable): Promise<RunbookPages> {
  const citable = given ?? (await readCitable())
  if (citable.pages.length === 0)
    throw new RunproofError('FILE_UNREADABLE', 'there are no operator pages in this installation', {
      hint: 'pages of runbooks are made in a checkout of runproof',
    })
  const pages = new Map<string, string>()
  const findings: Finding[] = []
  for (const planned of await planRunbooks()) {
    const steps = await citingSteps(planned)
    const judged = judgeCitations(steps, citable.pages, citable.trees)
    findings.push(...judged.findings)
    const places = new Map([...judged.places].map(([step, place]) => [keyOf(step), place]))
    pages.set(
      planned.file.replace(/\.ts$/, '.md'),
      pageOf(planned, key => places.get(key)),
    )
  }
  return { pages, findings }
}

function pageOf(planned: PlannedRunbook, cited: (key: string) => Finding['at'] | undefined): string {
  const { runbook, file, ways } = planned
  return renderRunbookPage({
    runbook,
    source: path.basename(file),
    program: ways[0].plan.target.program,
    ways: ways.map(way => plannedWay(way, cited)) as unknown as NonEmpty<PlannedWay>,
    linkTo: page => path.relative(path.dirname(file), page),
  })
}

/**
 * Writes the page of each runbook beside it, or says which are stale.
 *
 * @returns the exit code: 1 for a wrong citation, and for a stale page where nothing was to be written
 */
export async function writeDocs({ check = false }: { readonly check?: boolean }): Promise<number> {
  const { pages, findings } = await makeRunbookPages()
  for (const { at, rule, message, suggestion } of findings) {
    const meant = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
    process.stdout.write(`${at.file}:${at.line}:${at.column} error ${rule} ${message}${meant}\n`)
  }
  let stale = 0
  for (const [file, content] of pages) {
    const full = path.join(ROOT, file)
    const there = (await files.facts(full)) === undefined ? undefined : await files.readText(full)
    if (there === content) continue
    stale += 1
    if (!check) await files.write(full, content, 0o644)
    process.stdout.write(check ? `${file} is stale; run: runproof docs write\n` : `wrote ${file}\n`)
  }
  if (stale === 0 && findings.length === 0)
    process.stdout.write(`${pages.size} pages are what their runbooks say, and every citation holds\n`)
  return findings.length > 0 || (check && stale > 0) ? 1 : 0
}
