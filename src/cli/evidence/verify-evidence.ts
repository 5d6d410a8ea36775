import { dirname, join } from 'node:path'
import { files } from '../../adapters/files.ts'
import { verifyJournal } from '../../evidence/journal.ts'
import { ENVELOPE_FILE, JOURNAL_FILE, QUARANTINED_SUFFIX } from '../../evidence/layout.ts'
import { existingSigner, trustedKeyIds } from '../../evidence/signing-key.ts'
import { type VerifiedEvidence, verifyDirectory } from '../../evidence/verify-directory.ts'
import { RunproofError } from '../../model/error.ts'
import { shownJson } from '../../reporters/text/json.ts'
import { summaryLines } from '../../reporters/text/summary.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import { placesFor } from '../places.ts'
import { loadReports } from '../registry.ts'
import { howToGoOn } from '../resume/tell.ts'
import { version } from '../version.ts'

/** @returns 0 when the directory is intact and its signer trusted, 1 when the signer is unknown; anything changed throws */
export async function verifyEvidence(dir: string, keys: readonly string[], json: boolean): Promise<number> {
  const { evidence, signerTrusted, notRerendered } = await verified(dir, keys)
  const verdict = signerTrusted ? 'intact, signed by a trusted key' : 'intact, signer unknown'
  if (json) {
    process.stdout.write(
      `${shownJson({ verdict, signerTrusted, keyId: evidence.signer.keyId, runId: evidence.runId, outcome: evidence.outcome, notRerendered })}\n`,
    )
  } else {
    const version = evidence.tool.version
    printLines([
      verdict,
      `run       ${evidence.runId}`,
      `outcome   ${evidence.outcome}`,
      `signer    ${evidence.signer.keyId}`,
      ...notRerendered.map(
        file => `note      ${file} as signed; runproof ${version} rendered it, so it was not rendered again`,
      ),
    ])
    if (!signerTrusted)
      process.stderr.write(
        `runproof: no trusted key signed this\n  hint: --key ${evidence.signer.keyId}, once you know whose key that is\n`,
      )
  }
  return signerTrusted ? 0 : 1
}

/** Prints what the evidence says, only after it verified. */
export async function showEvidence(dir: string, keys: readonly string[], json: boolean): Promise<number> {
  const { evidence, signerTrusted } = await verified(dir, keys)
  if (json) process.stdout.write(`${shownJson(evidence, 2)}\n`)
  else {
    const limits = [
      ...evidence.notTested.map(text => `not tested: ${text}`),
      ...evidence.assumptions.map(text => `assumed: ${text}`),
    ]
    const goOn = evidence.outcome === 'interrupted' ? await goOnFrom(dir, evidence.runId) : undefined
    printLines([...summaryLines(evidence), ...limits, ...(goOn === undefined ? [] : [`go on     ${goOn}`])])
  }
  if (!signerTrusted) process.stderr.write('runproof: intact, but signed by a key that is not trusted here\n')
  return signerTrusted ? 0 : 1
}

async function goOnFrom(dir: string, runId: string): Promise<string | undefined> {
  const { records } = verifyJournal(await files.readText(join(dir, JOURNAL_FILE)))
  return howToGoOn(runId, records, placesFor(process.env, { reports: dirname(dir) }))
}

/** Whoever signed a document chose its texts, and may be anybody. */
function printLines(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${terminalLine(line)}\n`)
}

/** @throws RunproofError USAGE; EVIDENCE_INVALID for a directory that is not as it was sealed, or never was */
export async function verified(given: string, keys: readonly string[]): Promise<VerifiedEvidence> {
  const dir = await realDirectory(given, 'runproof evidence verify reports/<run>')
  await refuseUnsealed(dir)
  const signer = await existingSigner(placesFor(process.env).stateDir, files)
  return verifyDirectory(dir, files, await loadReports(), await trustedKeyIds(signer, keys), version())
}

/** A link to the directory is a name for it; a link inside of it is refused. @throws RunproofError USAGE */
export async function realDirectory(given: string, hint: string): Promise<string> {
  const dir = (await files.facts(given)) === undefined ? given : await files.realPath(given)
  if ((await files.facts(dir))?.type === 'directory') return dir
  throw new RunproofError('USAGE', `${given} is no directory`, { hint })
}

/** A run that crashed has a journal and nothing else: say how far it is intact instead of calling it evidence. */
async function refuseUnsealed(dir: string): Promise<void> {
  const journal = join(dir, JOURNAL_FILE)
  if ((await files.facts(join(dir, ENVELOPE_FILE))) !== undefined || (await files.facts(journal)) === undefined) return
  if (dir.endsWith(QUARANTINED_SUFFIX)) {
    throw new RunproofError(
      'EVIDENCE_INVALID',
      `${dir} is in quarantine: a secret was found in it, so it was never sealed`,
      {
        hint: `its journal is ${journal}; keep it private, rotate the secret`,
      },
    )
  }
  const { records, tornBytes } = verifyJournal(await files.readText(journal))
  const last = records.at(-1)!
  throw new RunproofError(
    'EVIDENCE_INVALID',
    `${dir} was never sealed; its journal is intact up to record ${last.seq} (${last.type}, ${last.at})${tornBytes > 0 ? `, ${tornBytes} bytes of a torn record follow` : ''}`,
    {
      hint: 'the run was killed or is still going; runproof gc clears what a dead run left, and says how to go on with it',
    },
  )
}
