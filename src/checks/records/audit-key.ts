import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { withDamagedTree } from '../../drill/break.ts'
import { baseline, keptAuditKey, restored } from '../../drill/subjects.ts'
import { keyIdOfAuditKey } from '../../ledger/audit-key.ts'
import { readLedger } from '../../ledger/read.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'

interface Observed {
  /** Null when the file is missing. */
  readonly actual: string | null
  readonly expected: string | null
  /** Where the expectation comes from. */
  readonly basis: string
}

/** The audit key that was restored is the one the ledger was signed with, so that signed history goes on without a break. */
export const auditKeyContinuity = defineCheck<Observed>({
  id: 'audit-key',
  covers: ['7.4/15', '7.4/19', '9.B/8', '9.B/10', '7.3/45', '7.3/53', '9.A/35', '9.A/39'],
  title: 'The audit signing key is the one that signed the history',

  async probe({ values, tools, target }) {
    const { stateRoot } = values.get(restored)
    const facts = values.find(baseline)
    const path = join(stateRoot, target.layout.auditKeyFile)
    const present = (await tools.files.facts(path))?.type === 'file'
    const actual = present ? keyIdOfAuditKey(await tools.files.readText(path), target.layout.auditKeyFile) : null
    const kept = values.find(keptAuditKey)
    if (kept !== undefined) return { actual, expected: kept, basis: 'the key that is kept apart' }
    if (facts?.auditKeyId != null) return { actual, expected: facts.auditKeyId, basis: 'the baseline' }

    const records = (await readLedger(stateRoot, target.layout, tools.files)).flatMap(bucket => bucket.records)
    return { actual, expected: records.at(-1)?.key_id ?? null, basis: 'the records in the archive' }
  },

  judge({ actual, expected, basis }) {
    if (actual === null) return failed('the audit signing key is missing', { expected })
    if (expected === null)
      return failed(`nothing says which key it should be: neither baseline nor records`, { actual })
    return actual === expected
      ? passed({ expected, actual })
      : failed(`the key is not that of ${basis}`, { expected, actual })
  },

  counterproofs: [
    {
      id: 'other-key',
      breaks: 'the key id is another one',
      because: /the key is not that of/,
      observation: observed => ({ ...observed, actual: '0'.repeat(64) }),
    },
    {
      id: 'key-missing',
      breaks: 'the audit key is missing from a copy of the state',
      because: /is missing/,
      subject: (context, scope) =>
        withDamagedTree(context, scope, 'state', root =>
          context.tools.archives.dropFile(root, context.target.layout.auditKeyFile),
        ),
    },
    {
      id: 'key-replaced',
      breaks: 'a fresh audit key lies in a copy of the state',
      because: /the key is not that of/,
      subject: (context, scope) =>
        withDamagedTree(context, scope, 'state', root =>
          context.tools.archives.replaceFile(root, context.target.layout.auditKeyFile, freshAuditKey()),
        ),
    },
  ],
})

function freshAuditKey(): Buffer {
  const { privateKey } = generateKeyPairSync('ed25519')
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64url').toString('hex')
  return Buffer.from(JSON.stringify({ algorithm: 'ed25519', secret_key_hex: seed }))
}
