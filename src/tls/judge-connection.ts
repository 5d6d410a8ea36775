import { hostOf } from '../model/host-text.ts'
import { answer, type Finding } from './finding.ts'
import type { Admission, Inspection, OfferAnswer, OfferId, PlainAnswer } from './inspection.ts'

const CURRENT = ['TLSv1.2', 'TLSv1.3']
/** What a server says to those who come without TLS, or without a certificate, and means no by. */
const NO_WITHOUT_TLS = [400, 426, 497]
const NO_WITHOUT_CERTIFICATE = [400, 403, 495, 496]

/** TLS 1.0 and 1.1 are refused (RFC 8996), which counts only where the same client could have spoken them. */
export function judgeProtocol({ protocol, offers }: Pick<Inspection, 'protocol' | 'offers'>): Finding {
  const question = { id: 'protocol-floor', expected: 'TLS 1.2 or 1.3; TLS 1.0 and 1.1 refused' }
  const spoken = protocol.replace('TLSv1', 'TLS 1').replace(/^TLS 1$/, 'TLS 1.0')
  const asked = ['TLS 1.0', 'TLS 1.1'] as const
  const shown = `${spoken} spoken; ${asked.map(id => `${id} ${show(offers[id])}`).join('; ')}`
  const accepted = asked.filter(id => offers[id].answer === 'accepted')
  if (accepted.length > 0 || !CURRENT.includes(protocol))
    return answer(question, 'fail', shown, 'in nginx: ssl_protocols TLSv1.2 TLSv1.3;')
  return answer(question, asked.every(id => isRefused(offers[id])) ? 'ok' : 'unknown', shown, UNKNOWN_OFFER)
}

const UNKNOWN_OFFER = 'ask again, or with another client: openssl s_client'

/** Suites as far as this client still knows them. */
export function judgeCiphers({ cipher, offers }: Pick<Inspection, 'cipher' | 'offers'>): Finding {
  const question = { id: 'ciphers', expected: 'no suite without encryption, authentication or forward secrecy' }
  const asked: readonly OfferId[] = ['no encryption', 'no authentication', 'no forward secrecy']
  const accepted = asked.filter(id => offers[id].answer === 'accepted')
  if (accepted.length > 0) {
    const level = accepted.every(id => id === 'no forward secrecy') ? 'warn' : 'fail'
    const shown = accepted.map(id => `${id}: ${offers[id].detail}`).join('; ')
    return answer(question, level, shown, 'in nginx: ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;')
  }
  const open = asked.filter(id => !isRefused(offers[id]))
  if (open.length > 0)
    return answer(question, 'unknown', open.map(id => `${id} ${show(offers[id])}`).join('; '), UNKNOWN_OFFER)
  return answer(question, 'ok', `${cipher} spoken; the others refused`)
}

function isRefused({ calibrated, answer }: OfferAnswer): boolean {
  return calibrated && answer === 'refused'
}

function show({ calibrated, answer, detail }: OfferAnswer): string {
  if (answer === 'accepted') return 'accepted'
  if (!calibrated) return 'not judged: this client cannot offer it'
  return answer === 'refused' ? `refused (${detail})` : `not known: ${detail}`
}

/** @param wanted - the protocol the server has to choose when both are offered; none: whatever it chooses */
export function judgeAlpn({ alpn }: Pick<Inspection, 'alpn'>, wanted?: string | undefined): Finding {
  const question = { id: 'alpn', expected: wanted ?? 'h2 or http/1.1, or nothing, which is HTTP/1.1' }
  const fits = wanted === undefined || alpn === wanted
  return answer(question, fits ? 'ok' : 'fail', alpn ?? 'nothing chosen', 'in nginx: listen … ssl http2;')
}

/** On the port that speaks TLS nothing is served without it. */
export function judgePlain(plain: PlainAnswer): Finding {
  const question = { id: 'plaintext', expected: 'no service without TLS on the same port' }
  const hint = 'whatever is sent there, tokens too, can be read on the way'
  switch (plain.kind) {
    case 'http': {
      const safe = NO_WITHOUT_TLS.includes(plain.status) || (isRedirect(plain.status) && isHttps(plain.location))
      return answer(question, safe ? 'ok' : 'fail', `HTTP ${plain.status}${safe ? ', a refusal' : ''}`, hint)
    }
    case 'other':
      return answer(question, 'fail', 'it answers in plain', hint)
    case 'unreachable':
      return answer(question, 'unknown', 'a second connection did not come about', 'ask again')
    default:
      return answer(question, 'ok', { alert: 'a TLS alert', closed: 'closed', silent: 'no answer' }[plain.kind])
  }
}

/**
 * Whoever comes without TLS is sent to the same name with it.
 *
 * @param name - that the redirect has to name
 */
export function judgeRedirect(redirect: PlainAnswer | null, from: string | undefined, name: string): Finding {
  const question = { id: 'redirect', expected: `${from ?? 'the plain port'} redirects to https://${name}` }
  if (redirect === null) return answer(question, 'skipped', 'not asked', '--plain-port N or --redirect-from URL')
  if (redirect.kind !== 'http') {
    const shown = {
      other: 'it does not answer in HTTP',
      alert: 'it speaks TLS',
      closed: 'closed without an answer',
      silent: 'no answer',
      unreachable: 'nothing listens',
    }
    const level = redirect.kind === 'silent' ? 'unknown' : 'fail'
    return answer(question, level, shown[redirect.kind], 'in nginx: listen 80; return 308 https://$host$request_uri;')
  }
  const { status, location } = redirect
  const shown = `HTTP ${status}${location === null ? '' : ` to ${location.slice(0, 200)}`}`
  if (!isRedirect(status) || !isHttps(location))
    return answer(question, 'fail', shown, 'in nginx: listen 80; return 308 https://$host$request_uri;')
  const same = hostOf(new URL(location!)) === name.toLowerCase()
  return answer(question, same ? 'ok' : 'warn', shown, `it leads to another name than ${name}`)
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}

function isHttps(location: string | null): boolean {
  return location !== null && URL.canParse(location) && new URL(location).protocol === 'https:'
}

const MUST_ASK = 'in nginx: ssl_verify_client on; ssl_client_certificate FILE;'

/** Whoever has no certificate is refused, where that is asked for; whoever has the one that was given is let in. */
export function judgeAdmission(
  { admission, flight }: Pick<Inspection, 'admission' | 'flight'>,
  required: boolean,
): Finding {
  const asks = flight.asksForCertificate
  const question = {
    id: 'client-certificate',
    expected: required ? 'nobody is let in without a certificate' : 'the given certificate is let in',
  }
  if (admission.with === null && !required)
    return answer(
      { id: 'client-certificate', expected: 'not asked' },
      'skipped',
      asks === null
        ? 'not known whether it asks for one'
        : asks
          ? 'the server asks for one'
          : 'the server asks for none',
      '--require-client-cert, or --client-cert FILE --client-key FILE',
    )
  const shown = [
    ...(admission.without === null ? [] : [`without one: ${showAdmission(admission.without)}`]),
    ...(admission.with === null ? [] : [`with the given one: ${showAdmission(admission.with)}`]),
  ].join('; ')
  // Whatever refuses whoever comes without one did not do it for that, if it never asks.
  if (required && asks === false) return answer(question, 'fail', `it asks nobody for one; ${shown}`, MUST_ASK)
  if (required && isLetIn(admission.without)) return answer(question, 'fail', shown, MUST_ASK)
  if (isKnown(admission.with) && !isLetIn(admission.with))
    return answer(question, 'fail', shown, 'does the server trust its issuer, and is it valid and for clients?')
  const known =
    (!required || (isKnown(admission.without) && asks === true)) && (admission.with === null || isKnown(admission.with))
  return answer(question, known ? 'ok' : 'unknown', shown, 'ask again, with a longer --timeout')
}

function isKnown(admission: Admission | null): admission is Exclude<Admission, { kind: 'silent' }> {
  return admission !== null && admission.kind !== 'silent'
}

function isLetIn(admission: Admission | null): boolean {
  return admission?.kind === 'answered' && !NO_WITHOUT_CERTIFICATE.includes(admission.status ?? 0)
}

function showAdmission(admission: Admission): string {
  if (admission.kind === 'silent') return 'no answer'
  if (admission.kind === 'refused') return `refused (${admission.detail})`
  return admission.status === null ? 'answered' : `HTTP ${admission.status}`
}
