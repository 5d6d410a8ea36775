import { join } from 'node:path'
import { keyIdOfAuditKey } from '../ledger/audit-key.ts'
import { readLedger } from '../ledger/read.ts'
import { headOf } from '../ledger/verify.ts'
import type { CheckContext, Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { CommandRunner } from '../model/run-command.ts'
import type { Secret } from '../model/secret.ts'
import { type Facts, MARKER_SLOT } from './facts.ts'

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
  readonly binary: string | undefined
  readonly routesFile: string | undefined
  readonly online: OnlineSource | undefined
}

/**
 * Asks a source what is true of it: through its own client where it runs, else only from the files of its state root,
 * which are never written to.
 */
export async function takeFacts(context: CheckContext, input: FactsInput): Promise<Facts> {
  const { tools, target } = context
  const ask =
    input.online === undefined ? undefined : (words: readonly string[]) => askSource(context, input.online!, words)
  const slots = ask === undefined ? [] : target.read.slots(await ask(['secrets', 'list']))
  const sessions = ask === undefined ? [] : target.read.sessions(await ask(['sessions', 'list']))
  const runs = ask === undefined ? [] : target.read.runs(await ask(['runs', 'list']))
  const warnings =
    ask === undefined ? [] : target.read.status(await ask(['status'])).warnings.map(warning => warning.code)
  const buckets = await readLedger(input.stateRoot, target.layout, tools.files)
  const marker = slots.find(slot => slot.id === MARKER_SLOT)
  const instants = [
    ...slots.map(slot => slot.updatedAtMs),
    ...runs.map(run => run.updatedAtMs),
    ...buckets.flatMap(bucket => bucket.records.map(record => record.timestamp_ms)),
  ]

  return {
    schema: 'runproof-facts-1',
    takenAt: tools.clock.now().toISOString(),
    target: target.id,
    online: ask !== undefined,
    slots: [...slots],
    sessions: [...sessions].sort(),
    runs: runs.filter(run => run.terminal).map(({ id, status, updatedAtMs }) => ({ id, status, updatedAtMs })),
    auditKeyId: await auditKeyId(context, input.stateRoot),
    ledgerHeads: buckets.map(headOf),
    warnings,
    newestEventAtMs: instants.length === 0 ? null : Math.max(...instants),
    marker: marker === undefined ? null : { slot: marker.id, updatedAtMs: marker.updatedAtMs },
    sentinel: await sentinelOf(context, input),
    binarySha256:
      input.binary === undefined ? null : await tools.files.sha256(await tools.files.realPath(input.binary)),
    routesSha256: input.routesFile === undefined ? null : await tools.files.sha256(input.routesFile),
    archives: {},
  }
}

async function askSource(context: CheckContext, online: OnlineSource, words: readonly string[]): Promise<Json> {
  const command = context.target.client(
    { binary: online.binary, baseUrl: online.baseUrl, tokenFile: online.tokenFile },
    words,
  )
  const result = await context.runIn(online.runner, command, { timeoutMs: 30_000, maxOutputBytes: 64 * 1024 * 1024 })
  if (result.exitCode !== 0) {
    throw new RunproofError(
      'COMMAND_FAILED',
      `${words.join(' ')} on the source ended with exit ${result.exitCode ?? result.signal}`,
      {
        hint: 'the source must run and the token must be an admin token',
      },
    )
  }
  try {
    return JSON.parse(result.stdout) as Json
  } catch (cause) {
    throw new RunproofError('ANSWER_MALFORMED', `${words.join(' ')} on the source printed no JSON`, { cause })
  }
}

async function auditKeyId({ tools, target }: CheckContext, stateRoot: string): Promise<string | null> {
  const path = join(stateRoot, target.layout.auditKeyFile)
  if ((await tools.files.facts(path)) === undefined) return null
  return keyIdOfAuditKey(await tools.files.readText(path), target.layout.auditKeyFile)
}

async function sentinelOf(
  { tools }: CheckContext,
  { workspaceRoot, sentinel }: FactsInput,
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
