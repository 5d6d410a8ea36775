import type { Duplex } from 'node:stream'
import type { Command } from './command.ts'
import type { Answer, HttpClient } from './http.ts'
import type { RunOptions, RunResult } from './run-command.ts'
import type { Secret } from './secret.ts'

/**
 * What keeps an instance from acting on the world: namespaces made by root, namespaces inside a user namespace, or
 * nothing but a process group.
 */
export type BarrierKind = 'root-namespaces' | 'user-namespaces' | 'none'

export interface Barrier {
  readonly kind: BarrierKind
  /** Why this one and no better one, for people. */
  readonly reason: string
  /** Absolute paths of the programs it needs; null where one is missing. */
  readonly tools: Readonly<Record<'unshare' | 'nsenter' | 'setpriv' | 'mount' | 'sh' | 'ip' | 'perl', string | null>>
}

/** A process that cannot be mistaken for another one: a pid alone is reused. */
export interface ProcessIdentity {
  readonly bootId: string
  /** Number of the pid namespace that `pid` counts in: containers share a boot, not their pids. Absent where it was not looked at. */
  readonly pidNamespace?: string
  readonly pid: number
  /** Clock ticks after boot, field 22 of `/proc/PID/stat`. */
  readonly startTicks: number
}

/** A directory of the instance that shows `lower` and keeps writes to itself. */
export interface ViewSpec {
  /** Never changed. */
  readonly lower: string
  /** Where the instance finds it: an empty or missing directory. */
  readonly at: string
}

export interface View extends ViewSpec {
  /** `copy` where the kernel refuses an overlay; it costs the size of `lower`. */
  readonly how: 'overlay' | 'copy'
  /** Why it is a copy; empty for an overlay. */
  readonly reason: string
}

/** What a command line may depend on: known only once the instance has its place. */
export interface Place {
  /** Free at this moment, on 127.0.0.1 of the instance. */
  readonly port: number
  /** `http://127.0.0.1:PORT`, as seen from inside. */
  readonly baseUrl: string
  /** The instance's own directory. */
  readonly dir: string
  readonly home: string
  readonly tmp: string
  /** By name, what {@link InstanceSpec.tunnels} asked for. */
  readonly tunnels: Readonly<Record<string, number>>
}

export interface InstanceSpec {
  /** Names its directory and appears in facts; default generated. Letters, digits, dashes. */
  readonly id?: string
  /** Existing private directory; the instance puts everything it writes below `<scratch>/<id>`. */
  readonly scratch: string
  /** The daemon. Absent: the place is made, and only {@link Instance.run} acts in it. */
  readonly daemon?: (place: Place) => Command
  /** Default: the best this machine has; without namespaces that is BARRIER_UNAVAILABLE unless `none` is asked for. */
  readonly barrier?: 'best' | 'none'
  /** `shared` leaves the way out open, everything else stays closed: the counterproof of the egress check. Default `isolated`. */
  readonly network?: 'isolated' | 'shared'
  /**
   * `isolated`: what is outside its own place is read-only, and directories that programs keep sockets and devices in are
   * private and empty. `shared` leaves all that out: the counterproof. Default `isolated`; without namespaces it is shared.
   */
  readonly files?: 'isolated' | 'shared'
  readonly views?: readonly ViewSpec[]
  /** Files and directories the daemon reads, wherever they lie: below `scratch` and `/tmp` it finds nothing else. */
  readonly readable?: readonly string[]
  /** The same, to be written to. What is written stays. */
  readonly writable?: readonly string[]
  /** Names that lead to 127.0.0.1 inside. Where files are shared, they lead where they do outside. */
  readonly names?: readonly string[]
  /** Default: chosen. */
  readonly port?: number
  /** Names of more ports of 127.0.0.1 inside, each asked through {@link Instance.through}: what else listens there. */
  readonly tunnels?: readonly string[]
  /** Only root can give another one than its own. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Default `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`. */
  readonly path?: string
  /** Kept of each of stdout and stderr. Default 4 MiB. */
  readonly maxLogBytes?: number
  /** Runs inside, with the views mounted, before the daemon starts: where a copy is broken on purpose. */
  readonly beforeStart?: (inside: Inside) => Promise<void>
  readonly signal?: AbortSignal
}

/** An instance before its daemon runs. */
export type Inside = Pick<Instance, 'run' | 'accompany' | 'place' | 'through' | 'egressProbe' | 'barrier'>

export interface Exit {
  readonly exitCode: number | null
  readonly signal: string | null
}

export type InstanceState =
  | { readonly phase: 'empty' | 'running' | 'ready' }
  | ({ readonly phase: 'exited' } & Exit)
  | { readonly phase: 'stopped' }

/** What runs beside a daemon. Disposing of it ends it earlier than the daemon. */
export interface Companion extends AsyncDisposable {
  /** Undefined when it was ended, or could not be run. */
  readonly ended: Promise<RunResult | undefined>
}

/** TLS to what listens at a tunnel. */
export interface ThroughTls {
  /** Of SNI, of the Host header, and of the certificate: a name, or an address. */
  readonly host: string
  /** The only certificates that are trusted, PEM. */
  readonly roots: readonly string[]
  /** Offers HTTP/2. */
  readonly http2?: boolean
}

export interface ReadyOptions {
  readonly path: string
  readonly timeoutMs: number
  /** Per request; shorter than the whole so that one that hangs is asked again. Default 2 000. */
  readonly requestTimeoutMs?: number
  /** Default: status 200. */
  readonly accept?: (answer: Answer) => boolean
  readonly bearer?: Secret
  readonly signal?: AbortSignal
}

/** What waiting came to. Only `ready` is good; the others are observations, not errors. */
export interface Readiness {
  readonly outcome: 'ready' | 'exited' | 'refused' | 'unanswered' | 'unlistened'
  /** The last one, accepted or not. */
  readonly answer?: Answer
  /** Set for `exited`. */
  readonly exit?: Exit
  readonly attempts: number
  readonly durationMs: number
}

export interface InstanceProcess {
  readonly identity: ProcessIdentity
  readonly parentPid: number
  readonly argv: readonly string[]
  /** `warden` and `init` are ours. */
  readonly role: 'init' | 'warden' | 'daemon' | 'other'
  readonly uid: number
  /** Effective capabilities, hexadecimal; zero for the daemon. */
  readonly capEff: string
  readonly noNewPrivileges: boolean
  readonly home: string | null
}

export interface OpenFile {
  readonly pid: number
  readonly path: string
  readonly via: 'descriptor' | 'cwd' | 'root' | 'executable' | 'mapped'
}

export interface Listener {
  readonly protocol: 'tcp' | 'tcp6' | 'udp' | 'udp6'
  readonly address: string
  readonly port: number
  readonly loopback: boolean
  /** Null when its owner could not be seen. */
  readonly pid: number | null
}

export interface Mount {
  readonly at: string
  readonly type: string
  readonly source: string
  readonly options: string
  /** Of the mount itself, for instance `rw,nosuid`. */
  readonly flags: string
  /** Of the mount, or of the file system it shows. */
  readonly readOnly: boolean
  /** `MAJOR:MINOR`, the same for every mount of one file system. */
  readonly device: string
}

export interface InstanceFacts {
  readonly barrier: BarrierKind
  readonly network: 'isolated' | 'shared'
  /** Names of network interfaces inside. */
  readonly interfaces: readonly string[]
  readonly processes: readonly InstanceProcess[]
  /** Of every process but init and warden. */
  readonly openFiles: readonly OpenFile[]
  readonly listeners: readonly Listener[]
  /** Those that can be reached; one that another is mounted over can not. */
  readonly mounts: readonly Mount[]
  /** Mount points below which writing would change a file system of this machine. */
  readonly writesThrough: readonly string[]
  /** Of the daemon; false where it shares that namespace with this process. */
  readonly ownNamespaces: Readonly<Record<'net' | 'pid' | 'mnt' | 'ipc' | 'uts' | 'user', boolean>>
}

/** Where a probe tries to connect to: TCP, or a socket in the file system. */
export type Destination = { readonly host: string; readonly port: number } | { readonly path: string }

export type ProbeOptions = Destination & {
  /** Default 1 000. */
  readonly timeoutMs?: number
}

export interface ProbeResult {
  readonly outcome: 'connected' | 'refused' | 'unreachable' | 'no-answer'
  /** The system's error name, for instance ENETUNREACH; empty when connected. */
  readonly code: string
}

export interface StopReport extends Exit {
  /** The daemon had ended by itself before it was asked to. */
  readonly endedBefore: boolean
  /** SIGTERM was not enough. */
  readonly forced: boolean
  /** Still inside when the daemon had ended; killed then. */
  readonly leftovers: readonly InstanceProcess[]
  /** The proof of clean-up: each list is empty when nothing is left. */
  readonly left: {
    readonly processes: readonly ProcessIdentity[]
    /** For instance `net:[4026532281]`. */
    readonly namespaces: readonly string[]
    readonly mounts: readonly string[]
    readonly sockets: readonly string[]
  }
  readonly durationMs: number
}

/** Ends with its instance, if it is not disposed of before. */
export interface InnerListener extends AsyncDisposable {
  /** Of 127.0.0.1 inside. */
  readonly port: number
}

export interface InstanceLog {
  readonly stdout: string
  readonly stderr: string
  /** Bytes dropped after `maxLogBytes`, both streams together. */
  readonly droppedBytes: number
}

/** A daemon, or only its place, behind a barrier, through which it is asked. Release it with `await using`. */
export interface Instance extends HttpClient, AsyncDisposable {
  readonly id: string
  readonly barrier: Barrier
  readonly network: 'isolated' | 'shared'
  readonly files: 'isolated' | 'shared'
  readonly place: Place
  readonly views: readonly View[]
  /** Where it may write, besides what ends with it: its own directory, its views, and what it was given. */
  readonly writable: readonly string[]
  /** What the barrier does not keep away, one sentence each, for the assumptions of a run. */
  readonly uncovered: readonly string[]
  /** As seen from outside the barrier; null without a daemon. */
  readonly pid: number | null
  /** From the call of start to the daemon's exec. */
  readonly startMs: number
  state(): InstanceState
  /** Settles when the daemon has ended. */
  readonly exited: Promise<Exit>
  /**
   * The way to what listens at another port inside, in plain HTTP unless `how` says otherwise.
   *
   * @throws RunproofError INTERNAL for a name that the spec does not have
   */
  through(tunnel: string, how?: ThroughTls): HttpClient
  /** In the same namespaces, environment, user and lack of privileges as the daemon. @throws as CommandRunner.run */
  run(command: Command, options: RunOptions): Promise<RunResult>
  /** The same, for what the daemon needs beside it: it is ended when the daemon has ended, and is no leftover of it. */
  accompany(command: Command): Companion
  /** @throws RunproofError PORT_TAKEN when, without a barrier, every port tried was taken before the daemon bound it */
  waitReady(options: ReadyOptions): Promise<Readiness>
  facts(): Promise<InstanceFacts>
  /**
   * A port inside that leads out to this process: connections to it are handed to `accept`.
   * @throws RunproofError INSTANCE_FAILED when the instance has ended
   */
  listen(accept: (connection: Duplex) => void): Promise<InnerListener>
  /** Tries to connect from inside. */
  egressProbe(options: ProbeOptions): Promise<ProbeResult>
  log(): Promise<InstanceLog>
  /**
   * Asks the daemon to stop and starts it once more: the same command at the same place, which keeps what it has written. What
   * accompanies it goes on.
   *
   * @returns how it ended
   * @throws RunproofError INSTANCE_FAILED when it is not running, or does not stop within `graceMs` (10 000)
   */
  restart(options?: { readonly graceMs?: number }): Promise<Exit>
  /** Idempotent: later calls give the first report. Leaves the instance's directory, for its logs. */
  stop(options?: { readonly graceMs?: number }): Promise<StopReport>
}

export interface InstancePort {
  detectBarrier(): Promise<Barrier>
  /**
   * @throws RunproofError BARRIER_UNAVAILABLE, TOOL_MISSING, INSTANCE_FAILED, INTERRUPTED; a daemon that starts and then
   *   ends or hangs is no error: `waitReady` tells
   */
  start(spec: InstanceSpec): Promise<Instance>
  /** The same probe as {@link Instance.egressProbe}, from outside any barrier. */
  probeFromOutside(options: ProbeOptions): Promise<ProbeResult>
}
