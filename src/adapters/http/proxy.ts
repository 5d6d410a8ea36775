import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { RunproofError } from '../../model/error.ts'
import type { HttpClient, StreamAnswer } from '../../model/http.ts'
import type { Interposition, TlsFront } from '../../model/interposer.ts'
import { misbehave } from '../../sse/misbehave.ts'

/** The one who asked the proxy has a limit of its own, and its leaving ends what is asked further on. */
const WITHOUT_END_MS = 2 ** 31 - 1
const MAX_BODY_BYTES = 64 * 1024 * 1024
/** Of one connection, not of the message. @see RFC 9110, section 7.6.1 */
const HOP_BY_HOP = new Set(
  'connection content-length expect host keep-alive proxy-connection te trailer transfer-encoding upgrade'.split(' '),
)

/**
 * A server, not yet listening, that passes everything on to a daemon, and is wrong about it as told.
 *
 * @throws RunproofError CERTIFICATE_INVALID where it is to speak TLS with a chain and a key that no server starts with
 */
export function createProxy(target: HttpClient, how: Interposition): Server {
  const act = (request: IncomingMessage, response: ServerResponse) => {
    if (how.silent === true) return
    forward(target, how, request, response).catch(() => response.destroy())
  }
  if (how.tls === undefined || how.tls.plain === true) return createServer(act)
  return createTlsServer(
    {
      ...identityOf(how.tls),
      minVersion: 'TLSv1.2',
      // A server that refuses to show a weak certificate would leave it untold who else does.
      ciphers: 'DEFAULT@SECLEVEL=0',
    },
    act,
  )
}

/** What a server shows. It would start with a key of another kind, too, and then fail every handshake. @throws RunproofError CERTIFICATE_INVALID */
function identityOf({ chain, key }: TlsFront): { readonly cert: string; readonly key: string } {
  const pem = key.reveal()
  if (certificateIn(chain).checkPrivateKey(privateKeyIn(pem))) return { cert: chain, key: pem }
  throw new RunproofError('CERTIFICATE_INVALID', 'no server starts so: the key belongs to another certificate', {
    hint: 'openssl x509 -noout -pubkey of the certificate and openssl pkey -pubout of the key print the same',
  })
}

function certificateIn(chain: string): X509Certificate {
  try {
    return new X509Certificate(chain)
  } catch (cause) {
    throw new RunproofError('CERTIFICATE_INVALID', 'no server starts so: the chain holds no certificate', { cause })
  }
}

function privateKeyIn(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new RunproofError('CERTIFICATE_INVALID', 'no server starts so: the key cannot be read', { cause })
  }
}

async function forward(
  target: HttpClient,
  how: Interposition,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? '/'
  const { answer } = how
  if (answer !== undefined && (answer.paths?.includes(withoutQuery(path)) ?? true)) {
    response.writeHead(answer.status, answer.headers).end(answer.body)
    return
  }
  const left = new AbortController()
  response.once('close', () => left.abort())
  const body = await buffer(request)
  const upstream = await target.openStream(rewritePath(path, how), {
    method: request.method ?? 'GET',
    headers: requestHeaders(request, how),
    ...(body.length === 0 ? {} : { body }),
    timeoutMs: WITHOUT_END_MS,
    signal: left.signal,
  })
  const headers = Object.fromEntries(Object.entries(upstream.headers).filter(([name]) => !HOP_BY_HOP.has(name)))
  const shown = { ...(how.rewriteHeaders?.(path, headers) ?? headers) }
  if (headers['content-type']?.startsWith('text/event-stream') === true) {
    response.writeHead(upstream.status, shown).flushHeaders()
    await pipeline(how.stream === undefined ? upstream.chunks : misbehave(upstream.chunks, how.stream), response)
    return
  }
  const whole = await collect(upstream)
  const rewritten = how.rewriteBody === undefined ? whole : Buffer.from(how.rewriteBody(path, whole.toString('utf8')))
  response.writeHead(upstream.status, shown).end(rewritten)
}

function requestHeaders(request: IncomingMessage, { swapBearer, dropHeader }: Interposition): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || HOP_BY_HOP.has(name) || name === dropHeader) continue
    headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  if (swapBearer !== undefined && headers['authorization'] === `Bearer ${swapBearer.from.reveal()}`) {
    headers['authorization'] = `Bearer ${swapBearer.to.reveal()}`
  }
  return headers
}

function rewritePath(path: string, { redirect, dropQuery }: Interposition): string {
  const query = path.slice(withoutQuery(path).length + 1).split('&')
  const kept = query.filter(part => part !== '' && (dropQuery === undefined || part.split('=', 1)[0] !== dropQuery))
  const to = redirect?.from === withoutQuery(path) ? redirect.to : withoutQuery(path)
  return kept.length === 0 ? to : `${to}?${kept.join('&')}`
}

function withoutQuery(path: string): string {
  return path.split('?', 1)[0]!
}

async function collect({ chunks, close }: StreamAnswer): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) {
      close()
      throw new RunproofError('BODY_TOO_LARGE', `an answer of more than ${MAX_BODY_BYTES} bytes was to pass`)
    }
    pieces.push(chunk)
  }
  return Buffer.concat(pieces)
}
