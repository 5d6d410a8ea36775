import { join } from 'node:path'
import { withDaemon } from '../../daemon/break.ts'
import { startBroken } from '../../daemon/start-isolated.ts'
import { isolated } from '../../daemon/subjects.ts'
import { archivedKey, auditRoot, type Boundary, boundary, settledLedger } from '../../drill/audit-boundary.ts'
import { restored } from '../../drill/subjects.ts'
import { keyIdOfArchived } from '../../ledger/public-key.ts'
import { readLedger } from '../../ledger/read.ts'
import { type LedgerRecord, parseRecord } from '../../ledger/record.ts'
import { type Bucket, bucketFaults, recordFaults } from '../../ledger/verify.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { Inside, Readiness } from '../../model/instance.ts'
import type { Secret } from '../../model/secret.ts'
import { ask } from '../../suite/ask.ts'
import { activeRoute, openSession, submitRun } from '../../suite/probe-run.ts'
import { readRecords } from './read-records.ts'

const SIGNED_WITHIN_MS = 60_000
const POLL_MS = 50
const INSIDE_MS = 10_000

interface Signed {
  /** That the archived document leads to. */
  readonly keyId: string
  readonly buckets: readonly Bucket[]
}

const firstOf = ({ buckets, ...rest }: Signed, change: (bucket: Bucket) => Bucket): Signed => ({
  ...rest,
  buckets: buckets
    .filter(({ records }) => records.length > 0)
    .slice(0, 1)
    .map(change),
})

/** Everything that was signed so far verifies with what was archived, and with nothing else at hand. */
export const archivedVerifies = defineCheck<Signed>({
  id: 'archived-key-verifies',
  title: 'Every record that was signed so far verifies with the public key in the archived document alone',

  async probe(context) {
    const keyId = keyIdOfArchived(context.values.get(archivedKey))
    return { keyId, buckets: await settledLedger(context, context.values.get(auditRoot), keyId) }
  },

  judge({ keyId, buckets }) {
    const records = buckets.reduce((sum, bucket) => sum + bucket.records.length, 0)
    if (records === 0) return failed('there is not one signed record, so nothing says that this key ever signed any')
    const faults = buckets.flatMap(bucket => bucketFaults(bucket, keyId))
    return faults.length === 0
      ? passed({ actual: { keyId, records, chains: buckets.length } })
      : failed(faults.slice(0, 3).join('; '), { actual: { faults: faults.length, records } })
  },

  counterproofs: [
    {
      id: 'other-key',
      breaks: 'the archived key is another one',
      because: /signed by key/,
      observation: seen => ({ ...seen, keyId: '0'.repeat(64) }),
    },
    {
      id: 'record-altered',
      breaks: 'one record says another time',
      because: /content does not match its hash/,
      observation: seen =>
        firstOf(seen, bucket => ({
          ...bucket,
          records: bucket.records.map(one => ({ ...one, timestamp_ms: one.timestamp_ms + 1 })),
        })),
    },
    {
      id: 'record-dropped',
      breaks: 'the last record of a chain is cut off',
      because: /its checkpoint seals/,
      observation: seen => firstOf(seen, bucket => ({ ...bucket, records: bucket.records.slice(0, -1).concat([]) })),
    },
    {
      id: 'nothing-signed',
      breaks: 'there is no record',
      because: /not one signed record/,
      observation: seen => ({ ...seen, buckets: [] }),
    },
  ],
})

interface WithoutKey {
  readonly outcome: Readiness['outcome']
  readonly exitCode: number | null
  /** Whether it spoke of its audit. */
  readonly saidWhy: boolean
  /** What asking for records that were signed before came to; null where nothing answers. */
  readonly recordsStatus: number | null
}

/** Records without their key stop the audit: a daemon that made itself a new key would hide that the old one is gone. */
export const missingKeyRefused = defineCheck<WithoutKey>({
  id: 'missing-key-refused',
  title: 'A daemon that has records and no audit key refuses, and makes no new one in silence',

  async probe(context) {
    await using scope = new AsyncDisposableStack()
    const { removed } = context.values.get(boundary)
    const made = await startBroken(context, scope, {
      beforeStart: async (inside, { stateRoot }) => {
        if (removed) await within(inside, ['rm', join(stateRoot, context.target.layout.auditKeyFile)])
      },
    })
    const { outcome, exit } = made.readiness
    const saidWhy = /audit|external action/i.test((await made.instance.log()).stderr)
    if (outcome !== 'ready') return { outcome, exitCode: exit?.exitCode ?? null, saidWhy, recordsStatus: null }
    const path = context.target.runs.paths.actions(await signedRun(context))
    const { status } = await ask(withDaemon(context, made), path)
    return { outcome, exitCode: null, saidWhy, recordsStatus: status }
  },

  judge(seen) {
    const actual = { ...seen }
    const { outcome, exitCode, saidWhy, recordsStatus } = seen
    if (outcome === 'exited')
      return exitCode === null || exitCode === 0 || !saidWhy
        ? failed('the daemon ended for another reason than its audit', { actual })
        : passed({ actual })
    if (outcome !== 'ready') return failed('the daemon neither started nor refused to, so nothing is known', { actual })
    return recordsStatus === 200
      ? failed('the daemon started, and gives out records as if nothing had happened', { actual })
      : passed({ actual })
  },

  counterproofs: [
    {
      id: 'killed',
      breaks: 'the daemon was killed before it could say anything',
      because: /another reason/,
      observation: seen => ({ ...seen, outcome: 'exited', exitCode: null }),
    },
    {
      id: 'other-reason',
      breaks: 'the daemon ends, and says nothing of its audit',
      because: /another reason/,
      observation: seen => ({ ...seen, outcome: 'exited', exitCode: 1, saidWhy: false }),
    },
    {
      id: 'key-there',
      breaks: 'the key stays where it is',
      because: /as if nothing had happened/,
      cost: { instances: 1 },
      subject: async context => withBoundary(context, { removed: false }),
    },
  ],
})

interface Across {
  readonly archivedKeyId: string
  readonly nextKeyId: string
  /** Signed after the boundary. */
  readonly after: readonly LedgerRecord[]
  /** Signed before it, as they lie in the same state root afterwards. */
  readonly before: readonly LedgerRecord[]
  /** What the daemon answers that is asked for them: told, not judged. */
  readonly beforeStatus: number
}

/** On both sides of a boundary records verify, each with the key of its side and not with that of the other. */
export const verifiesAcross = defineCheck<Across>({
  id: 'verifies-across',
  title: 'After a boundary on a copy new records verify with the new key, and old ones still with the archived one',

  async probe(context) {
    await using scope = new AsyncDisposableStack()
    const { next } = context.values.get(boundary)
    const { auditKeyFile, ledgerDir } = context.target.layout
    const made = await startBroken(context, scope, {
      beforeStart: async (inside, { stateRoot }) => {
        if (next.keyFile !== undefined)
          await within(inside, ['sh', '-c', 'cat > "$0"', join(stateRoot, auditKeyFile)], next.keyFile)
      },
    })
    if (made.readiness.outcome !== 'ready')
      throw new RunproofError('INSTANCE_FAILED', `the daemon with the next key is ${made.readiness.outcome}`)
    const beyond = withDaemon(context, made)
    const old = await signedRun(context)
    const name = (await context.tools.files.list(join(context.values.get(restored).stateRoot, ledgerDir))).find(file =>
      file.includes(Buffer.from(old).toString('hex')),
    )
    const text = await within(made.instance, ['cat', join(made.stateRoot, ledgerDir, name ?? `${old}.jsonl`)])
    return {
      archivedKeyId: keyIdOfArchived(context.values.get(archivedKey)),
      nextKeyId: next.keyId,
      after: await signSomething(beyond),
      before: text
        .split('\n')
        .flatMap((line, at) => (line === '' ? [] : [parseRecord(line, `${name} line ${at + 1}`)])),
      beforeStatus: (await ask(beyond, context.target.runs.paths.actions(old))).status,
    }
  },

  judge({ archivedKeyId, nextKeyId, after, before, beforeStatus }) {
    if (after.length === 0 || before.length === 0)
      return failed(`${before.length} records from before the boundary, ${after.length} from after it`)
    const faults = [
      ...recordFaults('after the boundary:', after, nextKeyId),
      ...recordFaults('before the boundary:', before, archivedKeyId),
    ]
    if (faults.length > 0) return failed(faults.slice(0, 3).join('; '), { actual: { faults: faults.length } })
    if (archivedKeyId === nextKeyId) return failed('there is no boundary: both keys are the same')
    return passed({ actual: { before: before.length, after: after.length, daemonAnswersBefore: beforeStatus } })
  },

  counterproofs: [
    {
      id: 'keys-swapped',
      breaks: 'each side is held against the key of the other',
      because: /after the boundary: record 1: signed by key.*before the boundary: record 1: signed by key/,
      observation: seen => ({
        ...seen,
        archivedKeyId: seen.nextKeyId,
        nextKeyId: seen.archivedKeyId,
        after: seen.after.slice(0, 1),
        before: seen.before.slice(0, 1),
      }),
    },
    {
      id: 'old-altered',
      breaks: 'a record from before was altered when the key changed',
      because: /before the boundary: record 1: content does not match/,
      observation: seen => ({
        ...seen,
        before: seen.before.map(one => ({ ...one, timestamp_ms: one.timestamp_ms + 1 })),
      }),
    },
    {
      id: 'nothing-after',
      breaks: 'nothing is signed any more',
      because: /0 from after it/,
      observation: seen => ({ ...seen, after: [] }),
    },
    {
      id: 'no-boundary',
      breaks: 'the copy keeps its key',
      because: /after the boundary: record 1: signed by key/,
      cost: { instances: 1 },
      subject: async context => {
        const { keyId } = context.values.get(boundary).next
        return withBoundary(context, { next: { keyId, keyFile: undefined } })
      },
    },
  ],
})

function withBoundary(context: CheckContext, change: Partial<Boundary>): CheckContext {
  return changed(context, {
    values: context.values.with(boundary, { ...context.values.get(boundary), ...change }),
  })
}

/**
 * Has a run try to reach a model, which is what is signed; what becomes of the run does not matter, and without a way out it
 * may be tried for long.
 *
 * @returns its first records
 */
async function signSomething(context: CheckContext): Promise<readonly LedgerRecord[]> {
  const session = await openSession(context, 'runproof-audit-boundary')
  const body = context.target.runs.submission('Say nothing.', (await activeRoute(context)).id)
  const id = await submitRun(context, session.id, body)
  const { clock } = context.tools
  for (const untilMs = clock.monotonicMs() + SIGNED_WITHIN_MS; ; ) {
    const records = await readRecords(context, id)
    if (records.length > 0 || clock.monotonicMs() > untilMs || context.signal.aborted) return records
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

/** A run that has records in the copy. @throws RunproofError STATE_MALFORMED */
async function signedRun(context: CheckContext): Promise<string> {
  const { stateRoot } = context.values.get(isolated).recipe
  const buckets = await readLedger(stateRoot, context.target.layout, context.tools.files)
  const run = buckets.find(({ name, records }) => records.length > 0 && records[0]!['run_id'] === name)
  if (run === undefined) throw new RunproofError('STATE_MALFORMED', 'no run has a signed record')
  return run.name
}

/** Runs a command where the daemon lives. @returns what it printed */
async function within(
  inside: Pick<Inside, 'run'>,
  argv: readonly [string, ...string[]],
  stdin?: Secret,
): Promise<string> {
  const ended = await inside.run({ argv, ...(stdin === undefined ? {} : { stdin }) }, { timeoutMs: INSIDE_MS })
  if (ended.exitCode === 0) return ended.stdout
  throw new RunproofError('COMMAND_FAILED', `${argv[0]} in the copy ended with exit ${ended.exitCode ?? ended.signal}`)
}
