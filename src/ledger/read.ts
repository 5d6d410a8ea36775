import { join } from 'node:path'
import type { Files } from '../model/files.ts'
import { type Checkpoint, parseCheckpoint, parseRecord } from './record.ts'
import type { Bucket } from './verify.ts'

/** Where a ledger lies below a state root. */
export interface LedgerPlaces {
  readonly ledgerDir: string
  readonly checkpointDir: string
}

/**
 * All buckets of a ledger, by name. A checkpoint without a ledger is a bucket too: all of its records are missing.
 *
 * @throws RunproofError STATE_MALFORMED naming file and line
 */
export async function readLedger(stateRoot: string, places: LedgerPlaces, files: Files): Promise<readonly Bucket[]> {
  const ledgerDir = join(stateRoot, places.ledgerDir)
  const checkpointDir = join(stateRoot, places.checkpointDir)
  const ledgers = (await files.list(ledgerDir)).filter(name => name.endsWith('.jsonl'))
  const checkpoints = (await files.list(checkpointDir)).filter(name => name.endsWith('.json'))
  const stems = new Set([
    ...ledgers.map(name => name.slice(0, -'.jsonl'.length)),
    ...checkpoints.map(name => name.slice(0, -'.json'.length)),
  ])

  const buckets: Bucket[] = []
  for (const stem of [...stems].sort()) {
    const lines = ledgers.includes(`${stem}.jsonl`)
      ? (await files.readText(join(ledgerDir, `${stem}.jsonl`))).split('\n')
      : []
    const records = lines
      .filter(line => line !== '')
      .map((line, index) => parseRecord(line, `${stem}.jsonl line ${index + 1}`))
    let checkpoint: Checkpoint | undefined
    if (checkpoints.includes(`${stem}.json`)) {
      checkpoint = parseCheckpoint(await files.readText(join(checkpointDir, `${stem}.json`)), `${stem}.json`)
    }
    buckets.push({ name: bucketName(stem), records, checkpoint })
  }
  return buckets
}

/** `id-<hex of the UTF-8 name>`; an older layout used the name itself. */
function bucketName(stem: string): string {
  return /^id-(?:[0-9a-f]{2})+$/.test(stem) ? Buffer.from(stem.slice('id-'.length), 'hex').toString('utf8') : stem
}
