import { join } from 'node:path'
import { withProxy } from '../daemon/break.ts'
import { daemon, isolated } from '../daemon/subjects.ts'
import { keyIdOfAuditKey } from '../ledger/audit-key.ts'
import { type LedgerRecord, parseCheckpoint, parseRecord } from '../ledger/record.ts'
import { bucketFaults, recordFaults } from '../ledger/verify.ts'
import { type CheckContext, defineCheck, failed, type Json, passed, type SubjectCounterproof } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import { askFor } from '../suite/ask.ts'
import { readStateFile, withChangedFiles } from '../suite/host-file.ts'
import { PROVIDER } from '../suite/own-recipe.ts'
import { activeRoute, subjectRun } from '../suite/probe-run.ts'
import { providerRequests, withoutProvider } from '../suite/provider.ts'

const KIND = 'model_provider'

interface Records {
  readonly runId: string
  readonly records: readonly LedgerRecord[]
  /** Where its calls may have gone, as records name it: the one origin, or a beginning for each provider there is a route to. */
  readonly targets: readonly string[]
}

/** What a run did outside is on record, request and answer, in a chain whose hashes and signatures hold by our own reading. */
export const actionsSigned = defineCheck<Records>({
  id: 'actions-signed',
  title: 'The run’s external actions are signed: hashes, chain and Ed25519 signatures hold by our own reading',
  covers: ['7.3/22', '7.3/23', '7.3/24', '9.A/15'],

  untested: withoutRun,

  async probe(context) {
    const { runId } = context.values.get(subjectRun)!
    return { runId, records: await readRecords(context, runId), targets: await modelTargets(context) }
  },

  judge({ runId, records, targets }) {
    const [first] = records
    if (first === undefined) return failed('there is not one record')
    const faults = recordFaults(runId, records, first.key_id)
    if (faults.length > 0) return failed(faults.slice(0, 3).join('; '), { actual: { faults: faults.length } })
    const stray = records.find(record => record['run_id'] !== runId)
    if (stray !== undefined)
      return failed('a record belongs to another run', { expected: runId, actual: stray['run_id'] })
    const calls = records.filter(record => record['kind'] === KIND)
    for (const phase of ['request', 'response']) {
      if (!calls.some(record => record.phase === phase)) return failed(`no ${phase} to the model is on record`)
    }
    const elsewhere = calls.find(({ target }) => !targets.some(one => matches(String(target), one)))
    if (elsewhere !== undefined)
      return failed('a call went somewhere else', { expected: [...targets], actual: elsewhere['target'] })
    return passed({ actual: { records: records.length, key: first.key_id } })
  },

  counterproofs: [
    {
      id: 'no-record',
      breaks: 'there is no record',
      because: /not one record/,
      observation: observed => ({ ...observed, records: [] }),
    },
    {
      id: 'other-target',
      breaks: 'the provider was expected elsewhere',
      because: /somewhere else/,
      observation: observed => ({ ...observed, targets: ['other:https://elsewhere.invalid'] }),
    },
    altered('record-altered', 'a record says another time', /does not match its hash/, records =>
      records.map((record, index) => (index === 0 ? { ...record, timestamp_ms: record.timestamp_ms + 1 } : record)),
    ),
    altered('record-left-out', 'the first record is left out', /does not follow/, records => records.slice(1)),
    altered('records-swapped', 'two records change places', /does not follow/, ([one, two, ...rest]) => [
      two!,
      one!,
      ...rest,
    ]),
    altered(
      'signature-altered',
      'one digit of a signature is another one',
      /signature does not hold/,
      ([one, ...rest]) => [
        { ...one!, signature: `${one!.signature.startsWith('0') ? '1' : '0'}${one!.signature.slice(1)}` },
        ...rest,
      ],
    ),
    altered('no-response', 'only what went out is given', /no response/, records =>
      records.filter(({ phase }) => phase === 'request'),
    ),
  ],
})

interface Digests {
  readonly recorded: { readonly requests: readonly string[]; readonly responses: readonly string[] }
  readonly seen: { readonly requests: readonly string[]; readonly responses: readonly string[] }
}

/** The digests on record are those of what the provider received and answered, made by another program. */
export const actionDigests = defineCheck<Digests>({
  id: 'action-digests',
  title: 'The recorded digests are those of what the provider received and answered',

  untested: context => withoutRun(context) ?? withoutProvider(context),

  async probe(context) {
    const records = await readRecords(context, context.values.get(subjectRun)!.runId)
    const requests = await providerRequests(context)
    const texts = (values: readonly (Json | undefined)[]) => values.filter(value => typeof value === 'string')
    return {
      recorded: {
        requests: texts(records.filter(({ phase }) => phase === 'request').map(record => record['request_digest'])),
        responses: texts(records.filter(({ phase }) => phase === 'response').map(record => record['response_digest'])),
      },
      seen: {
        requests: texts(requests.map(one => one.requestSha256)),
        responses: texts(requests.map(one => one.responseSha256)),
      },
    }
  },

  judge({ recorded, seen }) {
    for (const side of ['requests', 'responses'] as const) {
      if (recorded[side].length === 0) return failed(`no digest of ${side} is on record`)
      const unknown = recorded[side].find(digest => !seen[side].includes(digest))
      if (unknown !== undefined)
        return failed(`the provider saw no ${side} with a digest on record`, {
          expected: [...seen[side]],
          actual: unknown,
        })
    }
    return passed({ actual: { requests: recorded.requests.length, responses: recorded.responses.length } })
  },

  counterproofs: [
    {
      id: 'nothing-digested',
      breaks: 'no digest is on record',
      because: /no digest of requests/,
      observation: observed => ({ ...observed, recorded: { requests: [], responses: [] } }),
    },
    altered('digest-altered', 'a digest on record is another one', /saw no requests/, records =>
      records.map(record =>
        record['request_digest'] === undefined ? record : { ...record, request_digest: '0'.repeat(64) },
      ),
    ),
  ],
})

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

async function modelTargets(context: CheckContext): Promise<readonly string[]> {
  const { actionTarget, paths, read } = context.target.runs
  if (withoutProvider(context) === undefined) {
    const port = context.values.get(isolated).instance.place.tunnels[PROVIDER]
    return [actionTarget((await activeRoute(context)).provider, `http://127.0.0.1:${port}`)]
  }
  const url = context.params['provider-url']
  if (url !== undefined) return [actionTarget((await activeRoute(context)).provider, new URL(url).origin)]
  const { routes } = await askFor(context, paths.runtime, read.runtime)
  return routes.map(({ provider }) => actionTarget(provider, ''))
}

/** One that ends in nothing but its separator is a beginning. */
function matches(target: string, expected: string): boolean {
  return expected.endsWith(':') ? target.startsWith(expected) : target === expected
}

/** Why there is no run to look at, or undefined. */
function withoutRun({ values }: CheckContext): string | undefined {
  return values.find(subjectRun) === undefined ? 'no-runs: the daemon has none that ended well' : undefined
}

async function readRecords(context: CheckContext, runId: string): Promise<readonly LedgerRecord[]> {
  const path = context.target.runs.paths.actions(runId)
  return askFor(context, path, document => {
    if (!Array.isArray(document)) throw new RunproofError('ANSWER_MALFORMED', `${path} answered no list`)
    return document.map((record: Json, index) => parseRecord(JSON.stringify(record), `${path} record ${index + 1}`))
  })
}

/** Ledger and checkpoint of a run, relative to the state root. */
function filesOf({ target }: CheckContext, runId: string): readonly [string, string] {
  const name = `id-${Buffer.from(runId).toString('hex')}`
  return [join(target.layout.ledgerDir, `${name}.jsonl`), join(target.layout.checkpointDir, `${name}.json`)]
}

/** A proxy that changes the records on their way. */
function altered(
  id: string,
  breaks: string,
  because: RegExp,
  change: (records: readonly LedgerRecord[]) => readonly LedgerRecord[],
): SubjectCounterproof {
  return {
    id,
    breaks,
    because,
    subject: (context, scope) => {
      const actions = context.target.runs.paths.actions(context.values.get(subjectRun)!.runId)
      return withProxy(context, scope, {
        rewriteBody: (path, text) => (path === actions ? JSON.stringify(change(JSON.parse(text))) : text),
      })
    },
  }
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
