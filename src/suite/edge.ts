import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Reached } from '../daemon/subjects.ts'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { Companion, Inside } from '../model/instance.ts'
import type { AskOptions, NginxMessage, NginxSource, Prepared, Rewrite, ServerIdentity } from '../model/nginx.ts'
import { placeOf } from '../nginx/invalid.ts'
import { sayMessage } from '../nginx/messages.ts'

const TEST_WITHIN_MS = 10_000
const LISTENS_WITHIN_MS = 10_000
const LOOPBACK = '127.0.0.1'

export interface EdgeOptions {
  /** Where requests go that the configuration passes on. Default: to the daemon. */
  readonly port?: number
  readonly identity?: ServerIdentity
  /** What it is asked as. Default: the first name of its servers, else `localhost`. */
  readonly host?: string
  /** Where it is asked, of the addresses of the configuration. Default: the first one that speaks TLS, else the first. */
  readonly front?: string
}

/** A daemon as it is reached through a real nginx beside it. Disposing of it ends the nginx and leaves the daemon. */
export interface Edge extends Reached, AsyncDisposable {
  readonly rewrites: readonly Rewrite[]
  /** PEM, the only certificates that are trusted; as a file inside, too. */
  readonly roots: readonly string[]
  readonly caFile: string
  /** Asks at one of the addresses of the configuration. */
  through(address: string, options?: AskOptions): ReturnType<Inside['through']>
  log(): Promise<readonly NginxMessage[]>
}

/** Whether there is an nginx that can run beside a daemon. */
export async function canStartEdge({ tools }: Pick<CheckContext, 'tools'>): Promise<boolean> {
  const found = await tools.nginx.find()
  return !('missing' in found) && found.from === 'machine'
}

/** The tunnels that an instance needs for an edge of this configuration, or of another with the same addresses. */
export function edgeTunnels({ listens }: NginxSource): readonly string[] {
  return listens.map(({ address }) => address)
}

/**
 * Starts an nginx in front of a daemon, behind its barrier. Requests go to its front, and commands are pointed there by
 * `place.baseUrl`.
 *
 * @throws RunproofError BARRIER_UNAVAILABLE where it runs code of its own and there is no barrier, TOOL_MISSING, CONFIG_INVALID when nginx refuses it, INSTANCE_FAILED, INTERRUPTED
 */
export async function startEdge(
  { tools, signal }: CheckContext,
  inside: Inside,
  source: NginxSource,
  options: EdgeOptions = {},
): Promise<Edge> {
  const { place, barrier } = inside
  if (barrier.kind === 'none' && source.code.length > 0) {
    const what = `${placeOf(source.code[0]!)} runs code, and there is no barrier to run it behind`
    throw new RunproofError('BARRIER_UNAVAILABLE', `${what}: ${barrier.reason}`)
  }
  const front =
    source.listens.find(({ address }) => address === options.front) ??
    source.listens.find(({ tls }) => tls) ??
    source.listens[0]
  if (front === undefined) throw new RunproofError('CONFIG_INVALID', `${source.file} listens nowhere`)
  const missing = edgeTunnels(source).find(address => place.tunnels[address] === undefined)
  if (missing !== undefined) throw new RunproofError('INTERNAL', `no tunnel leads to ${missing} of ${source.file}`)
  const upstream = `${LOOPBACK}:${options.port ?? place.port}`
  const directory = join(place.dir, `edge-${randomBytes(4).toString('hex')}`)
  const prepared = await tools.nginx.prepare(source, {
    directory,
    ports: place.tunnels,
    upstream: ({ scheme }) => (scheme === 'http' ? upstream : undefined),
    oneProcess: barrier.kind === 'none',
    ...(options.identity === undefined ? {} : { identity: options.identity }),
  })
  const [outcome, messages] = prepared.verdict(await inside.run(prepared.test, { timeoutMs: TEST_WITHIN_MS, signal }))
  if (outcome === 'refused') {
    throw new RunproofError('CONFIG_INVALID', `nginx refuses ${source.file}: ${messages.map(sayMessage).join('; ')}`)
  }
  const companion = inside.accompany(prepared.run)
  try {
    for (const address of edgeTunnels(source)) await listening(inside, companion, place.tunnels[address]!, signal)
  } catch (error) {
    await companion[Symbol.asyncDispose]()
    throw error
  }
  const { roots, caFile } = prepared
  const named = options.host ?? source.names.find(name => !name.startsWith('*')) ?? 'localhost'
  const through: Edge['through'] = (address, { host = named, http2 = false } = {}) => {
    const listens = source.listens.find(one => one.address === address)
    return listens?.tls === true ? inside.through(address, { host, roots, http2 }) : inside.through(address)
  }
  const asked = through(front.address)
  const host = front.tls ? {} : { host: named }
  return {
    place: { ...place, baseUrl: `${front.tls ? 'https' : 'http'}://${LOOPBACK}:${place.tunnels[front.address]}` },
    rewrites: prepared.rewrites,
    roots,
    caFile,
    request: (path, how = {}) => asked.request(path, { ...how, headers: { ...host, ...how.headers } }),
    openStream: (path, how = {}) => asked.openStream(path, { ...how, headers: { ...host, ...how.headers } }),
    run: (command, how) => inside.run({ ...command, env: { ...command.env, SSL_CERT_FILE: caFile } }, how),
    through,
    log: () => readLog(prepared, tools.files),
    [Symbol.asyncDispose]: () => companion[Symbol.asyncDispose](),
  }
}

async function listening(inside: Inside, companion: Companion, port: number, signal: AbortSignal): Promise<void> {
  let ended = false
  companion.ended.then(() => {
    ended = true
  })
  const deadline = performance.now() + LISTENS_WITHIN_MS
  while ((await inside.egressProbe({ host: LOOPBACK, port })).outcome !== 'connected') {
    if (signal.aborted) throw new RunproofError('INTERRUPTED', 'the start of nginx was interrupted')
    if (ended) throw new RunproofError('INSTANCE_FAILED', 'the nginx beside the daemon ended by itself')
    if (performance.now() > deadline) {
      throw new RunproofError('INSTANCE_FAILED', `the nginx beside the daemon does not listen at port ${port}`)
    }
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

async function readLog({ errorLog, messages }: Prepared, files: CheckContext['tools']['files']) {
  return (await files.facts(errorLog)) === undefined ? [] : messages(await files.readText(errorLog))
}
