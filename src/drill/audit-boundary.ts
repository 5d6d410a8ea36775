import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { keyIdOfAuditKey, seedOfAuditKey } from '../ledger/audit-key.ts'
import { archiveAuditKey } from '../ledger/public-key.ts'
import { readLedger } from '../ledger/read.ts'
import { type Bucket, bucketFaults, headOf } from '../ledger/verify.ts'
import { capture, keptCapture } from '../model/capture.ts'
import type { CheckContext } from '../model/check.ts'
import type { StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'

/** A daemon that runs may be writing a record, and its checkpoint a moment later. */
const LOOKS = 5
const PAUSE_MS = 200

/** Secrets that lie in a state root, and in every copy of it. */
export const AUDIT_SECRETS = ['audit-signing-key', 'next-audit-key', 'next-audit-key-file'] as const

/** Where the key and the ledger lie: a copy, or the state root of a daemon that runs. */
export const auditRoot = keptCapture<string>('audit-root', 'state root whose audit key is archived')

/** The document that has to outlive the key. */
export const archivedKey = keptCapture<string>('archived-audit-key', 'the public half of the audit key, as it is kept')

/**
 * Writes the public half of the audit key down, with the end of every chain that it signed, and yields the document.
 *
 * @throws RunproofError FILE_UNREADABLE, STATE_MALFORMED
 */
export async function archiveKey(context: StepContext, stateRoot: string): Promise<void> {
  const { run, tools, target } = context
  const place = join(stateRoot, target.layout.auditKeyFile)
  const text = await tools.files.readText(place, 1 << 16)
  const seed = seedOfAuditKey(text, place)
  for (const form of [seed, Buffer.from(seed, 'hex').toString('base64')])
    context.protect(new Secret('audit-signing-key', form))
  const keyId = keyIdOfAuditKey(text, place)
  const at = tools.clock.now().toISOString()
  const document = archiveAuditKey(keyId, at, (await settledLedger(context, stateRoot, keyId)).map(headOf))
  context.set(auditRoot, stateRoot)
  context.set(archivedKey, document)
  run.fact('auditKey.id', keyId)
  run.fact('auditKey.archivedAt', at)
  run.fact('auditKey.rotated', false)
  run.fact('next-steps', 'artifacts/audit-key.txt')
  run.assume('the audit signing key is the one it was before: this run archives its public half, and rotates nothing')
  await tools.files.write(join(run.artifactsDir, 'audit-key.json'), document)
  await tools.files.write(join(run.artifactsDir, 'audit-key.txt'), instead(target.layout.auditKeyFile))
}

/** The ledger as it is between two records: what is at fault only because it is being written is read again. */
export async function settledLedger(
  { tools, target, signal }: CheckContext,
  stateRoot: string,
  keyId: string,
): Promise<readonly Bucket[]> {
  for (let look = 1; ; look += 1) {
    const last = look === LOOKS || signal.aborted
    try {
      const buckets = await readLedger(stateRoot, target.layout, tools.files)
      if (last || buckets.every(bucket => bucketFaults(bucket, keyId).length === 0)) return buckets
    } catch (thrown) {
      if (last) throw thrown
    }
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  }
}

/** What becomes of the key on a copy. */
export interface Boundary {
  /** The file that the copy gets; undefined where it keeps its own. */
  readonly next: { readonly keyFile: Secret | undefined; readonly keyId: string }
  /** Whether the copy that is to have no key really loses it. */
  readonly removed: boolean
}
export const boundary = capture<Boundary>('boundary', 'the audit key that a copy goes on with')

/** Makes a key that a copy goes on with. */
export async function makeBoundary(context: StepContext): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519')
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64url').toString('hex')
  const text = JSON.stringify({ algorithm: 'ed25519', secret_key_hex: seed }, null, 2)
  const keyFile = new Secret('next-audit-key-file', text)
  for (const secret of [keyFile, new Secret('next-audit-key', seed)]) context.protect(secret)
  context.set(boundary, { next: { keyFile, keyId: keyIdOfAuditKey(text, 'the next key') }, removed: true })
}

function instead(keyFile: string): string {
  return `The audit signing key was NOT rotated. A running daemon has no way to change it, and records that it signed are only worth what their key is.

- Keep audit-key.json beside this text for as long as you keep records: with it anybody can verify what was signed before archivedAt, up to the
  heads it lists. It holds nothing secret.
- Keep ${keyFile} with the state root, and a copy apart from the backups. Without it a daemon that has records refuses to go on signing.
- Another key is a boundary that somebody decides, with a name and a time. Stop the daemon, take a backup, run this runbook with state-dir= on
  the stopped root, then replace the key file. Whatever was signed before verifies with audit-key.json from then on, and no longer
  through the daemon; whatever is signed after it with the new key. Archive that one, too.
- A key that leaked lets its holder sign records that were never made. No boundary takes that back: only copies of the ledger, or sealed
  evidence with its heads, from before the leak can tell.
`
}
