import { join } from 'node:path'
import { withDamagedTree } from '../../drill/break.ts'
import { describeDifference, difference } from '../../drill/facts.ts'
import { baseline, restored } from '../../drill/subjects.ts'
import { keyIdOfAuditKey } from '../../ledger/audit-key.ts'
import { readLedger } from '../../ledger/read.ts'
import { type BucketHead, bucketFaults, headOf } from '../../ledger/verify.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'

interface Observed {
  readonly faults: readonly string[]
  readonly heads: readonly BucketHead[]
  /** Null without a baseline. */
  readonly expectedHeads: readonly BucketHead[] | null
  readonly records: number
}

/** Every signed action record verifies by our own reading: hashes, chain, signatures, checkpoints, and the heads of the baseline. */
export const ledgerVerifies = defineCheck<Observed>({
  id: 'ledger',
  covers: ['7.3/52', '9.A/38'],
  title: 'The signed action ledger verifies to the heads it had at backup time',

  async untested({ values, tools, target }) {
    const expected = values.find(baseline)?.ledgerHeads ?? []
    if (expected.length > 0) return undefined
    const buckets = await readLedger(values.get(restored).stateRoot, target.layout, tools.files)
    return buckets.length === 0
      ? 'there is no signed action in the archive, and none is known of the source'
      : undefined
  },

  async probe({ values, tools, target }) {
    const { stateRoot } = values.get(restored)
    const keyFile = join(stateRoot, target.layout.auditKeyFile)
    const expectedHeads = values.find(baseline)?.ledgerHeads ?? null
    // That the key was lost is an answer; not one signature can be verified without it.
    if ((await tools.files.facts(keyFile))?.type !== 'file')
      return { faults: [`${target.layout.auditKeyFile} is missing`], heads: [], expectedHeads, records: 0 }
    const keyId = keyIdOfAuditKey(await tools.files.readText(keyFile), target.layout.auditKeyFile)
    const buckets = await readLedger(stateRoot, target.layout, tools.files)
    return {
      faults: buckets.flatMap(bucket => bucketFaults(bucket, keyId)),
      heads: buckets.map(headOf),
      expectedHeads,
      records: buckets.reduce((sum, bucket) => sum + bucket.records.length, 0),
    }
  },

  judge({ faults, heads, expectedHeads, records }) {
    if (faults.length > 0) return failed(faults.slice(0, 3).join('; '), { actual: { faults: faults.length } })
    if (records === 0) return failed('there is not one signed record to verify')
    const differs =
      expectedHeads === null
        ? undefined
        : describeDifference(
            'ledger heads',
            difference(expectedHeads, heads, head => head.bucket),
          )
    return differs === undefined ? passed({ actual: { records, chains: heads.length } }) : failed(differs)
  },

  counterproofs: [
    {
      id: 'nothing-verified',
      breaks: 'no record was there to verify',
      because: /not one signed record/,
      observation: observed => ({ ...observed, records: 0, heads: [] }),
    },
    {
      id: 'record-altered',
      breaks: 'one character of one record is altered in a copy of the state',
      because: /content does not match its hash/,
      subject: (context, scope) =>
        withDamagedTree(context, scope, 'state', async root => {
          const name = await someLedger(context, root)
          const text = await context.tools.files.readText(join(root, name))
          await context.tools.archives.replaceFile(
            root,
            name,
            Buffer.from(text.replace(/"target":"./, match => `${match.slice(0, -1)}X`)),
          )
        }),
    },
    {
      id: 'record-dropped',
      breaks: 'the last record is cut off in a copy of the state',
      because: /its checkpoint seals/,
      subject: (context, scope) =>
        withDamagedTree(context, scope, 'state', async root => {
          const name = await someLedger(context, root)
          const lines = (await context.tools.files.readText(join(root, name))).trimEnd().split('\n')
          await context.tools.archives.replaceFile(
            root,
            name,
            Buffer.from(
              lines
                .slice(0, -1)
                .map(line => `${line}\n`)
                .join(''),
            ),
          )
        }),
    },
  ],
})

/** @returns path below `root` */
async function someLedger(context: CheckContext, root: string): Promise<string> {
  const { ledgerDir } = context.target.layout
  const directory = join(root, ledgerDir)
  const name = (await context.tools.files.list(directory)).find(file => file.endsWith('.jsonl'))
  if (name === undefined) throw new RunproofError('STATE_MALFORMED', `there is no ledger below ${directory}`)
  return join(ledgerDir, name)
}
