import type { Command } from './command.ts'
import type { HttpClient } from './http.ts'
import type { BarrierKind, Exit, StopReport } from './instance.ts'
import type { RunResult } from './run-command.ts'

/** Where something stands in a configuration as it was given; line and column from 1. */
export interface ConfigPosition {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Where files of a configuration come from. Neither waits: nothing else is to be done meanwhile. */
export interface ConfigFiles {
  /** @throws RunproofError FILE_UNREADABLE for anything but a file of at most `maxBytes` */
  read(path: string, maxBytes: number): Uint8Array
  /** What a pattern of `glob(3)` finds, sorted by bytes; nothing is no error. */
  expand(pattern: string): readonly string[]
}

/** One difference between a configuration and the copy of it that is run. */
export interface Rewrite {
  readonly at: ConfigPosition
  /** The directive as written; empty for one that was added. */
  readonly from: string
  /** What stands there in the copy; empty for one that was left out. */
  readonly to: string
  readonly why: string
}

/** Where a configuration passes requests on to. */
export interface Destination {
  /** `http`, `https`, `grpc`, `fastcgi`, `stream`, … */
  readonly scheme: string
  /** As written, with its port. */
  readonly address: string
  readonly at: ConfigPosition
}

/** What a copy needs to know of the place it is made for. Its own files are named relative to that place. */
export interface CopyPlace {
  /** A port of 127.0.0.1 for each of {@link NginxSource.listens}. */
  readonly ports: Readonly<Record<string, number>>
  /** Where there is a socket of this path for an address, it listens there instead. */
  readonly sockets?: Readonly<Record<string, string>>
  /** `HOST:PORT` or `unix:PATH` to go to instead, or undefined for a port that nothing listens at. */
  upstream(destination: Destination): string | undefined
  /** The file of a module of this name, or undefined when this nginx has none. */
  module(name: string): string | undefined
  /** Whether this nginx was built with a module, for instance `http_uwsgi`. */
  builtWith(module: string): boolean
  /** A master process that is root, and keeps being nothing else. */
  readonly asRoot: boolean
  /** No worker beside the master: where nothing would end one whose master was killed. */
  readonly oneProcess: boolean
}

export interface NginxCopy {
  /** Names relative to the place; the first is the one nginx is started with. */
  readonly files: readonly { readonly name: string; readonly content: Uint8Array }[]
  readonly rewrites: readonly Rewrite[]
  /**
   * Where a line of the copy comes from.
   *
   * @param name - of the copy's file
   * @param message - what is said of it: the directive named there is looked for first
   */
  original(name: string, line: number, message?: string): ConfigPosition | undefined
}

/** A configuration that can be run somewhere private: made by `relocate`. */
export interface NginxSource {
  readonly file: string
  /** Every address it listens at: `*:443`, `127.0.0.1:80`, `[::]:443`, `unix:/run/s`; each once, in order. */
  readonly listens: readonly Listening[]
  /** What a certificate for all its servers has to name. */
  readonly names: readonly string[]
  /** The kind of key that its ciphers can do with. */
  readonly key: 'ec-p256' | 'rsa-2048'
  /** Directives that run code of their own, even while it is only tested. */
  readonly code: readonly ConfigPosition[]
  copy(place: CopyPlace): NginxCopy
}

export interface Listening {
  readonly address: string
  readonly tls: boolean
  readonly http2: boolean
  /** Of a `stream` or `mail` block where it is none of HTTP. */
  readonly protocol: 'http' | 'other'
}

export interface NginxProgram {
  readonly path: string
  /** For instance `1.22.1`. */
  readonly version: string
  /** Modules it was built with, for instance `http_v2`. */
  readonly modules: readonly string[]
  /** A container engine runs it where this machine has none. */
  readonly from: 'machine' | 'container'
}

/** Why no nginx is there, one sentence. */
export interface NginxMissing {
  readonly missing: string
}

export interface NginxMessage {
  readonly level: 'debug' | 'info' | 'notice' | 'warn' | 'error' | 'crit' | 'alert' | 'emerg'
  readonly text: string
  /** In the configuration as given. */
  readonly at?: ConfigPosition
}

/** What nginx itself says of a configuration. */
export type NginxVerdict =
  | { readonly outcome: 'missing'; readonly reason: string }
  | {
      readonly outcome: 'accepted' | 'refused'
      /** Of level warn and above, in the order they came. */
      readonly messages: readonly NginxMessage[]
      readonly rewrites: readonly Rewrite[]
      readonly program: NginxProgram
      /** What kept it from the rest of the machine; `container` for one without a network. */
      readonly barrier: BarrierKind | 'container'
      readonly durationMs: number
    }

/** PEM of what the copy's servers show. Without it they show what was made for them. */
export interface ServerIdentity {
  readonly certificate: string
  readonly key: string
  /** What the copy trusts: certificates of clients and of upstreams. */
  readonly authority?: string
}

export interface PrepareOptions {
  /** Existing private directory in which everything of this nginx is put. */
  readonly directory: string
  readonly ports: CopyPlace['ports']
  readonly upstream?: CopyPlace['upstream']
  readonly identity?: ServerIdentity
  /** Default false. */
  readonly oneProcess?: boolean
}

/** An nginx that only has to be run. */
export interface Prepared {
  readonly program: NginxProgram
  readonly rewrites: readonly Rewrite[]
  /** Judges the copy. */
  readonly test: Command
  /** Runs until it is told to end. */
  readonly run: Command
  /** What it wrote while running. */
  readonly errorLog: string
  /** The certificates to trust when it is asked, PEM. */
  readonly roots: readonly string[]
  /** The same as a file. */
  readonly caFile: string
  /** What {@link Prepared.test} said, or what stands in the error log. */
  messages(output: string): readonly NginxMessage[]
  verdict(result: RunResult): readonly ['accepted' | 'refused', readonly NginxMessage[]]
}

export interface StartOptions {
  /** Default: a directory of its own, removed at the end. */
  readonly scratch?: string
  /** `shared`: it reaches what listens on this machine. Default `isolated`: nothing but itself. */
  readonly network?: 'isolated' | 'shared'
  readonly upstream?: CopyPlace['upstream']
  readonly identity?: ServerIdentity
  /** Directories it may read besides, for instance a `root`. */
  readonly readable?: readonly string[]
  readonly signal?: AbortSignal
}

/** How one of its addresses is asked. */
export interface AskOptions {
  /** Of SNI and of the certificate; TLS is spoken where the address does. Default `localhost`. */
  readonly host?: string
  readonly http2?: boolean
}

export interface RunningNginx extends AsyncDisposable {
  readonly program: NginxProgram
  readonly rewrites: readonly Rewrite[]
  /**
   * Of 127.0.0.1, by {@link Listening.address}; of this machine where the network is shared. Empty for one in a container,
   * which listens at sockets.
   */
  readonly ports: Readonly<Record<string, number>>
  readonly roots: readonly string[]
  readonly startMs: number
  /** Of the master, as seen from outside the barrier. */
  readonly pid: number | null
  /** @throws RunproofError INTERNAL for an address that the configuration does not listen at */
  through(address: string, options?: AskOptions): HttpClient
  log(): Promise<readonly NginxMessage[]>
  readonly exited: Promise<Exit>
  stop(): Promise<StopReport>
}

export interface NginxPort {
  /** What is there; found out once. */
  find(): Promise<NginxProgram | NginxMissing>
  /**
   * `nginx -t` on a private copy, behind a barrier where there is one: nothing that is installed is read or touched.
   *
   * @throws RunproofError TIMEOUT after ten seconds, COMMAND_FAILED when nginx crashes, INTERRUPTED
   */
  test(
    source: NginxSource,
    options?: { readonly scratch?: string; readonly signal?: AbortSignal },
  ): Promise<NginxVerdict>
  /**
   * Writes the copy, for an nginx that is run beside a daemon.
   *
   * @throws RunproofError TOOL_MISSING, also where there is only a container engine
   */
  prepare(source: NginxSource, options: PrepareOptions): Promise<Prepared>
  /**
   * Runs a copy by itself and returns once all its addresses accept connections.
   *
   * @throws RunproofError TOOL_MISSING, CONFIG_INVALID when nginx refuses it, PORT_TAKEN, INSTANCE_FAILED, INTERRUPTED
   */
  start(source: NginxSource, options?: StartOptions): Promise<RunningNginx>
}
