import { join } from 'node:path'
import { client } from '../../daemon/client.ts'
import { ROUTE_SLOT } from '../../daemon/make-site.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { daemon } from '../../daemon/subjects.ts'
import { capture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { PersistenceKind, Planting } from '../../model/persistence-api.ts'
import type { StepContext } from '../../model/runbook.ts'
import { ask } from '../../suite/ask.ts'
import { enrol, PATIENT } from '../../suite/capture-agents.ts'
import { openSession } from '../../suite/probe-run.ts'
import { writeBaseline } from './baseline.ts'
import { readThings } from './things.ts'

/** Names that nobody would look at twice. */
const NAME = 'ops-metrics'
const SESSION = 'nightly-report'
const MACHINE = 'build-host-7'

/** What the intruder of a rehearsal left behind. */
export interface Planted {
  readonly kind: PersistenceKind
  /** What it is listed as; undefined where the daemon chooses. */
  readonly id: string | undefined
}

/** What a rehearsal has to be told of before it is contained. */
export interface Attack {
  readonly planted: readonly Planted[]
  /** Where what lasted before it lies, signed. */
  readonly baselineDir: string
  /** When it began, by the daemon’s clock, which is this machine’s. */
  readonly sinceMs: number
}
export const attack = capture<Attack>('attack', 'what an intruder with the leaked token left behind')

/** Takes down what lasts, signed, as if on a day before, and then leaves one of everything behind. */
export async function attackDaemon(context: StepContext): Promise<void> {
  const { run, tools } = context
  const baselineDir = join(run.scratchDir, 'the-day-before')
  await tools.files.makeDirectory(baselineDir)
  const before = await readThings(context)
  await writeBaseline(context, baselineDir, before)
  // What was there is older than the incident, also where all of it happens within one millisecond.
  const newestMs = Math.max(before.takenAtMs, ...before.things.map(({ changedAtMs }) => changedAtMs ?? 0))
  const sinceMs = newestMs + 1
  while (tools.clock.now().getTime() < sinceMs) await new Promise(resolve => setTimeout(resolve, 1))
  context.set(attack, { planted: await plantEverything(context), baselineDir, sinceMs })
}

/** @throws RunproofError COMMAND_FAILED when the daemon refuses one: nothing would be swept for then */
async function plantEverything(context: CheckContext): Promise<readonly Planted[]> {
  const { plant } = context.target.persistence
  await make(context, plant.connector(NAME))
  await make(context, plant.hook(NAME))
  await make(context, plant.permission())
  await openSession(context, SESSION)
  await make(context, plant.schedule(NAME, SESSION))
  await enrol(context, MACHINE, PATIENT)
  await overwriteSlot(context)
  return [
    { kind: 'connector', id: `external/${NAME}` },
    { kind: 'hook', id: undefined },
    { kind: 'settings', id: undefined },
    { kind: 'revision', id: undefined },
    { kind: 'schedule', id: undefined },
    { kind: 'capture-agent', id: MACHINE },
    { kind: 'slot', id: ROUTE_SLOT },
  ]
}

async function overwriteSlot(context: CheckContext): Promise<void> {
  const value = randomSecret('key-of-the-intruder')
  context.protect(value)
  const words = ['secrets', 'set', ROUTE_SLOT, '--provider', 'openai', '--stdin']
  const { exitCode } = await client(context, words, document => document, { stdin: value })
  if (exitCode !== 0)
    throw new RunproofError('COMMAND_FAILED', `secrets set ended with exit ${exitCode}: the slot was not overwritten`)
}

async function make(context: CheckContext, { method, path, body }: Planting): Promise<void> {
  const { adminToken } = context.values.get(daemon)
  const { status } = await ask(context, path, { method, body, bearer: adminToken! })
  if (status < 200 || status > 299)
    throw new RunproofError('COMMAND_FAILED', `${method} ${path} answered ${status}: nothing was left behind there`)
}
