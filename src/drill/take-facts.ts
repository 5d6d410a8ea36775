import { join } from 'node:path'
import { keyIdOfAuditKey } from '../ledger/audit-key.ts'
import { readLedger } from '../ledger/read.ts'
import { headOf } from '../ledger/verify.ts'
import type { CheckContext, Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import { parseJson } from '../model/json-answer.ts'
import type { CommandRunner } from '../model/run-command.ts'
import type { Secret } from '../model/secret.ts'
import type { RunView } from '../model/target.ts'
import { type Artefact, type Facts, MARKER_SLOT } from './facts.ts'

/** How a running source is asked. */
export interface OnlineSource {
  readonly runner: CommandRunner
  readonly binary: string
  readonly baseUrl: string
  readonly tokenFile: string
}

export interface FactsInput {
  readonly stateRoot: string
  readonly workspaceRoot: string | undefined
  readonly sentinel: string | undefined
  readonly artefacts: readonly Artefact[]
  readonly online: OnlineSource | undefined
}

/**
 * Asks a source what is true of it: through its own client where it runs, else only from the files of its state root,
 * which are never written to. What files do not tell stays empty, and `online` says so.
 */
export async function takeFacts(context: CheckContext, input: FactsInput): Promise<Facts> {
  const { tools, target } = context
  const digestOf = (kind: Artefact['kind']) => input.artefacts.find(one => one.kind === kind)?.sha256 ?? null
  const online = input.online === undefined ? undefined : await askAll(context, input.online)
  const marker = online?.slots.find(slot => slot.id === MARKER_SLOT)
  const facts: Facts = {
    schema: 'runproof-facts-1',
    takenAt: tools.clock.now().toISOString(),
    target: target.id,
    online: online !== undefined,
    slots: [...(online?.slots ?? [])],
    sessions: [...(online?.sessions ?? [])].sort(),
    runs: terminal(online?.runs ?? []),
    auditKeyId: null,
    ledgerHeads: [],
    warnings: online?.warnings ?? [],
    newestEventAtMs: newest([...(online?.slots ?? []), ...(online?.runs ?? [])].map(one => one.updatedAtMs)),
    marker: marker === undefined ? null : { slot: marker.id, updatedAtMs: marker.updatedAtMs },
    sentinel: null,
    binarySha256: digestOf('binary'),
    routesSha256: digestOf('routes-file'),
    artefacts: input.artefacts,
    archives: {},
  }
  return settleFacts(context, facts, input)
}

/**
 * The same facts with what the files say by now. A source that was asked while it ran may have gone on until it stopped;
 * its files, once nothing writes to them, are what the archive holds.
 */
export async function settleFacts(
  context: CheckContext,
  facts: Facts,
  input: Pick<FactsInput, 'stateRoot' | 'workspaceRoot' | 'sentinel'>,
): Promise<Facts> {
  const { tools, target } = context
  const buckets = await readLedger(input.stateRoot, target.layout, tools.files)
  const stored = await storedRuns(context, input.stateRoot)
  const runs = new Map([...facts.runs, ...terminal(stored)].map(run => [run.id, run]))
  return {
    ...facts,
    runs: [...runs.values()],
    auditKeyId: await auditKeyId(context, input.stateRoot),
    ledgerHeads: buckets.map(headOf),
    newestEventAtMs: newest([
      ...(facts.newestEventAtMs === null ? [] : [facts.newestEventAtMs]),
      ...stored.map(run => run.updatedAtMs),
      ...buckets.flatMap(bucket => bucket.records.map(record => record.timestamp_ms)),
    ]),
    sentinel: await sentinelOf(context, input),
  }
}

async function askAll(context: CheckContext, online: OnlineSource) {
  const { read } = context.target
  return {
    slots: read.slots(await askSource(context, online, ['secrets', 'list'])),
    sessions: read.sessions(await askSource(context, online, ['sessions', 'list'])),
    runs: read.runs(await askSource(context, online, ['runs', 'list'])),
    warnings: read.status(await askSource(context, online, ['status'])).warnings.map(warning => warning.code),
  }
}

/** Runs as the daemon keeps them: one file a run, with the view that it answers with. */
async function storedRuns({ tools, target }: CheckContext, stateRoot: string): Promise<readonly RunView[]> {
  const directory = join(stateRoot, target.layout.runsDir)
  const names = (await tools.files.list(directory)).filter(name => name.endsWith('.json'))
  const documents = await Promise.all(names.map(name => tools.files.readJson(join(directory, name))))
  return target.read.runs(documents.map(document => (document as { view?: Json }).view ?? null))
}

function terminal(runs: readonly RunView[]): Facts['runs'] {
  return runs.filter(run => run.terminal).map(({ id, status, updatedAtMs }) => ({ id, status, updatedAtMs }))
}

function newest(instants: readonly number[]): number | null {
  return instants.length === 0 ? null : instants.reduce((latest, one) => Math.max(latest, one))
}

/** What one client command of a running source printed. @throws RunproofError COMMAND_FAILED, ANSWER_MALFORMED */
export async function askSource(
  context: CheckContext,
  online: OnlineSource,
  words: readonly string[],
  stdin?: Secret,
): Promise<Json> {
  const command = context.target.client(
    { binary: online.binary, baseUrl: online.baseUrl, tokenFile: online.tokenFile },
    words,
  )
  const given = stdin === undefined ? command : { ...command, stdin }
  const result = await context.runIn(online.runner, given, { timeoutMs: 30_000, maxOutputBytes: 64 * 1024 * 1024 })
  if (result.exitCode !== 0) {
    throw new RunproofError(
      'COMMAND_FAILED',
      `${words.join(' ')} on the source ended with exit ${result.exitCode ?? result.signal}`,
      {
        hint: 'the source must run and the token must be an admin token',
      },
    )
  }
  return parseJson(result.stdout, `${words.join(' ')} on the source printed`)
}

async function auditKeyId({ tools, target }: CheckContext, stateRoot: string): Promise<string | null> {
  const path = join(stateRoot, target.layout.auditKeyFile)
  if ((await tools.files.facts(path)) === undefined) return null
  return keyIdOfAuditKey(await tools.files.readText(path), target.layout.auditKeyFile)
}

async function sentinelOf(
  { tools }: CheckContext,
  { workspaceRoot, sentinel }: Pick<FactsInput, 'workspaceRoot' | 'sentinel'>,
): Promise<Facts['sentinel']> {
  if (workspaceRoot === undefined || sentinel === undefined) return null
  return { path: sentinel, sha256: await tools.files.sha256(join(workspaceRoot, sentinel)) }
}

/** The marker secret's new value; only its time of change matters. */
export function markerCommand(context: CheckContext, online: OnlineSource, value: Secret) {
  const words = ['secrets', 'set', MARKER_SLOT, '--provider', 'generic', '--stdin']
  return {
    ...context.target.client({ binary: online.binary, baseUrl: online.baseUrl, tokenFile: online.tokenFile }, words),
    stdin: value,
  }
}

/** One session more than any older archive has; only where sessions may be made, since they cannot be removed. */
export function newSession(context: CheckContext, online: OnlineSource) {
  return context.target.client({ binary: online.binary, baseUrl: online.baseUrl, tokenFile: online.tokenFile }, [
    'sessions',
    'create',
  ])
}
