import { createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { RunproofError } from '../model/error.ts'
import type { Files } from '../model/files.ts'
import { canonicalJson } from './canonical.ts'
import { keyIdOf, openEnvelope } from './envelope.ts'
import { verifyJournal } from './journal.ts'
import { ARTIFACTS_DIR, ENVELOPE_FILE, EVIDENCE_FILE, JOURNAL_FILE, type Report } from './layout.ts'
import type { Evidence } from './schema.ts'
import { STATEMENT_PAYLOAD_TYPE, type Statement, statement } from './statement.ts'
import { parentsOf, readTree } from './tree.ts'
import { evidenceProblems } from './validate.ts'

export interface VerifiedEvidence {
  readonly evidence: Evidence
  /** Whether the key is one that the caller trusts; an intact directory of an unknown signer proves nothing about who. */
  readonly signerTrusted: boolean
  /** Reports that another version of runproof rendered: signed and unchanged, but not rendered again. */
  readonly notRerendered: readonly string[]
}

/**
 * Re-checks a sealed directory offline: the signature, the set of files and every digest, canonical form and schema, the
 * journal's chain, and that each report is what its renderer makes of the evidence. One changed byte anywhere is found, and
 * so is a link, a directory or a file that nobody signed.
 *
 * @param trusted - key ids (`sha256:<hex>`) that the caller trusts
 * @param version - of the renderers; reports of another version can't be compared
 * @throws RunproofError EVIDENCE_TAMPERED, JOURNAL_BROKEN, EVIDENCE_INVALID naming the file; FILE_UNREADABLE
 */
export async function verifyDirectory(
  dir: string,
  files: Files,
  reports: readonly Report[],
  trusted: readonly string[],
  version: string,
): Promise<VerifiedEvidence> {
  const text = await readRequired(files, dir, EVIDENCE_FILE)
  const evidence = parseEvidence(text)

  const envelope = await readRequired(files, dir, ENVELOPE_FILE)
  const payload = openEnvelope(envelope, STATEMENT_PAYLOAD_TYPE, evidence.signer.publicKeyPem)
  // Trust hangs on the id, the signature on the key: a document that pairs somebody else's id with its own key is a forgery.
  if (keyIdOf(createPublicKey(evidence.signer.publicKeyPem)) !== evidence.signer.keyId) {
    throw tampered('the signer’s key id is not that of its public key')
  }
  const digests = await digestsOf(files, dir)
  comparePayload(payload, digests, evidence)

  compareArtifacts(evidence, digests)
  const journal = verifyJournal(await readRequired(files, dir, JOURNAL_FILE))
  if (
    digests.get(JOURNAL_FILE) !== evidence.journal.sha256 ||
    journal.lastHash !== evidence.journal.lastHash ||
    journal.records.length !== evidence.journal.records ||
    journal.tornBytes > 0
  ) {
    throw tampered(`${JOURNAL_FILE} is not the journal that the evidence names`)
  }
  const sealed = reports.filter(report => digests.has(report.file))
  const comparable = evidence.tool.version === version
  for (const report of comparable ? sealed : []) {
    if ((await files.readText(join(dir, report.file))) !== report.render(evidence)) {
      throw tampered(`${report.file} is not what the evidence says`)
    }
  }
  return {
    evidence,
    signerTrusted: trusted.includes(evidence.signer.keyId),
    notRerendered: comparable ? [] : sealed.map(report => report.file),
  }
}

async function digestsOf(files: Files, dir: string): Promise<ReadonlyMap<string, string>> {
  const tree = await readTree(files, dir)
  const other = tree.others[0]
  if (other !== undefined) throw tampered(`${other} is no regular file`)
  const needed = parentsOf(tree.files)
  const extra = tree.directories.find(directory => !needed.has(directory))
  if (extra !== undefined) throw tampered(`directory ${extra} was added after signing`)

  const digests = new Map<string, string>()
  for (const name of tree.files) if (name !== ENVELOPE_FILE) digests.set(name, await files.sha256(join(dir, name)))
  return digests
}

function parseEvidence(text: string): Evidence {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new RunproofError('EVIDENCE_TAMPERED', `${EVIDENCE_FILE} is not JSON`, { cause })
  }
  const problems = deeper(value) ? ['/: it is nested too deeply'] : evidenceProblems(value)
  if (problems.length > 0)
    throw new RunproofError('EVIDENCE_INVALID', `${EVIDENCE_FILE} does not fit its schema: ${problems[0]}`)
  if (`${canonicalJson(value)}\n` !== text) throw tampered(`${EVIDENCE_FILE} is not in canonical form`)
  return value as Evidence
}

/** What runproof writes is some ten levels deep; a document made to exhaust the stack is refused before it is walked. */
function deeper(value: unknown, levels = 500): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some(member => deeper(member, levels - 1))
}

function comparePayload(payload: Buffer, digests: ReadonlyMap<string, string>, evidence: Evidence): void {
  const expected = statement(
    [...digests].map(([name, sha256]) => ({ name, digest: { sha256 } })),
    { runId: evidence.runId, outcome: evidence.outcome },
  )
  if (payload.equals(expected)) return

  const subjects = signedSubjects(payload)
  for (const [name, sha256] of digests) {
    if (!subjects.has(name)) throw tampered(`${name} was added after signing`)
    if (subjects.get(name) !== sha256) throw tampered(`${name} was changed after signing`)
  }
  for (const name of subjects.keys()) if (!digests.has(name)) throw tampered(`${name} is missing`)
  throw tampered('the signed statement speaks of another run')
}

/** Only to say what differs: whatever is in here, the statement is not the one that the directory needs. */
function signedSubjects(payload: Buffer): ReadonlyMap<string, string> {
  try {
    const { subject } = JSON.parse(payload.toString()) as Partial<Statement>
    return new Map((subject ?? []).map(({ name, digest }) => [name, digest.sha256]))
  } catch (cause) {
    throw new RunproofError('EVIDENCE_TAMPERED', 'what was signed is no statement about files', { cause })
  }
}

function compareArtifacts(evidence: Evidence, digests: ReadonlyMap<string, string>): void {
  const listed = new Map(evidence.artifacts.map(artifact => [artifact.path, artifact.sha256]))
  for (const [name, sha256] of digests) {
    if (name.startsWith(`${ARTIFACTS_DIR}/`) && listed.get(name) !== sha256)
      throw tampered(`${name} is not the artefact that the evidence lists`)
  }
  for (const name of listed.keys()) if (!digests.has(name)) throw tampered(`${name} is missing`)
}

async function readRequired(files: Files, dir: string, name: string): Promise<string> {
  if ((await files.facts(join(dir, name)))?.type !== 'file') {
    throw new RunproofError('EVIDENCE_INVALID', `${join(dir, name)} is missing`, {
      hint: 'is this a sealed evidence directory? an unsealed run keeps only its journal',
    })
  }
  return files.readText(join(dir, name))
}

function tampered(why: string): RunproofError {
  return new RunproofError('EVIDENCE_TAMPERED', why)
}
