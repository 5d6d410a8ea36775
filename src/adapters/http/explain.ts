import { RunproofError } from '../../model/error.ts'
import { errnoOf } from '../../model/system-error.ts'

/** Whom the certificate was to satisfy; absent without TLS. */
export interface Trust {
  readonly host: string
  /** Null when the roots of this machine are trusted. */
  readonly caFile: string | null
}

interface Subject {
  readonly url: string
  readonly trust?: Trust | undefined
  /** How far the answer had come. */
  readonly head: boolean
  readonly bodyBytes: number
}

const UNTRUSTED: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate leads to a root that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'the issuer of its certificate is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of its certificate is not known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the issuer of its certificate is not known, or an intermediate certificate is missing',
  CERT_UNTRUSTED: 'its certificate is not trusted',
  INVALID_CA: 'its certificate was issued by one that is no certificate authority',
}
const INVALID: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate does not hold',
  INVALID_PURPOSE: 'its certificate is not for servers',
}
const RENEW = 'renew it; nothing makes runproof accept it'
const NOT_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'])
const UNKNOWN_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME'])
const BROKEN_OFF = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'ERR_HTTP2_STREAM_CLOSED',
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_HTTP2_SESSION_ERROR',
])

/** The parser takes an end there for an error of the text. */
const BETWEEN_CHUNKS = /Invalid EOF state/

/** Why there is no answer, or no whole one, from what the client library threw. */
export function explain(thrown: unknown, subject: Subject): RunproofError {
  if (thrown instanceof RunproofError) return thrown
  const { url, head, bodyBytes } = subject
  const code = errnoOf(thrown) ?? ''
  const fail = (...[kind, message, hint]: [ConstructorParameters<typeof RunproofError>[0], string, string?]) =>
    new RunproofError(kind, message, { hint, cause: thrown })

  if (code.startsWith('UND_ERR_INVALID') || code === 'ERR_HTTP2_INVALID_REQUEST')
    return fail('INTERNAL', `a request to ${url} that can't be made`)
  if (subject.trust !== undefined && !head) {
    const failure = tlsFailure(thrown, code, subject.trust)
    if (failure !== undefined) return fail('TLS_FAILED', `no safe connection to ${url}: ${failure.why}`, failure.hint)
  }
  if (UNKNOWN_NAME.has(code)) {
    return fail(
      'TARGET_UNREACHABLE',
      `the name in ${url} has no address (${code})`,
      'is it spelled right, and known here?',
    )
  }
  if (code === 'ECONNREFUSED') {
    return fail('TARGET_UNREACHABLE', `nothing listens where ${url} points to`, `is it running? try: curl -sS ${url}`)
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return fail('TIMEOUT', `no connection for ${url} came about`)
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return fail(
      'ANSWER_MALFORMED',
      `${url} answers with headers that do not end`,
      'is it the daemon that listens there?',
    )
  }
  if (thrown instanceof Error && isNoHttp2(thrown, code)) {
    return fail('ANSWER_MALFORMED', `${url} agreed on HTTP/2 and does not answer in it`)
  }
  if (thrown instanceof Error && isNoHttp(thrown, code)) {
    const hint = url.startsWith('http:') ? `is it https? try: curl -sS ${url.replace('http:', 'https:')}` : undefined
    return fail('ANSWER_MALFORMED', `${url} does not answer in HTTP/1.1`, hint)
  }
  if (BROKEN_OFF.has(code) || (thrown instanceof Error && BETWEEN_CHUNKS.test(thrown.message))) {
    const when = head ? `after ${bodyBytes} bytes of the body` : 'before it answered'
    const hint =
      head || !url.startsWith('http:')
        ? undefined
        : 'did it end just then? One that never answers http: may want https:'
    return fail('TARGET_UNREACHABLE', `${url} broke the connection off ${when}`, hint)
  }
  return fail('TARGET_UNREACHABLE', `no answer from ${url}`, 'the daemon may have ended, or not listen yet')
}

/** Whoever of the two found it: a server that takes our request for malformed does not keep to the protocol, either. */
function isNoHttp2({ message }: Error, code: string): boolean {
  if (code === 'ERR_HTTP2_ERROR' || code === 'ERR_HTTP2_TOO_MANY_INVALID_FRAMES') return true
  return code === 'ERR_HTTP2_STREAM_ERROR' && /NGHTTP2_(?!INTERNAL|REFUSED|CANCEL)/.test(message)
}

/** Some of the library's errors have a code, and some only a name or a text. */
function isNoHttp({ name, message }: Error, code: string): boolean {
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || /^bad (?:response|upgrade)$/.test(message)) return true
  return name === 'HTTPParserError' && !BETWEEN_CHUNKS.test(message)
}

function tlsFailure(thrown: unknown, code: string, trust: Trust): { why: string; hint: string } | undefined {
  if (UNTRUSTED[code] !== undefined) {
    const hint =
      trust.caFile === null
        ? 'ca-file=PATH names the certificates to trust instead of the roots of this machine'
        : `only the certificates in ca-file=${trust.caFile} are trusted; is it the file of this daemon’s issuer?`
    return { why: UNTRUSTED[code], hint }
  }
  if (INVALID[code] !== undefined) return { why: INVALID[code], hint: RENEW }
  // Verification knows more reasons than Node has codes for; the library's own words say which.
  if (code === 'UNSPECIFIED' && thrown instanceof Error) {
    return { why: `its certificate is refused: ${thrown.message.slice(0, 100)}`, hint: RENEW }
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      why: `its certificate is not for ${trust.host}${namesOf(thrown)}`,
      hint: 'ask by a name in the certificate',
    }
  }
  if (NOT_TLS.has(code))
    return { why: `what listens does not speak TLS (${code})`, hint: 'is it http: instead of https:?' }
  if (/^(?:ERR_SSL_|ERR_TLS_|CERT_|EPROTO|ERR_OSSL_)/.test(code)) {
    return { why: `the handshake failed (${code})`, hint: 'runproof tries TLS 1.2 and 1.3' }
  }
  return undefined
}

function namesOf(thrown: unknown): string {
  const names = (thrown as { cert?: { subjectaltname?: unknown } }).cert?.subjectaltname
  return typeof names === 'string' && names !== '' ? `, it is for ${names.slice(0, 200)}` : ', it names nobody'
}
