import type { Secret } from './secret.ts'

export interface RequestOptions {
  /** Default GET. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | Secret>>
  /** Sent as `authorization: Bearer …`. */
  readonly bearer?: Secret
  readonly body?: string | Uint8Array
  /** For everything, from the name's look-up to the last byte of the body. Default 5 000. */
  readonly timeoutMs?: number
  /** Of the body. Default 8 MiB. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

/** As TLS names them when one is agreed on. */
export type Protocol = 'http/1.1' | 'h2'

export interface Answer {
  readonly status: number
  /** Lower-case names; repeated ones joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly text: string
  readonly durationMs: number
  /** What the answer came in; absent where nobody looked. */
  readonly protocol?: Protocol
}

export interface StreamAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** What the answer came in; absent where nobody looked. */
  readonly protocol?: Protocol
  /** Ends when the server ends it or `close` is called; throws TARGET_UNREACHABLE when it breaks. */
  readonly chunks: AsyncIterable<Uint8Array>
  close(): void
}

/** Asks one daemon. Every request has a connection of its own; redirects are answers; no proxy of the environment is used. */
export interface HttpClient {
  /** @throws RunproofError TARGET_UNREACHABLE, TLS_FAILED, TIMEOUT, ANSWER_MALFORMED, BODY_TOO_LARGE, INTERRUPTED */
  request(path: string, options?: RequestOptions): Promise<Answer>
  /** `timeoutMs` is for the head only, and `maxBytes` for nothing. @throws as {@link HttpClient.request} */
  openStream(path: string, options?: RequestOptions): Promise<StreamAnswer>
}

/** What a TLS server shows, whether it is trusted or not. */
export interface Peer {
  /** For instance `TLSv1.3`. */
  readonly protocol: string
  readonly cipher: string
  /** DER; the server's own certificate first, each followed by its issuer as far as they were sent. */
  readonly chain: readonly Uint8Array[]
  /** Whom this client trusts, PEM. */
  readonly roots: readonly string[]
}

/** A daemon that is reached by its address. */
export interface TargetHttp extends HttpClient, AsyncDisposable {
  readonly place: { readonly baseUrl: string }
  /**
   * Shakes hands and looks at what is shown, without asking for anything. Undefined where there is no TLS.
   *
   * @param options.timeoutMs - default 5 000
   * @throws RunproofError TARGET_UNREACHABLE, TLS_FAILED, TIMEOUT, INTERRUPTED
   */
  peer(options?: Pick<RequestOptions, 'timeoutMs' | 'signal'>): Promise<Peer | undefined>
  /** Ends every request and stream. */
  close(): Promise<void>
}

export interface HttpPort {
  /**
   * Prepares to ask; nothing is sent yet.
   *
   * @param options.baseUrl - `http:` or `https:`, with a path where a proxy serves the daemon below one
   * @param options.caFile - PEM; its certificates are trusted and no others. Without it the roots of this machine are.
   * @param options.http2 - offers HTTP/2, which needs TLS; what was taken is in each answer. Default HTTP/1.1 alone.
   * @throws RunproofError PARAM_INVALID for another kind of URL, or a `caFile` or `http2` without TLS; FILE_UNREADABLE
   */
  connect(options: {
    readonly baseUrl: string
    readonly caFile?: string
    readonly http2?: boolean
  }): Promise<TargetHttp>
}
