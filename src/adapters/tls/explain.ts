import { type ErrorCode, RunproofError } from '../../model/error.ts'
import { type Ended, type Place, placeText } from './connection.ts'

const UNKNOWN_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME'])
/** Content types of TLS records; everything else is no TLS. */
const RECORD_TYPES = [20, 21, 22, 23]
const OTHER_PROTOCOLS: readonly (readonly [RegExp, string])[] = [
  [/^HTTP\//, 'plain HTTP'],
  [/^SSH-/, 'SSH'],
  [/^(?:220|\* OK|\+OK)/, 'a mail or file protocol that begins in plain'],
]
const HANDSHAKE: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ERR_SSL_EXCESSIVE_MESSAGE_SIZE: [
    'its certificates are larger than the 100 KiB that clients accept',
    'is something in the chain that does not belong there?',
  ],
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: ['it does not know the name it was asked by', 'another one: --servername NAME'],
  ERR_SSL_TLSV1_ALERT_UNRECOGNIZED_NAME: [
    'it does not know the name it was asked by',
    'another one: --servername NAME',
  ],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ['it speaks none of TLS 1.0 to 1.3', 'is it SSL 3, or DTLS?'],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ['it speaks none of TLS 1.0 to 1.3', 'is it SSL 3, or DTLS?'],
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: [
    'it speaks neither h2 nor http/1.1',
    'the check is for servers of HTTP',
  ],
}

/** Why there was no handshake to judge. */
export function explainEnd(place: Place, { stage, code, flight, heard, cause }: Ended): RunproofError {
  const where = placeText(place)
  const fail = (kind: ErrorCode, why: string, hint?: string) =>
    new RunproofError(kind, `${where}: ${why}`, { hint, cause })
  if (stage === 'connecting' && code !== 'ECONNRESET') {
    if (code === 'ECONNREFUSED')
      return fail('TARGET_UNREACHABLE', 'nothing listens there', 'is the server running, and on that port?')
    if (UNKNOWN_NAME.has(code))
      return fail('TARGET_UNREACHABLE', `the name has no address (${code})`, 'is it spelled right, and known here?')
    return fail('TARGET_UNREACHABLE', `no connection (${code})`, 'can this machine reach it?')
  }
  const first = heard[0]
  if (first !== undefined && !RECORD_TYPES.includes(first)) {
    const text = heard.toString('latin1')
    const other = OTHER_PROTOCOLS.find(([pattern]) => pattern.test(text))?.[1]
    return fail(
      'TLS_FAILED',
      `what listens there speaks no TLS${other === undefined ? '' : `, but ${other}`}`,
      'is it the right port?',
    )
  }
  if (flight.asksForCertificate === true)
    return fail(
      'TLS_FAILED',
      `it wants a client certificate, and broke the handshake off (${code})`,
      '--client-cert FILE --client-key FILE; is the one given trusted there?',
    )
  const known = HANDSHAKE[code]
  if (known !== undefined) return fail('TLS_FAILED', `no handshake: ${known[0]}`, known[1])
  if (code === 'CLOSED' || code === 'ECONNRESET') {
    const when = heard.length === 0 ? 'before it said anything' : `after ${heard.length} bytes of the handshake`
    return fail('TLS_FAILED', `it closed the connection ${when}`, 'does it speak TLS there? its log may say why')
  }
  return fail('TLS_FAILED', `no handshake (${code})`, `openssl s_client -connect ${where} says more`)
}
