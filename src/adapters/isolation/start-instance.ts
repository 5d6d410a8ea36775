import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from '../../model/command.ts'
import { RunproofError } from '../../model/error.ts'
import type { HttpClient, TargetHttp } from '../../model/http.ts'
import type {
  Barrier,
  Companion,
  Exit,
  Instance,
  InstanceProcess,
  InstanceSpec,
  InstanceState,
  Place,
  ProbeResult,
  ProcessIdentity,
  StopReport,
  ThroughTls,
} from '../../model/instance.ts'
import { findProgram, SYSTEM_PATH } from '../find-program.ts'
import { createHttpClient } from '../http/client.ts'
import { descendants, identify, signalProcess } from '../process/identity.ts'
import { MARKER } from '../process/marked.ts'
import { listeningSocketPaths } from '../process/sockets.ts'
import { createCommandRunner, revealAll } from '../run-command.ts'
import { detectBarrier } from './barrier.ts'
import { checkSpec } from './check-spec.ts'
import { gatherFacts, listenersOf, PortLook } from './facts.ts'
import { choosePort, PORT_IN_NAMESPACE, saysPortTaken, TUNNELS_IN_NAMESPACE } from './free-port.ts'
import { listenInside } from './inner-listener.ts'
import { type Layout, makeLayout, type SocketPlaces, socketPlaces } from './layout.ts'
import { listMembers, type Membership } from './members.ts'
import { enterArgv, unprivilegedArgv } from './privileges.ts'
import { settlesWithin } from './settles-within.ts'
import { openThroughTls, type ThroughTlsClient } from './through-tls.ts'
import { type Subject, waitReady } from './wait-ready.ts'
import { startWarden, type WardenLink } from './warden-link.ts'
import type { Seclusion } from './warden-protocol.ts'
import { type HeldNamespaces, holdNamespaces, namespacesLeft, whatIsLeft } from './what-is-left.ts'

const DEFAULT_LOG_BYTES = 4 * 1024 * 1024
const DEFAULT_GRACE_MS = 10_000
/** Children of a daemon that just ended may be ending too; after this they are leftovers. */
const SETTLE_MS = 100
const PORTS_TO_TRY = 5
/** The longest that a timer can wait. */
const WITHOUT_END_MS = 2 ** 31 - 1
/** Where programs keep sockets and devices. The daemon may be root without capabilities, and root owns the disks. */
const PRIVATE_PLACES = ['/dev', '/run', '/var/run', '/tmp', '/var/tmp']
const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url))
/** The stand-in and Node, which may lie below one of those in a checkout there. */
const OWN_PROGRAMS = [
  ...['src', 'fixtures', 'node_modules'].map(name => join(CHECKOUT, name)),
  dirname(process.execPath),
]

/** Told of every process that must be swept if this one is killed. */
export interface LeaseWriter {
  addProcess(identity: ProcessIdentity): void
  addDir(path: string): void
  addMarker(marker: string): void
}

/**
 * Starts a daemon behind the best barrier of this machine and returns at its exec; whether it lives and answers is for
 * {@link Instance.waitReady} to say.
 *
 * @throws RunproofError BARRIER_UNAVAILABLE when there is no barrier and `barrier: 'none'` was not asked for,
 *   TOOL_MISSING when the daemon's program is not there, NOT_EMPTY when a view's place holds something,
 *   INSTANCE_FAILED when the place cannot be made, INTERRUPTED when `spec.signal` aborts meanwhile
 */
export async function startInstance(spec: InstanceSpec, known?: Barrier, lease?: LeaseWriter): Promise<Instance> {
  const began = performance.now()
  const detected = known ?? (await detectBarrier())
  const barrier: Barrier =
    spec.barrier === 'none' ? { ...detected, kind: 'none', reason: 'none was asked for' } : detected
  checkSpec(spec, barrier)
  const running = new RunningInstance(spec, barrier, lease)
  try {
    await running.begin()
    running.startMs = performance.now() - began
    return running
  } catch (error) {
    await running.stop({ graceMs: 0 })
    throw error
  }
}

class RunningInstance implements Instance {
  readonly id: string
  readonly barrier: Barrier
  readonly network: 'isolated' | 'shared'
  readonly files: 'isolated' | 'shared'
  readonly exited: Promise<Exit>
  uncovered: readonly string[] = []
  views: Instance['views'] = []
  pid: number | null = null
  startMs = 0
  place!: Place

  readonly #spec: InstanceSpec
  readonly #lease: LeaseWriter | undefined
  readonly #marker: string
  readonly #path: string
  #layout!: Layout
  #link: WardenLink | undefined
  #http: TargetHttp | undefined
  #sockets: SocketPlaces | undefined
  readonly #tunnels = new Map<string, TargetHttp>()
  readonly #throughTls: ThroughTlsClient[] = []
  readonly #companionsOver = new AbortController()
  readonly #companions: Promise<unknown>[] = []
  #initPid = 0
  #wardenInnerPid = 0
  #namespaces: HeldNamespaces | undefined
  #daemonInnerPid: number | null = null
  #daemonEnv: Record<string, string> = {}
  #phase: 'empty' | 'running' | 'ready' | 'exited' | 'stopped' = 'empty'
  #exit: Exit | undefined
  #daemonEnded = Promise.withResolvers<void>()
  #droppedBytes = 0
  #restarting = false
  #portOwned = false
  readonly #port = new PortLook()
  #probes = 0
  #attempts = 0
  readonly #seen = new Map<string, ProcessIdentity>()
  readonly #listeners: AsyncDisposable[] = []
  #settleExited!: (exit: Exit) => void
  #stopping: Promise<StopReport> | undefined

  constructor(spec: InstanceSpec, barrier: Barrier, lease: LeaseWriter | undefined) {
    this.#spec = spec
    this.#lease = lease
    this.#path = spec.path ?? SYSTEM_PATH
    this.id = spec.id ?? `instance-${randomBytes(4).toString('hex')}`
    this.#marker = `${this.id}-${randomBytes(8).toString('hex')}`
    this.barrier = barrier
    this.network = barrier.kind === 'none' ? 'shared' : (spec.network ?? 'isolated')
    this.files = barrier.kind === 'none' ? 'shared' : (spec.files ?? 'isolated')
    this.exited = new Promise(resolve => {
      this.#settleExited = resolve
    })
  }

  get #isolated(): boolean {
    return this.network === 'isolated'
  }

  async begin(): Promise<void> {
    const spec = this.#spec
    this.#throwIfInterrupted()
    try {
      this.#layout = makeLayout(spec.scratch, this.id, spec.user)
    } catch (error) {
      throw new RunproofError('INSTANCE_FAILED', `cannot make ${join(spec.scratch, this.id)}`, { cause: error })
    }
    this.#sockets = this.#isolated ? socketPlaces(this.#layout.dir, 1 + this.#tunnelNames.length) : undefined
    if (this.#sockets?.extraDir) this.#lease?.addDir(this.#sockets.extraDir)
    this.#lease?.addMarker(this.#marker)
    await this.#takePlace()
    // Loading the HTTP client takes as long as the warden takes to come up.
    await Promise.all([this.#openHttp(), this.#openBarrier()])
    if (spec.beforeStart) await spec.beforeStart(this)
    this.#throwIfInterrupted()
    if (spec.daemon) await this.#startDaemon(spec.daemon(this.place))
  }

  async #takePlace(): Promise<void> {
    const { dir, home, tmp } = this.#layout
    const port = this.#spec.port ?? (this.#isolated ? PORT_IN_NAMESPACE : await choosePort())
    const tunnels: Record<string, number> = this.place?.tunnels ?? {}
    for (const [index, name] of this.#tunnelNames.entries())
      tunnels[name] ??= this.#isolated ? TUNNELS_IN_NAMESPACE + index : await choosePort()
    this.place = { port, baseUrl: `http://127.0.0.1:${port}`, dir, home, tmp, tunnels }
  }

  get #tunnelNames(): readonly string[] {
    return this.#spec.tunnels ?? []
  }

  async #openHttp(): Promise<void> {
    await this.#http?.close()
    this.#http = await createHttpClient({
      baseUrl: this.place.baseUrl,
      socketPath: this.#sockets?.paths[0] ?? null,
    })
    for (const [index, name] of this.#tunnelNames.entries()) {
      if (this.#tunnels.has(name)) continue
      const baseUrl = `http://127.0.0.1:${this.place.tunnels[name]}`
      const socketPath = this.#sockets?.paths[1 + index] ?? null
      this.#tunnels.set(name, await createHttpClient({ baseUrl, socketPath }))
    }
  }

  async #openBarrier(): Promise<void> {
    const link = startWarden(this.barrier, this.network)
    this.#link = link
    if (link.child.pid !== undefined) this.#remember(identify(link.child.pid))
    link.on(message => {
      if (message.kind === 'exited') this.#ended(message.exit, message.droppedBytes)
    })
    link.ended.then(() => {
      const signal = this.#daemonInnerPid === null ? null : 'SIGKILL'
      this.#ended({ exitCode: null, signal }, this.#droppedBytes)
    })
    const prepared = link.next('prepared')
    link.send({
      kind: 'prepare',
      views: (this.#spec.views ?? []).map((view, index) => ({
        ...view,
        work: join(this.#layout.views, String(index)),
      })),
      overlayOptions:
        this.barrier.kind === 'none' ? null : this.barrier.kind === 'user-namespaces' ? ['userxattr'] : [],
      mountProgram: this.barrier.tools.mount ?? 'mount',
      mountTable: join(this.#layout.dir, 'mounts.fstab'),
      carry: (this.#sockets?.paths ?? []).map((socket, index) => ({
        socket,
        port: [this.place.port, ...Object.values(this.place.tunnels)][index]!,
      })),
      marker: this.barrier.kind === 'none' ? this.#marker : null,
      seclusion: this.files === 'shared' ? null : this.#seclusion(),
    })
    const { pid, views, uncovered } = await prepared
    this.uncovered = uncovered
    this.#wardenInnerPid = pid
    this.views = views
    this.#initPid = this.barrier.kind === 'none' ? link.child.pid! : descendants(link.child.pid!)[0]!
    this.#namespaces = holdNamespaces(this.#initPid)
    this.#members()
  }

  get writable(): readonly string[] {
    return [this.#layout.dir, ...(this.#spec.views ?? []).map(({ at }) => at), ...(this.#spec.writable ?? [])]
  }

  #seclusion(): Seclusion {
    const { scratch, readable = [], names = [] } = this.#spec
    return {
      homes: [...PRIVATE_PLACES, tmpdir(), scratch],
      readable: [...OWN_PROGRAMS, ...readable],
      writable: this.writable,
      sockets: listeningSocketPaths(),
      names,
    }
  }

  async #startDaemon(command: Command): Promise<void> {
    this.#attempts += 1
    const link = this.#link!
    const cwd = command.cwd ?? this.#layout.dir
    const program = findProgram(command.argv[0], this.#path, cwd)
    this.#daemonEnv = revealAll(command.env ?? {})
    const started = link.next('started')
    link.send({
      kind: 'start',
      argv: [...unprivilegedArgv(this.barrier, this.#spec.user, 'within'), program, ...command.argv.slice(1)],
      env: this.#environment(),
      cwd,
      stdin:
        command.stdin === undefined ? '' : typeof command.stdin === 'string' ? command.stdin : command.stdin.reveal(),
      stdoutFile: this.#layout.stdoutFile,
      stderrFile: this.#layout.stderrFile,
      maxLogBytes: this.#spec.maxLogBytes ?? DEFAULT_LOG_BYTES,
    })
    this.#phase = 'running'
    this.#exit = undefined
    this.#daemonEnded = Promise.withResolvers()
    this.#portOwned = false
    this.#daemonInnerPid = (await started).pid
    if (this.barrier.kind === 'none') this.pid = this.#daemonInnerPid
    this.pid = this.#members().find(({ role }) => role === 'daemon')?.identity.pid ?? this.pid
  }

  #environment(): Record<string, string> {
    return {
      PATH: this.#path,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      ...this.#layout.env,
      [MARKER]: this.#marker,
      ...this.#daemonEnv,
    }
  }

  #ended(exit: Exit, droppedBytes: number): void {
    this.#droppedBytes = droppedBytes
    if (this.#exit !== undefined) return
    this.#exit = exit
    if (this.#phase !== 'stopped') this.#phase = 'exited'
    this.#daemonEnded.resolve()
    if (!this.#restarting && !this.#mayTryAnotherPort()) this.#settleExited(exit)
  }

  state(): InstanceState {
    if (this.#phase === 'exited') return { phase: 'exited', ...this.#exit! }
    return { phase: this.#phase }
  }

  request: Instance['request'] = (path, options) => this.#http!.request(path, options)

  openStream: Instance['openStream'] = (path, options) => this.#http!.openStream(path, options)

  through(tunnel: string, how?: ThroughTls): HttpClient {
    const plain = this.#tunnels.get(tunnel)
    if (plain === undefined) throw new RunproofError('INTERNAL', `instance ${this.id} has no tunnel ${tunnel}`)
    if (how === undefined) return plain
    const socketPath = this.#sockets?.paths[1 + this.#tunnelNames.indexOf(tunnel)] ?? null
    const client = openThroughTls(how, { port: this.place.tunnels[tunnel]!, socketPath })
    this.#throughTls.push(client)
    return client
  }

  run: Instance['run'] = async (command, options) => {
    const { barrier } = this
    if (this.#link === undefined || this.#link.child.exitCode !== null || this.#stopping) {
      throw new RunproofError('INSTANCE_FAILED', `instance ${this.id} has ended; ${command.argv[0]} cannot run in it`)
    }
    const cwd = command.cwd ?? this.#layout.dir
    // The working directory is entered inside: outside, a view shows the empty directory it is mounted on.
    const intoDirectory = [barrier.tools.sh ?? '/bin/sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', cwd]
    const enter = enterArgv(barrier, this.#initPid, this.network)
    const wrapper = [...unprivilegedArgv(barrier, this.#spec.user, 'outside'), ...intoDirectory]
    const { cwd: _, ...inside } = command
    return createCommandRunner({ path: this.#path, env: this.#environment(), enter, wrapper }).run(inside, options)
  }

  accompany(command: Command): Companion {
    const early = new AbortController()
    const signal = AbortSignal.any([this.#companionsOver.signal, early.signal])
    const running = this.run(command, { timeoutMs: WITHOUT_END_MS, signal })
    // That it was ended is nobody's concern.
    const ended = running.catch(() => undefined)
    this.#companions.push(ended)
    return {
      ended,
      [Symbol.asyncDispose]: async () => {
        early.abort()
        await ended
      },
    }
  }

  waitReady: Instance['waitReady'] = options => waitReady(this.#subject, options)

  readonly #subject: Subject = {
    describe: () => `instance ${this.id}`,
    listens: () => this.#listens(),
    request: (path, options) => this.request(path, options),
    exit: () => this.#exit,
    ended: () => this.#daemonEnded.promise,
    startAgain: async () => {
      if (!this.#mayTryAnotherPort()) return false
      await this.#tryAnotherPort()
      return true
    },
    ready: () => {
      if (this.#phase === 'running') this.#phase = 'ready'
    },
  }

  /** Where the network is shared another program may answer on the port: only the instance's own listener counts. */
  #listens(): boolean {
    const { port } = this.place
    if (this.#isolated || this.#portOwned) return this.#port.isOpen(this.#initPid, port)
    if (!this.#port.isOpen(this.#initPid, port)) return false
    const listeners = listenersOf(this.#initPid, this.#members(), false)
    this.#portOwned = listeners.some(listener => listener.port === port && listener.protocol.startsWith('tcp'))
    return this.#portOwned
  }

  #mayTryAnotherPort(): boolean {
    if (this.#isolated || this.#spec.port !== undefined || this.#stopping || !this.#spec.daemon) return false
    return (
      this.#phase === 'exited' &&
      (this.#exit?.exitCode ?? 0) !== 0 &&
      saysPortTaken(this.#readLog('stderr') + this.#readLog('stdout'))
    )
  }

  async #tryAnotherPort(): Promise<void> {
    if (this.#attempts >= PORTS_TO_TRY) {
      throw new RunproofError(
        'PORT_TAKEN',
        `${this.#attempts} ports in a row were taken before ${this.id} bound them`,
        {
          hint: 'is something else on this machine taking ports as fast as they are freed?',
        },
      )
    }
    rmSync(this.#layout.stdoutFile, { force: true })
    rmSync(this.#layout.stderrFile, { force: true })
    await this.#takePlace()
    await this.#openHttp()
    await this.#startDaemon(this.#spec.daemon!(this.place))
  }

  async facts() {
    return this.#gather()
  }

  #gather() {
    return gatherFacts(this.pid !== null && this.#exit === undefined ? this.pid : this.#initPid, this.#members(), {
      barrier: this.barrier.kind,
      network: this.network,
    })
  }

  #members(): InstanceProcess[] {
    const membership: Membership =
      this.barrier.kind === 'none'
        ? { by: 'marker', marker: this.#marker, wardenPid: this.#link!.child.pid!, daemonPid: this.#daemonInnerPid }
        : {
            by: 'namespace',
            initPid: this.#initPid,
            wardenInnerPid: this.#wardenInnerPid,
            daemonInnerPid: this.#daemonInnerPid,
          }
    const members = listMembers(membership)
    for (const { identity } of members) this.#remember(identity)
    return members
  }

  #remember(identity: ProcessIdentity | undefined): void {
    if (identity === undefined) return
    const key = `${identity.pid}:${identity.startTicks}`
    if (this.#seen.has(key)) return
    this.#seen.set(key, identity)
    this.#lease?.addProcess(identity)
  }

  listen: Instance['listen'] = async accept => {
    const listener = await listenInside(this.#link!, this.id, accept)
    this.#listeners.push(listener)
    return listener
  }

  egressProbe: Instance['egressProbe'] = options => {
    const link = this.#link!
    const id = ++this.#probes
    return new Promise<ProbeResult>((resolve, reject) => {
      const forget = link.on(message => {
        if (message.kind !== 'probed' || message.id !== id) return
        forget()
        resolve(message.result)
      })
      link.ended.then(() =>
        reject(new RunproofError('INSTANCE_FAILED', `instance ${this.id} has ended; nothing can be probed from it`)),
      )
      link.send({ kind: 'probe', id, options })
    })
  }

  async log() {
    return { stdout: this.#readLog('stdout'), stderr: this.#readLog('stderr'), droppedBytes: this.#droppedBytes }
  }

  #readLog(stream: 'stdout' | 'stderr'): string {
    const file = stream === 'stdout' ? this.#layout.stdoutFile : this.#layout.stderrFile
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  async restart({ graceMs = DEFAULT_GRACE_MS }: { readonly graceMs?: number } = {}): Promise<Exit> {
    const { daemon } = this.#spec
    if (daemon === undefined || this.#stopping || (this.#phase !== 'running' && this.#phase !== 'ready'))
      throw new RunproofError('INSTANCE_FAILED', `instance ${this.id} runs no daemon that could be started again`)
    this.#restarting = true
    try {
      this.#link!.send({ kind: 'signal', signal: 'SIGTERM' })
      if (!(await settlesWithin(this.#daemonEnded.promise, graceMs)))
        throw new RunproofError('INSTANCE_FAILED', `the daemon of ${this.id} did not stop within ${graceMs} ms`)
      const exit = this.#exit!
      if (this.#stopping) throw new RunproofError('INSTANCE_FAILED', `instance ${this.id} is being stopped`)
      await this.#startDaemon(daemon(this.place))
      return exit
    } finally {
      this.#restarting = false
      // Where it was not started again, its end is the last one.
      if (this.#exit !== undefined) this.#settleExited(this.#exit)
    }
  }

  stop(options: { readonly graceMs?: number } = {}): Promise<StopReport> {
    this.#stopping ??= this.#stop(options.graceMs ?? DEFAULT_GRACE_MS)
    return this.#stopping
  }

  async #stop(graceMs: number): Promise<StopReport> {
    const began = performance.now()
    const link = this.#link
    const endedBefore = this.#daemonInnerPid !== null && this.#exit !== undefined
    let forced = false
    let leftovers: InstanceProcess[] = []
    if (link !== undefined && link.child.pid !== undefined) {
      if (this.#daemonInnerPid !== null && this.#exit === undefined) {
        forced = !(await this.#terminate(link, graceMs))
      }
      this.#companionsOver.abort()
      await Promise.all(this.#companions)
      leftovers = await this.#awaitEmpty()
      await this.#killAll(link, leftovers)
    }
    this.#phase = 'stopped'
    this.#exit ??= { exitCode: null, signal: null }
    this.#settleExited(this.#exit)
    for (const port of [this.#http, ...this.#tunnels.values(), ...this.#throughTls]) await port?.close()
    for (const listener of this.#listeners) await listener[Symbol.asyncDispose]()
    const namespaces = await namespacesLeft(this.#namespaces?.names ?? [])
    this.#namespaces?.release()
    this.#removeTraces()
    const left = await whatIsLeft({
      processes: [...this.#seen.values()],
      dir: this.#layout?.dir,
      sockets: this.#sockets ? [...this.#sockets.paths, this.#sockets.extraDir].filter(path => path !== null) : [],
    })
    return {
      ...this.#exit,
      endedBefore,
      forced,
      leftovers,
      left: { ...left, namespaces },
      durationMs: performance.now() - began,
    }
  }

  /** True when SIGTERM was enough. */
  async #terminate(link: WardenLink, graceMs: number): Promise<boolean> {
    link.send({ kind: 'signal', signal: 'SIGTERM' })
    if (await settlesWithin(this.exited, graceMs)) return true
    this.#members()
    link.send({ kind: 'signal', signal: 'SIGKILL' })
    await settlesWithin(this.exited, 1_000)
    return false
  }

  async #awaitEmpty(): Promise<InstanceProcess[]> {
    const deadline = performance.now() + SETTLE_MS
    for (;;) {
      const others = this.#members().filter(({ role }) => role === 'other' || role === 'daemon')
      if (others.length === 0 || performance.now() > deadline) return others
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  /** Behind a barrier the end of process 1 is the end of all; without one each is killed by name. */
  async #killAll(link: WardenLink, leftovers: readonly InstanceProcess[]): Promise<void> {
    for (const { identity } of leftovers) signalProcess(identity, 'SIGKILL')
    link.send({ kind: 'end' })
    if (!(await settlesWithin(link.ended, 1_000))) {
      for (const identity of this.#seen.values()) signalProcess(identity, 'SIGKILL')
      await settlesWithin(link.ended, 1_000)
    }
    // What a leftover started between being seen and being killed still carries the marker.
    if (this.barrier.kind === 'none') for (const { identity } of this.#members()) signalProcess(identity, 'SIGKILL')
  }

  #removeTraces(): void {
    for (const path of this.#sockets?.paths ?? []) rmSync(path, { force: true })
    if (this.#sockets?.extraDir) rmSync(this.#sockets.extraDir, { recursive: true, force: true })
    for (const index of this.views.keys()) {
      // overlayfs leaves a directory of mode 000 behind, which would stop an unprivileged rm -r
      const work = join(this.#layout.views, String(index), 'work')
      if (existsSync(join(work, 'work'))) chmodSync(join(work, 'work'), 0o700)
      rmSync(work, { recursive: true, force: true })
    }
  }

  #throwIfInterrupted(): void {
    if (this.#spec.signal?.aborted) throw new RunproofError('INTERRUPTED', `the start of ${this.id} was interrupted`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
