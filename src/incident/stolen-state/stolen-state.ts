import { join } from 'node:path'
import { offline } from '../../daemon/offline.ts'
import { deployment } from '../../drill/backup-subjects.ts'
import { runningAgain, site, source } from '../../drill/subjects.ts'
import { askSource } from '../../drill/take-facts.ts'
import { keyIdOfAuditKey } from '../../ledger/audit-key.ts'
import { readLedger } from '../../ledger/read.ts'
import { headOf } from '../../ledger/verify.ts'
import type { Manifest } from '../../model/archive.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import { parseJson } from '../../model/json-answer.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import type { SlotView } from '../../model/target.ts'

/** A run takes a lease before it asks its provider, which it cannot reach here. */
const RUN_MS = 20_000
/** More than this is told of by number only. */
const MOST_LISTED = 50_000
/** Of stolen leases that the restored daemon is asked for. */
export const MOST_LEASES = 50

/** What a thief took with a state root and its master key. */
export interface Theft {
  /** Private copy of the state root. */
  readonly copy: string
  /** When, in milliseconds of the epoch. */
  readonly atMs: number
  /** The two of the control plane. */
  readonly adminToken: Secret
  readonly readonlyToken: Secret
}
export const theft = capture<Theft>('theft', 'what the thief of the rehearsal took')

/** Copies the state root of the running source, as whoever has its backups or its disk could; and its tokens. */
export async function steal(context: StepContext): Promise<void> {
  const { run, tools, values, signal } = context
  const from = values.get(source)
  const adminToken = await tools.files.readSecret(from.adminTokenFile, 'stolen-admin-token')
  const readonlyToken = await tools.files.readSecret(from.readonlyTokenFile, 'stolen-readonly-token')
  for (const token of [adminToken, readonlyToken]) context.protect(token)
  await leaseOnSource(context)
  const copy = join(run.scratchDir, 'stolen')
  await tools.archives.copyTree({ sourceDir: from.stateRoot, into: copy, signal })
  context.set(theft, { copy, atMs: tools.clock.now().getTime(), adminToken, readonlyToken })
}

/** Has a run take a lease, so that there is one to be stolen. That the run fails for want of a provider is expected. */
async function leaseOnSource(context: StepContext): Promise<void> {
  const { values, target } = context
  const { binary, adminTokenFile } = values.get(source)
  const runner = values.get(runningAgain)
  const online = { runner, binary, baseUrl: runner.place.baseUrl, tokenFile: adminTokenFile }
  const session = 'before-the-theft'
  await askSource(context, online, ['sessions', 'create', session])
  const { routes } = target.runs.read.runtime(await askSource(context, online, ['runtime', 'get']))
  const { id: route, model } = routes[0]!
  const limits = ['--max-output-tokens', '64', '--tool-choice', 'none']
  const input = ['sessions', 'input', session, 'Take a lease.', '--provider', route, '--model', model, ...limits]
  const { id } = target.runs.read.run(await askSource(context, online, input))
  await context.runIn(
    runner,
    target.client({ binary, baseUrl: online.baseUrl, tokenFile: adminTokenFile }, [
      ...['runs', 'wait', id, '--poll-interval-ms', '50'],
    ]),
    { timeoutMs: RUN_MS },
  )
}

/** What opening a copy of a store gave. */
export interface Opened {
  readonly opens: boolean
  readonly slots: readonly SlotView[]
}

/**
 * Opens a copy of the slot store of a state root with a key, or without one. Opening it writes beside it, so it is always a copy.
 *
 * @param stateRoot - of which the store is copied
 */
export async function openStore(
  context: CheckContext,
  stateRoot: string,
  binary: string,
  masterKeyFile: string | undefined,
  place: string,
): Promise<Opened> {
  const { tools, target } = context
  const { slotStoreFile, brokerStateFile } = target.layout
  await tools.files.remove(place)
  for (const name of [slotStoreFile, brokerStateFile]) {
    if ((await tools.files.facts(join(stateRoot, name))) === undefined) continue
    await tools.files.makeDirectory(join(place, name, '..'))
    await tools.files.write(join(place, name), await tools.files.readBytes(join(stateRoot, name)))
  }
  try {
    const words = ['secrets', 'list', '--offline', '--state-root', place, '--output', 'json']
    const text = await offline(context, { binary, masterKeyFile }, words)
    return { opens: true, slots: target.read.slots(parseJson(text, 'secrets list --offline printed')) }
  } catch (thrown) {
    if (toRunproofError(thrown).code !== 'COMMAND_FAILED') throw thrown
    return { opens: false, slots: [] }
  } finally {
    await tools.files.remove(place)
  }
}

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
  const { run, tools, target, params, values, signal } = context
  const { stateRoot, scratchDir, binary, masterKeyFile } = values.get(deployment)
  const { layout } = target
  const write = (name: string, content: unknown) =>
    tools.files.write(join(run.artifactsDir, name), `${JSON.stringify(content, null, 2)}\n`)

  const tree = await tools.archives.describeTree(stateRoot, signal)
  context.set(stolenTree, tree)
  const entries = tree.entries.slice(0, MOST_LISTED)
  await write('state-root.json', { totals: tree.totals, entries })
  if (tree.entries.length > MOST_LISTED)
    run.notTested(
      `the list of files: ${tree.entries.length - MOST_LISTED} of ${tree.entries.length} are counted and not listed`,
    )

  const keyFile = join(stateRoot, layout.auditKeyFile)
  const keyThere = (await tools.files.facts(keyFile))?.type === 'file'
  const auditKeyId = keyThere ? keyIdOfAuditKey(await tools.files.readText(keyFile), layout.auditKeyFile) : null
  await write('audit-key.json', {
    publicKey: auditKeyId,
    file: layout.auditKeyFile,
    sha256: keyThere ? await tools.files.sha256(keyFile) : null,
    heads: (await readLedger(stateRoot, layout, tools.files)).map(headOf),
  })
  const seedTo = params['audit-key-copy']
  if (seedTo !== undefined && keyThere) {
    const seed = await tools.files.readBytes(keyFile)
    const there = (await tools.files.facts(seedTo)) !== undefined
    // A run that broke off had copied it already.
    if (there && !Buffer.from(await tools.files.readBytes(seedTo)).equals(seed))
      throw new RunproofError('NOT_EMPTY', `${seedTo} is there already, holds something else, and is not overwritten`, {
        hint: '--param audit-key-copy= names a new file',
      })
    if (!there) await tools.files.write(seedTo, seed)
    run.fact('auditKey.copiedTo', seedTo)
  }

  const { opens, slots } = await openStore(context, stateRoot, binary!, masterKeyFile, join(scratchDir, 'opened'))
  if (!opens)
    throw new RunproofError('COMMAND_FAILED', `the slot store of ${stateRoot} does not open with the master key`, {
      hint: 'is it the original key? without it nobody knows what was stolen',
    })
  const brokerFile = join(stateRoot, layout.brokerStateFile)
  const leases =
    (await tools.files.facts(brokerFile)) === undefined
      ? []
      : target.access.read.storedLeases(await tools.files.readJson(brokerFile))
  await write('stolen-slots.json', { slots, leases })
  if (leases.length === 0) run.notTested('that stolen leases are dead: the state root held none')
  if (leases.length > MOST_LEASES)
    run.notTested(`stolen leases: ${leases.length} there are, ${MOST_LEASES} are asked for`)
  context.set(preserved, {
    stateRoot,
    files: tree.totals.files,
    bytes: tree.totals.sizeBytes,
    auditKeyId,
    slots,
    leases,
  })
  run.fact('stolen.files', tree.totals.files)
  run.fact('stolen.slots', slots.length)
  run.fact('stolen.leases', leases.length)
  if (auditKeyId !== null) run.fact('auditKey.public', auditKeyId)
}

/** Where the daemon's program and its key are. */
export function siteOf({ values }: CheckContext): { readonly binary: string; readonly masterKeyFile: string } {
  const { binary, masterKeyFile } = values.get(site)
  return { binary, masterKeyFile }
}
