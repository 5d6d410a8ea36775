import { join } from 'node:path'
import { deployment } from '../../drill/backup-subjects.ts'
import { keyIdOfAuditKey } from '../../ledger/audit-key.ts'
import { readLedger } from '../../ledger/read.ts'
import { headOf } from '../../ledger/verify.ts'
import type { Manifest } from '../../model/archive.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import { RunproofError } from '../../model/error.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { SlotView } from '../../model/target.ts'
import { MOST_LEASES, openStore } from './stolen-state.ts'

/** More than this is told of by number only. */
const MOST_LISTED = 50_000

/** What is kept of a state root that was stolen, before anything else is done to it. */
export interface Preserved {
  readonly stateRoot: string
  readonly files: number
  readonly bytes: number
  readonly auditKeyId: string | null
  /** Every slot that the thief has. */
  readonly slots: readonly SlotView[]
  readonly leases: readonly string[]
}
export const preserved = keptCapture<Preserved>('preserved', 'what is kept of the state root that was stolen')
export const stolenTree = capture<Manifest>(
  'stolen-tree',
  'every file of the state root that was stolen, with its digest',
)

/**
 * Writes down every file with its digest, the public half of the audit key, every slot and every lease. The seed of the audit key
 * goes nowhere but to a path that the operator names.
 *
 * @throws RunproofError FACTS_INVALID, COMMAND_FAILED when the store does not open with the master key
 */
export async function preserve(context: StepContext): Promise<void> {
  const { run, values } = context
  const { stateRoot } = values.get(deployment)
  const { files, sizeBytes: bytes } = await listFiles(context, stateRoot)
  const auditKeyId = await keepAuditKey(context, stateRoot)
  const { slots, leases } = await listCredentials(context, stateRoot)
  context.set(preserved, { stateRoot, files, bytes, auditKeyId, slots, leases })
  run.fact('stolen.files', files)
  run.fact('stolen.slots', slots.length)
  run.fact('stolen.leases', leases.length)
  if (auditKeyId !== null) run.fact('auditKey.public', auditKeyId)
}

async function listFiles(context: StepContext, stateRoot: string): Promise<Manifest['totals']> {
  const { run, tools, signal } = context
  const tree = await tools.archives.describeTree(stateRoot, signal)
  context.set(stolenTree, tree)
  const { totals, entries } = tree
  await write(context, 'state-root.json', { totals, entries: entries.slice(0, MOST_LISTED) })
  if (entries.length > MOST_LISTED)
    run.notTested(`the list of files: ${entries.length - MOST_LISTED} of ${entries.length} are counted and not listed`)
  return totals
}

/** @returns the key id, null where there is no key */
async function keepAuditKey(context: StepContext, stateRoot: string): Promise<string | null> {
  const { tools, target } = context
  const { layout } = target
  const keyFile = join(stateRoot, layout.auditKeyFile)
  const isThere = (await tools.files.facts(keyFile))?.type === 'file'
  const publicKey = isThere ? keyIdOfAuditKey(await tools.files.readText(keyFile), layout.auditKeyFile) : null
  await write(context, 'audit-key.json', {
    publicKey,
    file: layout.auditKeyFile,
    sha256: isThere ? await tools.files.sha256(keyFile) : null,
    heads: (await readLedger(stateRoot, layout, tools.files)).map(headOf),
  })
  if (isThere) await copySeed(context, keyFile)
  return publicKey
}

/** @throws RunproofError NOT_EMPTY where the named file is another one */
async function copySeed({ run, tools, params }: StepContext, keyFile: string): Promise<void> {
  const to = params['audit-key-copy']
  if (to === undefined) return
  const seed = await tools.files.readBytes(keyFile)
  const isThere = (await tools.files.facts(to)) !== undefined
  // A run that broke off had copied it already.
  if (isThere && !Buffer.from(await tools.files.readBytes(to)).equals(seed))
    throw new RunproofError('NOT_EMPTY', `${to} is there already, holds something else, and is not overwritten`, {
      hint: '--param audit-key-copy= names a new file',
    })
  if (!isThere) await tools.files.write(to, seed)
  run.fact('auditKey.copiedTo', to)
}

/** @throws RunproofError COMMAND_FAILED when the store does not open with the master key */
async function listCredentials(context: StepContext, stateRoot: string): Promise<Pick<Preserved, 'slots' | 'leases'>> {
  const { run, tools, target, values } = context
  const { scratchDir, binary, masterKeyFile } = values.get(deployment)
  const { opens, slots } = await openStore(context, stateRoot, binary!, masterKeyFile, join(scratchDir, 'opened'))
  if (!opens)
    throw new RunproofError('COMMAND_FAILED', `the slot store of ${stateRoot} does not open with the master key`, {
      hint: 'is it the original key? without it nobody knows what was stolen',
    })
  const brokerFile = join(stateRoot, target.layout.brokerStateFile)
  const leases =
    (await tools.files.facts(brokerFile)) === undefined
      ? []
      : target.access.read.storedLeases(await tools.files.readJson(brokerFile))
  await write(context, 'stolen-slots.json', { slots, leases })
  if (leases.length === 0) run.notTested('that stolen leases are dead: the state root held none')
  if (leases.length > MOST_LEASES)
    run.notTested(`stolen leases: ${leases.length} there are, ${MOST_LEASES} are asked for`)
  return { slots, leases }
}

function write({ run, tools }: StepContext, name: string, content: unknown): Promise<void> {
  return tools.files.write(join(run.artifactsDir, name), `${JSON.stringify(content, null, 2)}\n`)
}
