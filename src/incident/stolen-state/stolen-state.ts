import { join } from 'node:path'
import { offline } from '../../daemon/offline.ts'
import { runningAgain, site, source } from '../../drill/subjects.ts'
import { askSource } from '../../drill/take-facts.ts'
import { capture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { toRunproofError } from '../../model/error.ts'
import { parseJson } from '../../model/json-answer.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import type { SlotView } from '../../model/target.ts'

/** A run takes a lease before it asks its provider, which it cannot reach here. */
const RUN_MS = 20_000
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

/** Where the daemon's program and its key are. */
export function siteOf({ values }: CheckContext): { readonly binary: string; readonly masterKeyFile: string } {
  const { binary, masterKeyFile } = values.get(site)
  return { binary, masterKeyFile }
}
