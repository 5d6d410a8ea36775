import { chownSync, existsSync, readdirSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { RunproofError } from '../../model/error.ts'
import type { Exit, StopReport } from '../../model/instance.ts'
import type {
  NginxMissing,
  NginxSource,
  NginxVerdict,
  Prepared,
  RunningNginx,
  StartOptions,
} from '../../model/nginx.ts'
import { sayMessage } from '../../nginx/messages.ts'
import { isNamed } from '../../nginx/relocate/destination.ts'
import { createHttpClient } from '../http/client.ts'
import { awaitGone, identify } from '../process/identity.ts'
import { type Container, createContainer, type Engine, findEngine, outputOf, removed, runToEnd } from './engine.ts'
import { writePrefix } from './prefix.ts'
import { type MachineNginx, readVersion } from './program.ts'
import { type Ground, LIMITS, privateDirectory, readLog } from './run.ts'

const ASK_WITHIN_MS = 30_000
const GRACE_S = 5
const POLL_MS = 5
/** Root outside is nobody inside; everyone else is the same inside. */
const NOBODY = 65_534

export interface ContainerNginx {
  readonly engine: Engine
  readonly program: MachineNginx
}

/** @param image - of the engine, with nginx in its path and the libraries it needs */
export async function findContainerNginx(image: string): Promise<ContainerNginx | NginxMissing> {
  const engine = await findEngine(image)
  if (typeof engine === 'string') return { missing: `this machine has no nginx, and ${engine}` }
  try {
    const said = await runToEnd(engine, { args: ['-V'], user: userInside() }, { timeoutMs: ASK_WITHIN_MS })
    const program = readVersion('nginx', said.stderr)
    // What lies in the image is not looked into.
    return 'missing' in program
      ? program
      : { engine, program: { ...program, from: 'container', module: () => undefined } }
  } catch (cause) {
    throw new RunproofError('COMMAND_FAILED', `nginx of the image ${image} cannot be run`, { cause })
  }
}

/** `nginx -t` of a copy, in a container of its own. */
export async function testInContainer(
  ground: Ground,
  { engine, program }: ContainerNginx,
  source: NginxSource,
  { scratch, signal }: { readonly scratch?: string; readonly signal?: AbortSignal } = {},
): Promise<NginxVerdict> {
  const { testMs } = { ...LIMITS, ...ground.limits }
  if (signal?.aborted) throw new RunproofError('INTERRUPTED', `nginx -t of ${source.file} was interrupted`)
  await using place = await privateDirectory(ground, scratch)
  const prepared = await prepareIn(place.path, program, source, {}, ({ address }) =>
    isNamed(address) ? undefined : address,
  )
  const running = { args: prepared.test.argv.slice(1), directory: place.path, user: userInside() }
  const result = await runToEnd(engine, running, { timeoutMs: testMs, ...(signal === undefined ? {} : { signal }) })
  if (signal?.aborted) throw new RunproofError('INTERRUPTED', `nginx -t of ${source.file} was interrupted`)
  if (result.timedOut) throw new RunproofError('TIMEOUT', `nginx -t of ${source.file} did not end within ${testMs} ms`)
  if (result.exitCode === null) {
    throw new RunproofError('COMMAND_FAILED', `nginx -t of ${source.file} was ended by ${result.signal}`)
  }
  const [outcome, messages] = prepared.verdict(result)
  const { rewrites } = prepared
  return { outcome, messages, rewrites, program, barrier: 'container', durationMs: result.durationMs }
}

/** Runs a copy in a container without a network; it is reached at sockets in its directory, and so is what it reaches. */
export async function startInContainer(
  ground: Ground,
  { engine, program }: ContainerNginx,
  source: NginxSource,
  options: StartOptions = {},
): Promise<RunningNginx> {
  const began = performance.now()
  if (source.listens.length === 0) throw new RunproofError('CONFIG_INVALID', `${source.file} listens nowhere`)
  const { listensMs } = { ...LIMITS, ...ground.limits }
  await using scope = new AsyncDisposableStack()
  const { path } = scope.use(await privateDirectory(ground, options.scratch))
  const bridges = scope.use(new Bridges(path))
  const sockets = Object.fromEntries(source.listens.map(({ address }, index) => [address, join(path, `s${index}`)]))
  const outside = options.network === 'shared' ? options.upstream : undefined
  const prepared = await prepareIn(path, program, source, { options, sockets }, destination => {
    const to = outside?.(destination)
    return to === undefined ? undefined : bridges.to(to)
  })
  await bridges.listen()
  const container = await createContainer(engine, {
    args: prepared.run.argv.slice(1),
    directory: path,
    user: userInside(),
  })
  scope.defer(() => removed(container))
  await container.start()
  const { State } = await container.inspect()
  const identity = identify(State.Pid)
  const exited = exitOf(container)
  const outcome = await listening(Object.values(sockets), exited, listensMs, options.signal)
  if (outcome !== 'listening') {
    const said = [...prepared.messages((await outputOf(container)).stderr), ...readLog(prepared)]
    const worst = said.find(({ level }) => level === 'emerg') ?? said.at(-1)
    const why = worst === undefined ? 'it said nothing' : sayMessage(worst)
    if (outcome === 'interrupted') throw new RunproofError('INTERRUPTED', 'the start of nginx was interrupted')
    if (outcome === 'exited')
      throw new RunproofError('CONFIG_INVALID', `nginx does not start with ${source.file}: ${why}`)
    throw new RunproofError('INSTANCE_FAILED', `nginx does not listen within ${listensMs} ms: ${why}`)
  }
  const held = scope.move()
  const startMs = performance.now() - began
  let stopped: Promise<StopReport> | undefined

  const stop = async (): Promise<StopReport> => {
    const from = performance.now()
    const endedBefore = !(await container.inspect()).State.Running
    if (!endedBefore) await container.stop({ t: GRACE_S })
    const exit = await exited
    await held.disposeAsync()
    const processes = identity === undefined ? [] : await awaitGone([identity], 1_000)
    const left = { processes, namespaces: [], mounts: [], sockets: [] }
    const durationMs = performance.now() - from
    return { ...exit, endedBefore, forced: exit.exitCode === 137, leftovers: [], left, durationMs }
  }
  return {
    program,
    rewrites: prepared.rewrites,
    roots: prepared.roots,
    ports: {},
    startMs,
    pid: State.Pid,
    exited,
    through(address, { host = 'localhost', http2 = false } = {}) {
      const listens = source.listens.find(one => one.address === address)
      if (listens === undefined) throw new RunproofError('INTERNAL', `${source.file} does not listen at ${address}`)
      const tls = { roots: prepared.roots, trust: { host, caFile: null }, http2 }
      const client = createHttpClient({
        baseUrl: `${listens.tls ? 'https' : 'http'}://${host}`,
        socketPath: sockets[address]!,
        ...(listens.tls ? tls : {}),
      })
      client.then(
        one => held.disposed || held.defer(() => one.close()),
        () => {},
      )
      return {
        request: async (path, how) => (await client).request(path, how),
        openStream: async (path, how) => (await client).openStream(path, how),
      }
    },
    log: async () => [...prepared.messages((await outputOf(container)).stderr), ...readLog(prepared)],
    stop: () => {
      stopped ??= stop()
      return stopped
    },
    async [Symbol.asyncDispose]() {
      stopped ??= stop()
      await stopped
    },
  }
}

async function prepareIn(
  directory: string,
  program: MachineNginx,
  source: NginxSource,
  { options = {}, sockets }: { readonly options?: StartOptions; readonly sockets?: Readonly<Record<string, string>> },
  upstream: NonNullable<StartOptions['upstream']>,
): Promise<Prepared> {
  const prepared = await writePrefix(
    program,
    source,
    {
      directory,
      ports: Object.fromEntries(source.listens.map(({ address }, index) => [address, 4_000 + index])),
      upstream,
      ...(options.identity === undefined ? {} : { identity: options.identity }),
    },
    { asRoot: false, ...(sockets === undefined ? {} : { sockets }) },
  )
  const { uid, gid } = userInside()
  if (process.geteuid?.() === 0) {
    for (const path of [directory, ...readdirSync(directory).map(name => join(directory, name))])
      chownSync(path, uid, gid)
  }
  return prepared
}

function userInside(): { readonly uid: number; readonly gid: number } {
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
  return uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid }
}

async function exitOf(container: Container): Promise<Exit> {
  const { StatusCode } = (await container.wait()) as { StatusCode: number }
  return { exitCode: StatusCode, signal: null }
}

async function listening(
  sockets: readonly string[],
  exited: Promise<unknown>,
  withinMs: number,
  signal: AbortSignal | undefined,
): Promise<'listening' | 'exited' | 'interrupted' | 'not listening'> {
  const deadline = performance.now() + withinMs
  let over = false
  const end = exited.then(() => {
    over = true
  })
  while (performance.now() < deadline) {
    if (signal?.aborted) return 'interrupted'
    const there = sockets.every(path => existsSync(path)) && (await Promise.all(sockets.map(accepts))).every(Boolean)
    if (there) return 'listening'
    if (over) return 'exited'
    await Promise.race([end, new Promise(resolve => setTimeout(resolve, POLL_MS))])
  }
  return 'not listening'
}

function accepts(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** Sockets in a directory, each of which leads to an address of this machine. */
class Bridges implements AsyncDisposable {
  readonly #directory: string
  readonly #servers = new Map<string, Server>()
  readonly #open = new Set<Socket>()

  constructor(directory: string) {
    this.#directory = directory
  }

  to(address: string): string {
    const known = [...this.#servers.keys()].indexOf(address)
    if (known !== -1) return this.#path(known)
    const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? []
    const server = createServer(inner => {
      const outer = connect({ host: host ?? '', port: Number(port) })
      for (const socket of [inner, outer]) {
        this.#open.add(socket)
        socket.once('close', () => {
          this.#open.delete(socket)
          inner.destroy()
          outer.destroy()
        })
        socket.on('error', () => {})
      }
      inner.pipe(outer).pipe(inner)
    })
    this.#servers.set(address, server)
    return this.#path(this.#servers.size - 1)
  }

  #path(index: number): string {
    return `unix:${join(this.#directory, `u${index}`)}`
  }

  async listen(): Promise<void> {
    for (const [index, server] of [...this.#servers.values()].entries()) {
      const path = this.#path(index).slice('unix:'.length)
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
      // Of another user inside; the directory is private.
      await chmod(path, 0o666)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    for (const server of this.#servers.values()) {
      if (server.listening) await new Promise<void>(resolve => server.close(() => resolve()))
    }
  }
}
