import type { HttpClient } from './http.ts'
import type { Destination } from './instance.ts'
import type { CommandRunner } from './run-command.ts'
import type { Secret } from './secret.ts'

/** What is done to an event stream on its way. Events are counted from 1, those with an id only, on every stream anew. */
export interface StreamFault {
  readonly dropEvent?: number
  readonly repeatEvent?: number
  /** It and the one after it change places. */
  readonly swapEvents?: number
  /** Nothing goes on before so many bytes are together, or the stream ends: what a buffering proxy does. */
  readonly buffer?: number
  /** Ids are read and written as doubles. */
  readonly roundIds?: boolean
  readonly stripIds?: boolean
  /** Events of this name never come out. */
  readonly swallow?: string
}

/** TLS that ends in front of a daemon, and whom those who ask it there trust. */
export interface TlsFront {
  /** What is shown, PEM, the server's own certificate first. */
  readonly chain: string
  readonly key: Secret
  /** The only certificates that are trusted, PEM. */
  readonly roots: readonly string[]
  /** The same as a file, which commands of the daemon's binary find in `SSL_CERT_FILE`. */
  readonly caFile: string
  /** What it is asked as. Default `127.0.0.1`. */
  readonly name?: string
  /** Nothing is encrypted, although it is asked as if it were. */
  readonly plain?: true
}

/** What a proxy between the checks and a daemon does, and does wrong. */
export interface Interposition {
  /** Absent: it is asked without TLS. */
  readonly tls?: TlsFront
  /** Accepts connections and never answers. */
  readonly silent?: boolean
  /** Answers itself. */
  readonly answer?: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    /** Without their queries. Default: every path. */
    readonly paths?: readonly string[]
  }
  /** Asks for another path in place of this one; the query stays. */
  readonly redirect?: { readonly from: string; readonly to: string }
  /** A header of requests that goes no further, in lower case. */
  readonly dropHeader?: string
  /** A parameter of queries that goes no further. */
  readonly dropQuery?: string
  /** Replaces one bearer token by another before the daemon sees it. */
  readonly swapBearer?: { readonly from: Secret; readonly to: Secret }
  /** Changes the text of an answer. `path` is with its query. */
  readonly rewriteBody?: (path: string, text: string) => string
  /** Changes the headers of an answer; their names are in lower case. */
  readonly rewriteHeaders?: (
    path: string,
    headers: Readonly<Record<string, string>>,
  ) => Readonly<Record<string, string>>
  /** Done to answers that are event streams; everything else passes whole. */
  readonly stream?: StreamFault
}

/** A daemon, however it is reached. */
export type Interposable = HttpClient & Partial<CommandRunner> & { readonly place: { readonly baseUrl: string } }

export interface InterposerPort {
  /**
   * The same daemon behind a real HTTP proxy. Requests and streams of the result pass it, and so do commands that are
   * pointed at the result's `place.baseUrl`: a port inside for an instance, else one of this machine's loopback.
   * Disposing of the result, or closing it, ends the proxy and leaves the daemon.
   *
   * With `tls` its base URL is `https:`, and commands that are run through the result trust what it says, and nothing else.
   *
   * @throws RunproofError INSTANCE_FAILED for an instance that was stopped, CERTIFICATE_INVALID where no server starts with
   *   that chain and key
   */
  interpose<Subject extends Interposable>(subject: Subject, how: Interposition): Promise<Subject & AsyncDisposable>
  /** A listener on 127.0.0.1 outside every barrier, for egress probes to aim at. */
  beacon(): Promise<Beacon>
  /** Another kind of listener outside every barrier; undefined where this machine has no such address. */
  lure(where: Lure['where']): Promise<Lure | undefined>
}

export interface Beacon extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

/** What must be out of reach: loopback of IPv6, an address others can reach this machine at, or a socket in the file system. */
export interface Lure extends AsyncDisposable {
  readonly where: 'ipv6' | 'network' | 'socket'
  readonly at: Destination
}
