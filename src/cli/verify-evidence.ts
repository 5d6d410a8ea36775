import { join } from 'node:path'
import { files } from '../adapters/files.ts'
import { verifyJournal } from '../evidence/journal.ts'
import { ENVELOPE_FILE, JOURNAL_FILE } from '../evidence/layout.ts'
import { machineSigner, trustedKeyIds } from '../evidence/signing-key.ts'
import { type VerifiedEvidence, verifyDirectory } from '../evidence/verify-directory.ts'
import { RunproofError } from '../model/error.ts'
import { summaryLines } from '../reporters/text/summary.ts'
import { placesFor } from './places.ts'
import { loadReports } from './registry.ts'

/** @returns 0 when the directory is intact and its signer trusted, 1 when the signer is unknown; anything changed throws */
export async function verifyEvidence(dir: string, keys: readonly string[], json: boolean): Promise<number> {
  const { evidence, signerTrusted } = await verified(dir, keys)
  const verdict = signerTrusted ? 'intact, signed by a trusted key' : 'intact, signer unknown'
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ verdict, signerTrusted, keyId: evidence.signer.keyId, runId: evidence.runId, outcome: evidence.outcome })}\n`,
    )
  } else {
    process.stdout.write(
      `${verdict}\nrun       ${evidence.runId}\noutcome   ${evidence.outcome}\nsigner    ${evidence.signer.keyId}\n`,
    )
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
  if (json) process.stdout.write(`${JSON.stringify(evidence, null, 2)}\n`)
  else {
    const limits = [
      ...evidence.notTested.map(text => `not tested: ${text}`),
      ...evidence.assumptions.map(text => `assumed: ${text}`),
    ]
    process.stdout.write(`${[...summaryLines(evidence), ...limits].join('\n')}\n`)
  }
  if (!signerTrusted) process.stderr.write('runproof: intact, but signed by a key that is not trusted here\n')
  return signerTrusted ? 0 : 1
}

async function verified(dir: string, keys: readonly string[]): Promise<VerifiedEvidence> {
  const facts = await files.facts(dir)
  if (facts?.type !== 'directory')
    throw new RunproofError('USAGE', `${dir} is no directory`, { hint: 'runproof evidence verify reports/<run>' })
  await refuseUnsealed(dir)
  const signer = await machineSigner(placesFor(process.env).stateDir, files)
  return verifyDirectory(dir, files, await loadReports(), await trustedKeyIds(signer, keys))
}

/** A run that crashed has a journal and nothing else: say how far it is intact instead of calling it evidence. */
async function refuseUnsealed(dir: string): Promise<void> {
  const journal = join(dir, JOURNAL_FILE)
  if ((await files.facts(join(dir, ENVELOPE_FILE))) !== undefined || (await files.facts(journal)) === undefined) return
  const { records, tornBytes } = verifyJournal(await files.readText(journal))
  const last = records.at(-1)!
  throw new RunproofError(
    'EVIDENCE_INVALID',
    `${dir} was never sealed; its journal is intact up to record ${last.seq} (${last.type}, ${last.at})${tornBytes > 0 ? `, ${tornBytes} bytes of a torn record follow` : ''}`,
    { hint: 'the run was killed or is still going; runproof gc clears what a dead run left' },
  )
}
