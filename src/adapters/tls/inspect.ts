import { createHash } from 'node:crypto'
import { RunproofError } from '../../model/error.ts'
import { type Admission, type Inspection, OFFERS, type OfferAnswer, type OfferId } from '../../tls/inspection.ts'
import type { Calibrated } from './calibrate.ts'
import {
  type ClientIdentity,
  type Done,
  type Ended,
  type Limits,
  type Offer,
  type Place,
  shakeHands,
} from './connection.ts'
import { explainEnd } from './explain.ts'
import { askPlain, request, statusOf } from './plain.ts'

/** What an ordinary client offers, and what it would not any more, so that a bad server is seen instead of missed. */
const ORDINARY = { minVersion: 'TLSv1', maxVersion: 'TLSv1.3', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
/** Several processes of one server may hold different certificates. */
const EXPECTED_CONNECTIONS = 4

export interface InspectOptions extends Limits {
  readonly place: Place
  /** What this client can offer, found out in this run. */
  readonly calibrated: Promise<Calibrated>
  /** PEM. */
  readonly roots: readonly string[]
  readonly identity?: ClientIdentity | undefined
  readonly requireClientCertificate: boolean
  readonly compareServed: boolean
  /** Where a plain port redirects from, and the path to ask for. */
  readonly redirect?: { readonly place: Place; readonly path: string } | undefined
}

/**
 * Asks a server everything that is judged of its TLS, over about ten connections.
 *
 * @throws RunproofError TARGET_UNREACHABLE, TLS_FAILED, TIMEOUT or INTERRUPTED when there is no handshake to judge
 */
export async function inspect(options: InspectOptions): Promise<Inspection> {
  const { place, roots, identity } = options
  const offer = { ...ORDINARY, identity }
  const first = await shakeHands(place, { ...offer, alpn: ['h2', 'http/1.1'], roots }, options)
  if (first.kind === 'ended') throw explainEnd(place, first)

  const [offers, plain, redirect, served, without, withIdentity] = await Promise.all([
    answersTo(options),
    askPlain(place, options),
    options.redirect === undefined ? null : askPlain(options.redirect.place, options, options.redirect.path),
    options.compareServed ? servedBy(first, options) : [],
    options.requireClientCertificate ? admission(options, undefined) : null,
    identity === undefined ? null : admission(options, identity),
  ])
  const { protocol, cipher, alpn, library, flight, leaf } = first
  return {
    protocol,
    cipher,
    alpn,
    library,
    flight,
    leaf,
    served,
    offers,
    plain,
    redirect,
    admission: { without, with: withIdentity },
  }
}

async function answersTo(options: InspectOptions): Promise<Inspection['offers']> {
  const answers = await Promise.all(
    (Object.keys(OFFERS) as OfferId[]).map(async id => [id, await answerTo(id, options)] as const),
  )
  return Object.fromEntries(answers) as Inspection['offers']
}

async function answerTo(id: OfferId, options: InspectOptions): Promise<OfferAnswer> {
  const offer = { ...OFFERS[id], identity: options.identity }
  const [{ [id]: calibrated }, asked] = await Promise.all([options.calibrated, attempt(options.place, offer, options)])
  if (asked instanceof RunproofError) return { calibrated, answer: 'none', detail: asked.message }
  if (asked.kind === 'done') return { calibrated, answer: 'accepted', detail: asked.cipher }
  if (asked.stage === 'connecting') return { calibrated, answer: 'none', detail: asked.code }
  // It agreed, and the handshake failed for another reason, such as a client certificate that it wants.
  if (asked.flight.agreed) return { calibrated, answer: 'accepted', detail: 'the server agreed' }
  return { calibrated, answer: 'refused', detail: refusalText(asked.code) }
}

/** A client library that cannot even make the offer has not been refused anything. */
async function attempt(place: Place, offer: Offer, limits: Limits): Promise<Done | Ended | RunproofError> {
  try {
    return await shakeHands(place, offer, limits)
  } catch (thrown) {
    if (limits.signal.aborted) throw thrown
    return thrown instanceof RunproofError
      ? thrown
      : new RunproofError('TLS_FAILED', 'this client cannot offer it', { cause: thrown })
  }
}

function refusalText(code: string): string {
  if (code === 'CLOSED') return 'closed'
  return code
    .replace(/^ERR_SSL_(?:TLSV1_|SSLV3_)?(?:ALERT_)?/, '')
    .replaceAll('_', ' ')
    .toLowerCase()
}

async function servedBy(first: Done, options: InspectOptions): Promise<readonly string[]> {
  const more = await Promise.all(
    Array.from({ length: EXPECTED_CONNECTIONS - 1 }, () =>
      attempt(options.place, { ...ORDINARY, identity: options.identity }, options),
    ),
  )
  return [first, ...more.filter(one => !(one instanceof RunproofError) && one.kind === 'done')].map(one =>
    createHash('sha256')
      .update((one as Done).leaf)
      .digest('hex'),
  )
}

/**
 * Asks for something after the handshake: TLS 1.3 refuses a client's certificate only then. It is asked for in HTTP/1.1, and
 * without ALPN, since a server that is told a protocol it does not have refuses for that.
 */
async function admission(options: InspectOptions, identity: ClientIdentity | undefined): Promise<Admission> {
  const { place } = options
  const say = request(place.name, place.port)
  const asked = await attempt(place, { ...ORDINARY, identity, say }, options)
  if (asked instanceof RunproofError) return { kind: 'silent' }
  if (asked.kind === 'ended')
    return asked.stage === 'connecting' ? { kind: 'silent' } : { kind: 'refused', detail: refusalText(asked.code) }
  if (Buffer.isBuffer(asked.answer)) return { kind: 'answered', status: statusOf(asked.answer) }
  return { kind: 'refused', detail: asked.refusal === null ? 'closed' : refusalText(asked.refusal) }
}
