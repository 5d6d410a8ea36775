import path from 'node:path'
import { files } from '../../adapters/files.ts'
import { BINARY_FACT, type Freshness, judgeFreshness, STAND_IN_FACT, type Today } from '../../docs/stale.ts'
import { ENVELOPE_FILE, EVIDENCE_FILE, JOURNAL_FILE } from '../../evidence/layout.ts'
import type { Evidence } from '../../evidence/schema.ts'
import { toRunproofError } from '../../model/error.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import { idsOf, loadTarget, RUNBOOKS, SUITES, TARGETS } from '../registry.ts'
import { importedFiles } from '../run/imported-files.ts'
import { citedPages, PAGES_DIR } from '../run/run-facts.ts'
import { realDirectory, verified } from './verify-evidence.ts'

export interface StaleFlags {
  readonly binary?: string
  readonly key: readonly string[]
  readonly json?: boolean
}

/** One directory, judged; or why it was not. */
type Told =
  | (Freshness & { readonly dir: string; readonly runId: string; readonly startedAt: string })
  | { readonly dir: string; readonly verdict: 'not judged'; readonly why: string }

/**
 * Says of sealed runs whether they would be the same runs with today's runbooks, pages and binary. What does not verify is
 * not judged.
 *
 * @returns the exit code: 0 when all are fresh, 1 when one is not or cannot be told, 3 when not one could be judged
 */
export async function tellStale(places: readonly string[], flags: StaleFlags): Promise<number> {
  const told = await judgeRuns(places, flags)
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ runs: told }, null, 2)}\n`)
  else for (const line of told.flatMap(linesOf)) process.stdout.write(`${terminalLine(line)}\n`)
  const judged = told.filter(({ verdict }) => verdict === 'fresh' || verdict === 'stale').length
  if (judged === 0) {
    process.stderr.write(`runproof: nothing could be judged: no sealed run below ${places.join(', ')} says enough\n`)
    return 3
  }
  return told.every(({ verdict }) => verdict === 'fresh') ? 0 : 1
}

/**
 * What is to be told of each run below these places, in the order of their names.
 *
 * @throws RunproofError USAGE for a place that is no directory; FILE_UNREADABLE for a binary that is not there
 */
export async function judgeRuns(
  places: readonly string[],
  { binary, key }: Pick<StaleFlags, 'binary' | 'key'>,
  pagesDir: string = PAGES_DIR,
): Promise<readonly Told[]> {
  const dirs = (await Promise.all(places.map(runsAt))).flat()
  const today = await currentDigests(binary, pagesDir)
  const told: Told[] = []
  for (const dir of dirs) told.push(await tell(dir, key, today))
  return told
}

/** A sealed run, or each directory in a directory of runs that has what a run leaves. */
async function runsAt(place: string): Promise<readonly string[]> {
  const dir = await realDirectory(place, 'runproof docs stale reports')
  if (await isRun(dir)) return [place]
  const inside = (await files.list(dir)).map(name => path.join(place, name))
  const runs = await Promise.all(inside.map(async one => ((await isRun(one)) ? [one] : [])))
  return runs.flat()
}

async function isRun(dir: string): Promise<boolean> {
  if ((await files.facts(dir))?.type !== 'directory') return false
  const names = await files.list(dir)
  return [EVIDENCE_FILE, ENVELOPE_FILE, JOURNAL_FILE].some(name => names.includes(name))
}

async function tell(dir: string, keys: readonly string[], today: (evidence: Evidence) => Today): Promise<Told> {
  try {
    const { evidence, signerTrusted } = await verified(dir, keys)
    if (!signerTrusted)
      return { dir, verdict: 'not judged', why: `no trusted key signed it (--key ${evidence.signer.keyId})` }
    const { runId, startedAt, runbook, facts, steps } = evidence
    const freshness = judgeFreshness({ runbook, facts, cited: citedPages(steps) }, today(evidence))
    return { dir, runId, startedAt, ...freshness }
  } catch (thrown) {
    const { code, message } = toRunproofError(thrown)
    return { dir, verdict: 'not judged', why: `${code}: ${message}` }
  }
}

/** Everything is read once, however many runs there are. */
async function currentDigests(binary: string | undefined, pagesDir: string): Promise<(evidence: Evidence) => Today> {
  const runbooks = new Map<string, string>()
  const imported = new Map<string, Readonly<Record<string, string>>>()
  for (const registry of [RUNBOOKS, SUITES]) {
    for (const id of idsOf(registry)) {
      const file = path.join(registry.folder, `${id}.ts`)
      runbooks.set(id, await files.sha256(file))
      imported.set(id, await importedFiles(file))
    }
  }
  const pages = new Map<string, string>()
  for (const name of await files.list(pagesDir))
    if (name.endsWith('.md')) pages.set(name.slice(0, -'.md'.length), await files.sha256(path.join(pagesDir, name)))
  const named = binary === undefined ? undefined : await digests(binary, false)
  const bundled = new Map<string, Today['binary']>()
  for (const id of idsOf(TARGETS)) {
    const { bundledBinary } = await loadTarget(id)
    if (named === undefined && bundledBinary !== undefined) bundled.set(id, await digests(bundledBinary, true))
  }
  return ({ target }) => ({
    runbook: id => runbooks.get(id),
    imported: (id, name) => imported.get(id)?.[name],
    page: id => pages.get(id),
    binary: named ?? bundled.get(target.id) ?? null,
  })
}

async function digests(binary: string, whole: boolean): Promise<Record<string, string>> {
  const real = await files.realPath(binary)
  const digest = { [BINARY_FACT]: await files.sha256(real) }
  return whole ? { ...digest, [STAND_IN_FACT]: await files.treeSha256(path.dirname(real)) } : digest
}

function linesOf(told: Told): readonly string[] {
  const name = path.basename(told.dir)
  if (told.verdict === 'not judged') return [`not judged  ${name}`, `            ${told.why}`]
  const reasons = [...told.changed, ...told.unknown, ...told.notes]
  return [`${told.verdict.padEnd(10)}  ${name}`, ...reasons.map(reason => `            ${reason}`)]
}
