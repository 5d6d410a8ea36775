import { join, relative } from 'node:path'
import { RunproofError } from '../model/error.ts'
import type { Files } from '../model/files.ts'
import type { LeakScanPort } from '../model/leak-scan.ts'
import type { Secret } from '../model/secret.ts'
import type { Signer } from '../model/signer.ts'
import { canonicalJson } from './canonical.ts'
import { ARTIFACTS_DIR, ENVELOPE_FILE, EVIDENCE_FILE, type Report } from './layout.ts'
import type { Evidence } from './schema.ts'
import { STATEMENT_PAYLOAD_TYPE, statement } from './statement.ts'
import { parentsOf, readTree } from './tree.ts'
import { evidenceProblems } from './validate.ts'

/** What is known of a run before it is sealed. */
export type Unsealed = Omit<Evidence, 'artifacts' | 'journal' | 'leakScan' | 'signer'>

export interface SealInput {
  readonly run: Unsealed
  /** The run's directory as it was written; becomes `finalDir`. */
  readonly runDir: string
  readonly finalDir: string
  readonly journal: Evidence['journal']
  readonly secrets: readonly Secret[]
  readonly reports: readonly Report[]
  readonly files: Files
  readonly leaks: LeakScanPort
  readonly signer: Signer
  /** Makes the sealed directory final: fsync, rename, fsync of the parent. */
  readonly publish: (from: string, to: string) => Promise<void>
}

/**
 * Makes a run final: digests → validation → reports → leak scan of everything → signature → rename. The rename is last,
 * so a directory with the final name is always whole.
 *
 * @returns the evidence as it lies in `finalDir`
 * @throws RunproofError SECRET_LEAKED when a known secret is found in what would be published (nothing is renamed);
 *   SEAL_FAILED when the evidence does not fit its schema; DISK_FULL
 */
export async function seal(input: SealInput): Promise<Evidence> {
  const { runDir, files, signer } = input
  await refuseWhatHasNoDigest(files, runDir)
  const artifacts = (await digests(files, runDir)).filter(({ path }) => path.startsWith(`${ARTIFACTS_DIR}/`))
  const leakScan = await scanFirst(input)
  const evidence: Evidence = {
    ...input.run,
    artifacts,
    journal: input.journal,
    leakScan,
    signer: { keyId: signer.keyId, publicKeyPem: signer.publicKeyPem },
  }

  const problems = evidenceProblems(evidence)
  if (problems.length > 0) {
    throw new RunproofError('SEAL_FAILED', `the evidence does not fit its schema: ${problems.slice(0, 3).join('; ')}`)
  }
  const text = canonicalJson(evidence)
  await files.write(join(runDir, EVIDENCE_FILE), `${text}\n`)
  // Rendered from what was written: a reader gets its members in canonical order, and must get the same report.
  const written = JSON.parse(text) as Evidence
  for (const report of input.reports) await files.write(join(runDir, report.file), report.render(written))

  await refuseLeaks(input)
  const subjects = (await digests(files, runDir)).map(({ path, sha256 }) => ({ name: path, digest: { sha256 } }))
  const payload = statement(subjects, { runId: evidence.runId, outcome: evidence.outcome })
  await files.write(join(runDir, ENVELOPE_FILE), signer.envelope(STATEMENT_PAYLOAD_TYPE, payload))
  await input.publish(runDir, input.finalDir)
  return evidence
}

/** A link would lead out of what is sealed. An empty directory says nothing that a signature could cover, so it goes. */
async function refuseWhatHasNoDigest(files: Files, runDir: string): Promise<void> {
  const tree = await readTree(files, runDir)
  const first = tree.others[0]
  if (first !== undefined) {
    throw new RunproofError('SEAL_FAILED', `${join(runDir, first)} is no regular file: evidence holds nothing else`)
  }
  const needed = parentsOf(tree.files)
  for (const directory of tree.directories) if (!needed.has(directory)) await files.remove(join(runDir, directory))
}

async function digests(files: Files, root: string): Promise<Evidence['artifacts']> {
  const found: Evidence['artifacts'] = []
  for (const path of (await readTree(files, root)).files) {
    const absolute = join(root, path)
    const facts = await files.facts(absolute)
    found.push({ path, sha256: await files.sha256(absolute), sizeBytes: facts?.sizeBytes ?? 0 })
  }
  return found
}

/** Searches journal and artefacts, with a canary planted among them that proves the search finds things. */
async function scanFirst(input: SealInput): Promise<Evidence['leakScan']> {
  const { works, missed, scan } = await input.leaks.proveSearchWorks(input.runDir, { secrets: input.secrets })
  if (!works)
    throw new RunproofError('SEAL_FAILED', `the leak scan did not find its own canary in ${missed.join(', ')}`)
  refuse(scan.findings)
  return {
    secretNames: input.secrets.map(secret => secret.name).sort(),
    searchedForms: scan.needles,
    searchedFiles: scan.searchedFiles,
    searchedBytes: scan.searchedBytes,
    canaryFound: works,
    unsearched: scan.unsearched.map(({ path, reason, detail }) => ({
      path: relative(input.runDir, path),
      reason: `${reason}: ${detail}`,
    })),
    notCovered: [...scan.notCovered],
  }
}

/** The final text is searched too: it was written after the first scan. */
async function refuseLeaks(input: SealInput): Promise<void> {
  if (input.secrets.length === 0) return
  const { findings, unsearched } = await input.leaks.scanPaths({ paths: [input.runDir], secrets: input.secrets })
  refuse(findings)
  if (unsearched.length > 0) {
    throw new RunproofError(
      'SEAL_FAILED',
      `${unsearched[0]!.path} could not be searched for secrets: ${unsearched[0]!.detail}`,
    )
  }
}

function refuse(findings: readonly { readonly path: string; readonly secret: string; readonly form: string }[]): void {
  const first = findings[0]
  if (first === undefined) return
  throw new RunproofError(
    'SECRET_LEAKED',
    `secret ${first.secret} stands in ${first.path} (${first.form})${findings.length > 1 ? ` and ${findings.length - 1} more places` : ''}`,
    { hint: 'the evidence was quarantined; rotate the secret if anyone else could have read it' },
  )
}
