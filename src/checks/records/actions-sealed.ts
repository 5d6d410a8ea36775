import { join } from 'node:path'
import { daemon } from '../../daemon/subjects.ts'
import { keyIdOfAuditKey } from '../../ledger/audit-key.ts'
import { type LedgerRecord, parseCheckpoint, parseRecord } from '../../ledger/record.ts'
import { bucketFaults } from '../../ledger/verify.ts'
import { type CheckContext, defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import { readStateFile, withChangedFiles } from '../../suite/host-file.ts'
import { subjectRun } from '../../suite/probe-run.ts'
import { altered, readRecords, withoutRun } from './read-records.ts'

interface Sealed {
  readonly faults: readonly string[]
  readonly keyId: string
  /** As the daemon gives them out, and as they lie in its state root. */
  readonly given: readonly LedgerRecord[]
  readonly written: readonly LedgerRecord[]
}

/** What the daemon gives out is what its ledger holds, signed with its own key and sealed by a checkpoint. */
export const actionsSealed = defineCheck<Sealed>({
  id: 'actions-sealed',
  title: 'The records given out are those of the ledger, by the daemon’s own key, and a checkpoint seals them',
  needs: ['host-files'],

  untested: withoutRun,

  async probe(context) {
    const { layout } = context.target
    const { runId } = context.values.get(subjectRun)!
    const [ledger, seal] = filesOf(context, runId)
    const keyId = keyIdOfAuditKey(await readStateFile(context, layout.auditKeyFile), layout.auditKeyFile)
    const lines = (await readStateFile(context, ledger)).split('\n').filter(line => line !== '')
    const written = lines.map((line, index) => parseRecord(line, `${ledger} line ${index + 1}`))
    const checkpoint = parseCheckpoint(await readStateFile(context, seal), seal)
    return {
      faults: bucketFaults({ name: runId, records: written, checkpoint }, keyId),
      keyId,
      given: await readRecords(context, runId),
      written,
    }
  },

  judge({ faults, keyId, given, written }) {
    if (faults.length > 0) return failed(faults.slice(0, 3).join('; '), { actual: { faults: faults.length } })
    if (written.length === 0) return failed('the ledger is empty')
    const hashes = (records: readonly LedgerRecord[]) => records.map(record => record.record_hash)
    if (String(hashes(given)) !== String(hashes(written)))
      return failed('the daemon gives out other records than its ledger holds', {
        expected: hashes(written),
        actual: hashes(given),
      })
    const foreign = given.find(record => record.key_id !== keyId)
    return foreign === undefined
      ? passed({ actual: { records: written.length, key: keyId } })
      : failed('a record is signed by another key', { expected: keyId, actual: foreign.key_id })
  },

  counterproofs: [
    {
      id: 'ledger-empty',
      breaks: 'the ledger is empty',
      because: /the ledger is empty/,
      observation: observed => ({ ...observed, written: [] }),
    },
    altered('tail-held-back', 'the daemon holds its last record back', /other records/, records =>
      records.slice(0, -1),
    ),
    onDisk(
      'ledger-cut',
      'the last line of the ledger is cut off in a copy',
      /its checkpoint seals/,
      ([ledger]) => `sed -i '$d' '${ledger}'`,
    ),
    onDisk(
      'key-replaced',
      'another key lies in the place of the daemon’s own in a copy',
      /signed by key/,
      (_, key) => `sed -i 's/"[0-9a-f]\\{64\\}"/"${'7'.repeat(64)}"/' '${key}'`,
    ),
    onDisk(
      'seal-altered',
      'the checkpoint in a copy counts one record more',
      /checkpoint/,
      ([, seal]) => `sed -i 's/"record_count": *\\([0-9]*\\)/"record_count": 1\\1/' '${seal}'`,
    ),
  ],
})

/** Ledger and checkpoint of a run, relative to the state root. */
function filesOf({ target }: CheckContext, runId: string): readonly [string, string] {
  const name = `id-${Buffer.from(runId).toString('hex')}`
  return [join(target.layout.ledgerDir, `${name}.jsonl`), join(target.layout.checkpointDir, `${name}.json`)]
}

function onDisk(
  id: string,
  breaks: string,
  because: RegExp,
  script: (files: readonly [string, string], keyFile: string) => string,
): SubjectCounterproof {
  return {
    id,
    breaks,
    because,
    unavailable: ({ values }) => (values.get(daemon).reached === 'isolated' ? undefined : 'the files are in use'),
    subject: context => {
      const { auditKeyFile } = context.target.layout
      const files = filesOf(context, context.values.get(subjectRun)!.runId)
      return withChangedFiles(context, [...files, auditKeyFile], script(files, auditKeyFile))
    },
  }
}
