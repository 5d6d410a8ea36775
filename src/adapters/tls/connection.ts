import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls'
import { abortedError } from '../../model/aborted.ts'
import { RunproofError } from '../../model/error.ts'
import { bracketed } from '../../model/host-text.ts'
import type { Secret } from '../../model/secret.ts'
import { errnoOf } from '../../model/system-error.ts'
import { readServerFlight, type ServerFlight } from '../../tls/handshake.ts'
import { Tap } from './tap.ts'

/** Where a server listens, and by which name it is asked. */
export interface Place {
  readonly host: string
  readonly port: number
  /** DNS name or address; addresses are not sent (RFC 6066 section 3). */
  readonly name: string
}

export interface ClientIdentity {
  /** The certificate and its intermediates, PEM. */
  readonly certificatePem: string
  readonly privateKeyPem: Secret
}

/** What a client offers, and what it says once the handshake is done. */
export interface Offer {
  readonly minVersion: NonNullable<SecureContextOptions['minVersion']>
  readonly maxVersion: NonNullable<SecureContextOptions['maxVersion']>
  readonly ciphers: string
  readonly alpn?: readonly string[]
  /** PEM; the only ones trusted. Without it the chain is not judged. */
  readonly roots?: readonly string[]
  readonly identity?: ClientIdentity | undefined
  /** Then the first bytes of the answer are waited for. */
  readonly say?: string
}

export interface Limits {
  /** For the whole connection. */
  readonly timeoutMs: number
  /** Ends it as interrupted. */
  readonly signal: AbortSignal
}

/** A handshake that was done, and what came after it. */
export interface Done {
  readonly kind: 'done'
  readonly protocol: string
  readonly cipher: string
  readonly alpn: string | null
  readonly library: string | null
  readonly flight: ServerFlight
  readonly leaf: Buffer
  /** What came in answer to what was said; null when nothing was said. */
  readonly answer: Buffer | 'closed' | null
  /** The error that ended it after the handshake. */
  readonly refusal: string | null
}

/** A connection that ended before a handshake was done. */
export interface Ended {
  readonly kind: 'ended'
  readonly stage: 'connecting' | 'shaking-hands'
  /** Of the error; `CLOSED` where the server just closed the connection. */
  readonly code: string
  readonly flight: ServerFlight
  readonly heard: Buffer
  readonly cause: unknown
}

const NO_FLIGHT: ServerFlight = { agreed: false, chain: null, asksForCertificate: null }

/**
 * One connection with one offer. Refusals are results.
 *
 * @throws RunproofError TIMEOUT when it did not come to an end in time; INTERRUPTED
 */
export function shakeHands(place: Place, offer: Offer, { timeoutMs, signal }: Limits): Promise<Done | Ended> {
  return new Promise((resolve, reject) => {
    const keyLog: string[] = []
    const socket = connectTcp({ host: place.host, port: place.port })
    let tap: Tap | undefined
    let tls: TLSSocket | undefined
    let done: Omit<Done, 'answer' | 'refusal'> | undefined
    const timer = setTimeout(() => settle(() => reject(late(place, timeoutMs, tap, done !== undefined))), timeoutMs)
    const aborted = () => settle(() => reject(abortedError(signal, `the connection to ${placeText(place)}`)))
    let settled = false

    function settle(act: () => void): void {
      if (settled) return
      settled = true
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      act()
      tls?.destroy()
      socket.destroy()
    }
    function end(error: unknown): void {
      if (done !== undefined) finish('closed', errnoOf(error) ?? null)
      else
        settle(() =>
          resolve({
            kind: 'ended',
            stage: tap === undefined ? 'connecting' : 'shaking-hands',
            code: codeOf(error, tap),
            flight: tap === undefined ? NO_FLIGHT : readServerFlight(tap.heard(), keyLog),
            heard: tap?.heard() ?? Buffer.alloc(0),
            cause: error,
          }),
        )
    }
    function finish(answer: Done['answer'], refusal: string | null): void {
      if (done !== undefined) settle(() => resolve({ ...done!, answer, refusal }))
    }

    if (signal.aborted) return aborted()
    signal.addEventListener('abort', aborted, { once: true })
    socket.on('error', end).once('connect', () => {
      tap = new Tap(socket)
      try {
        tls = connectTls({ socket: tap, ...optionsOf(place, offer) })
      } catch (error) {
        return settle(() => reject(error))
      }
      tls.on('keylog', line => keyLog.push(line.toString('latin1')))
      tls.on('error', end).on('close', () => end(undefined))
      tls.once('secureConnect', () => {
        tap!.stopKeeping()
        done = {
          kind: 'done',
          protocol: tls!.getProtocol() ?? 'unknown',
          cipher: tls!.getCipher().name,
          alpn: tls!.alpnProtocol || null,
          library: offer.roots === undefined ? null : libraryVerdict(tls!),
          flight: readServerFlight(tap!.heard(), keyLog),
          leaf: tls!.getPeerX509Certificate()?.raw ?? Buffer.alloc(0),
        }
        if (offer.say === undefined) return finish(null, null)
        tls!.once('data', (chunk: Buffer) => finish(chunk, null)).once('end', () => finish('closed', null))
        tls!.write(offer.say)
      })
    })
  })
}

function optionsOf(place: Place, { roots, identity, alpn, minVersion, maxVersion, ciphers }: Offer) {
  return {
    secureContext: createSecureContext({
      minVersion,
      maxVersion,
      ciphers,
      // None are loaded where nothing is judged: this machine's list costs more than the connection.
      ca: [...(roots ?? [])],
      ...(identity === undefined ? {} : { cert: identity.certificatePem, key: identity.privateKeyPem.reveal() }),
    }),
    ...(isIP(place.name) === 0 ? { servername: place.name } : {}),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    // The certificate is looked at whoever signed it, and for whomever it is.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  }
}

/** The library has it as a code, whatever its type says. */
function libraryVerdict(tls: TLSSocket): string | null {
  const verdict: unknown = tls.authorizationError
  if (verdict === null || verdict === undefined) return tls.authorized ? null : 'UNKNOWN'
  return typeof verdict === 'string' ? verdict : (errnoOf(verdict) ?? 'UNKNOWN')
}

function codeOf(error: unknown, tap: Tap | undefined): string {
  const code = errnoOf(error)
  // The library's own error for a connection that ends during a handshake.
  if (code === undefined || (code === 'ECONNRESET' && tap !== undefined)) return 'CLOSED'
  return code
}

function late(place: Place, timeoutMs: number, tap: Tap | undefined, done: boolean): RunproofError {
  const how =
    tap === undefined
      ? 'no connection came about'
      : done
        ? 'no answer came after the handshake'
        : tap.heardBytes === 0
          ? 'it takes connections and says nothing'
          : `${tap.heardBytes} bytes came, and no whole handshake`
  const hint =
    tap === undefined
      ? 'is a firewall in between?'
      : done
        ? undefined
        : 'does it speak TLS? a longer --timeout would show'
  return new RunproofError('TIMEOUT', `${placeText(place)}: ${how} within ${timeoutMs} ms`, { hint })
}

export function placeText({ host, port }: Pick<Place, 'host' | 'port'>): string {
  return `${bracketed(host)}:${port}`
}
