import type { Destination, Instance } from './instance.ts'
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

/** What a proxy between the checks and an instance does wrong. */
export interface Interposition {
  /** Accepts connections and never answers. */
  readonly silent?: boolean
  /** Answers everything itself. */
  readonly answer?: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
  /** Replaces one bearer token by another before the daemon sees it. */
  readonly swapBearer?: { readonly from: Secret; readonly to: Secret }
  /** Changes the text of an answer. */
  readonly rewriteBody?: (path: string, text: string) => string
}

export interface InterposerPort {
  /** The same instance behind a real HTTP proxy on a unix socket; requests and streams of the result pass it. */
  interpose(instance: Instance, how: Interposition): Promise<Instance>
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
