import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RunproofError } from '../../model/error.ts'
import type { Barrier, BarrierKind, Inside, Instance, InstancePort, StopReport } from '../../model/instance.ts'
import type {
  NginxMessage,
  NginxSource,
  NginxVerdict,
  Prepared,
  RunningNginx,
  StartOptions,
} from '../../model/nginx.ts'
import { placeOf } from '../../nginx/invalid.ts'
import { sayMessage } from '../../nginx/messages.ts'
import { isNamed } from '../../nginx/relocate/destination.ts'
import { choosePort, PORT_IN_NAMESPACE } from '../isolation/free-port.ts'
import { writePrefix } from './prefix.ts'
import type { MachineNginx } from './program.ts'

const POLL_MS = 5
export const LIMITS = {
  testMs: 10_000,
  listensMs: 10_000,
  /** Where the network is shared, a port may be taken between its choice and its use. */
  portsToTry: 3,
}

/** What running needs of the world besides nginx. */
export interface Ground {
  readonly instances: InstancePort
  /** Told of directories that `gc` removes where this process could not. */
  readonly addDir?: (path: string) => void
  readonly limits?: Partial<typeof LIMITS>
}

/** `nginx -t` of a copy, in an instance without a daemon. */
export async function testCopy(
  ground: Ground,
  program: MachineNginx,
  source: NginxSource,
  { scratch, signal }: { readonly scratch?: string; readonly signal?: AbortSignal } = {},
): Promise<NginxVerdict> {
  const { testMs } = { ...LIMITS, ...ground.limits }
  const barrier = await ground.instances.detectBarrier()
  const exposed = exposedCode(source, barrier)
  if (exposed !== undefined) return { outcome: 'missing', reason: exposed }
  await using place = await privateDirectory(ground, scratch)
  await using instance = await ground.instances.start({
    scratch: place.path,
    ...(barrier.kind === 'none' ? { barrier: 'none' } : {}),
    ...(signal === undefined ? {} : { signal }),
  })
  const prepared = await writePrefix(program, source, {
    directory: directoryIn(instance),
    // Nothing is bound for good and nothing connects: only what would be looked up has to go.
    ports: await portsFor(source, barrier.kind === 'none'),
    upstream: ({ address }) => (isNamed(address) ? undefined : address),
  })
  const result = await instance.run(prepared.test, { timeoutMs: testMs, ...(signal ? { signal } : {}) })
  if (result.timedOut) {
    throw new RunproofError('TIMEOUT', `nginx -t of ${source.file} did not end within ${testMs} ms`)
  }
  if (result.exitCode === null) {
    throw new RunproofError('COMMAND_FAILED', `nginx -t of ${source.file} was ended by ${result.signal}`)
  }
  const [outcome, messages] = prepared.verdict(result)
  const { rewrites } = prepared
  return { outcome, messages, rewrites, program, barrier: barrier.kind, durationMs: result.durationMs }
}

/** Why a configuration may not be run: what it does is known of directives, and not of programs in it. */
function exposedCode({ code }: NginxSource, barrier: Barrier): string | undefined {
  const [first] = code
  if (barrier.kind !== 'none' || first === undefined) return undefined
  return `${placeOf(first)} runs code even while it is tested, and there is no barrier to run it behind: ${barrier.reason}`
}

/** Runs a copy as the daemon of an instance, and returns once all its addresses are listened at. */
export async function startCopy(
  ground: Ground,
  program: MachineNginx,
  source: NginxSource,
  options: StartOptions = {},
): Promise<RunningNginx> {
  const began = performance.now()
  if (source.listens.length === 0) throw new RunproofError('CONFIG_INVALID', `${source.file} listens nowhere`)
  const { listensMs, portsToTry } = { ...LIMITS, ...ground.limits }
  const barrier = await ground.instances.detectBarrier()
  const exposed = exposedCode(source, barrier)
  if (exposed !== undefined) throw new RunproofError('BARRIER_UNAVAILABLE', exposed)
  await using scope = new AsyncDisposableStack()
  const place = scope.use(await privateDirectory(ground, options.scratch))
  for (let attempt = 1; ; attempt += 1) {
    const { instance, prepared } = await startInstance(ground, program, source, options, place.path, barrier.kind)
    await using attempted = new AsyncDisposableStack()
    attempted.use(instance)
    const outcome = await listening(instance, prepared, source, listensMs, options.signal)
    if (outcome === 'listening') {
      scope.use(attempted.move())
      return runningOf(instance, prepared, source, scope.move(), performance.now() - began)
    }
    const said = [...prepared.messages((await instance.log()).stderr), ...readLog(prepared)]
    const worst = said.find(({ level }) => level === 'emerg') ?? said.at(-1)
    const why = worst === undefined ? 'it said nothing' : sayMessage(worst)
    if (outcome === 'not listening') {
      throw new RunproofError('INSTANCE_FAILED', `nginx does not listen within ${listensMs} ms: ${why}`)
    }
    const taken = said.some(saysPortTaken)
    if (!taken) throw new RunproofError('CONFIG_INVALID', `nginx does not start with ${source.file}: ${why}`)
    if (attempt === portsToTry) {
      throw new RunproofError('PORT_TAKEN', `${portsToTry} times a port was taken before nginx bound it: ${why}`)
    }
  }
}

async function startInstance(
  { instances }: Ground,
  program: MachineNginx,
  source: NginxSource,
  { network = 'isolated', upstream, identity, readable, signal }: StartOptions,
  scratch: string,
  barrier: BarrierKind,
): Promise<{ instance: Instance; prepared: Prepared }> {
  let prepared: Prepared | undefined
  const instance = await instances.start({
    scratch,
    network,
    // Given, so that an end for want of a port is an end; nothing listens there.
    port: PORT_IN_NAMESPACE,
    tunnels: source.listens.map(({ address }) => address),
    ...(barrier === 'none' ? { barrier } : {}),
    ...(readable === undefined ? {} : { readable }),
    ...(signal === undefined ? {} : { signal }),
    beforeStart: async inside => {
      prepared = await writePrefix(program, source, {
        directory: directoryIn(inside),
        ports: inside.place.tunnels,
        oneProcess: barrier === 'none',
        ...(upstream === undefined ? {} : { upstream }),
        ...(identity === undefined ? {} : { identity }),
      })
    },
    daemon: () => prepared!.run,
  })
  return { instance, prepared: prepared! }
}

async function listening(
  instance: Instance,
  prepared: Prepared,
  source: NginxSource,
  withinMs: number,
  signal: AbortSignal | undefined,
): Promise<'listening' | 'not listening' | 'exited'> {
  const deadline = performance.now() + withinMs
  const wanted = source.listens.map(({ address }) => instance.place.tunnels[address]!)
  let exited = false
  const ended = instance.exited.then(() => {
    exited = true
  })
  while (performance.now() < deadline) {
    // Only its own sockets count: another program may listen where the network is shared.
    if (signal?.aborted)
      throw new RunproofError('INTERRUPTED', `the start of nginx with ${source.file} was interrupted`)
    const { listeners } = await instance.facts()
    const own = new Set(listeners.filter(({ pid }) => pid !== null).map(({ port }) => port))
    // It tries a port that is taken for two seconds and a half before it ends.
    if (exited || readLog(prepared).some(saysPortTaken)) return 'exited'
    if (wanted.every(port => own.has(port))) return 'listening'
    await Promise.race([ended, new Promise(resolve => setTimeout(resolve, POLL_MS))])
  }
  return 'not listening'
}

function runningOf(
  instance: Instance,
  prepared: Prepared,
  source: NginxSource,
  scope: AsyncDisposableStack,
  startMs: number,
): RunningNginx {
  const { program, rewrites, roots } = prepared
  let stopped: Promise<StopReport> | undefined
  const stop = () => {
    stopped ??= instance.stop().finally(() => scope.disposeAsync())
    return stopped
  }
  return {
    program,
    rewrites,
    roots,
    startMs,
    pid: instance.pid,
    ports: instance.place.tunnels,
    exited: instance.exited,
    through(address, { host = 'localhost', http2 = false } = {}) {
      const listening = source.listens.find(one => one.address === address)
      if (listening === undefined) throw new RunproofError('INTERNAL', `${source.file} does not listen at ${address}`)
      return listening.tls ? instance.through(address, { host, roots, http2 }) : instance.through(address)
    },
    log: async () => [...prepared.messages((await instance.log()).stderr), ...readLog(prepared)],
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  }
}

function saysPortTaken({ text }: NginxMessage): boolean {
  return /^bind\(\) to .* failed \(98:/.test(text)
}

export function readLog({ errorLog, messages }: Prepared): readonly NginxMessage[] {
  return existsSync(errorLog) ? messages(readFileSync(errorLog, 'utf8')) : []
}

function directoryIn({ place }: Pick<Inside, 'place'>): string {
  return join(place.dir, 'nginx')
}

async function portsFor(source: NginxSource, shared: boolean): Promise<Record<string, number>> {
  const ports: Record<string, number> = {}
  for (const [index, { address }] of source.listens.entries()) {
    ports[address] = shared ? await choosePort() : PORT_IN_NAMESPACE + index
  }
  return ports
}

interface PrivateDirectory extends AsyncDisposable {
  readonly path: string
}

/** One that is given stays, and what is made in it goes with its owner. */
export async function privateDirectory({ addDir }: Ground, given: string | undefined): Promise<PrivateDirectory> {
  const path = await mkdtemp(join(given ?? tmpdir(), 'runproof-nginx-'))
  if (given === undefined) addDir?.(path)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
