import { createDecipheriv, createHmac } from 'node:crypto'

/** What a server's part of a handshake holds that a client library does not hand out. */
export interface ServerFlight {
  /** Whether the server agreed to what was offered: its hello came. */
  readonly agreed: boolean
  /** Certificates as they were sent, DER, in their order; null when none could be read. */
  readonly chain: readonly Buffer[] | null
  /** Whether the server asked the client for a certificate; null when the flight could not be read. */
  readonly asksForCertificate: boolean | null
}

const UNREAD: ServerFlight = { agreed: false, chain: null, asksForCertificate: null }
const RECORD_HEADER_BYTES = 5
const CHANGE_CIPHER_SPEC = 20
const HANDSHAKE = 22
const APPLICATION_DATA = 23
const SERVER_HELLO = 2
const CERTIFICATE = 11
const CERTIFICATE_REQUEST = 13
const FINISHED = 20
/** Of TLS 1.3; every earlier version shows its certificates in plain. */
const SUITES = {
  4865: { cipher: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 },
  4866: { cipher: 'aes-256-gcm', hash: 'sha384', keyBytes: 32 },
  4867: { cipher: 'chacha20-poly1305', hash: 'sha256', keyBytes: 32 },
} as const

interface Message {
  readonly type: number
  readonly body: Buffer
}

/**
 * The certificates of a handshake in the order in which the server sent them, which client libraries sort away.
 *
 * @param bytes - what came from the server, from its first byte on
 * @param keyLog - lines of the client's key log (NSS format), without which TLS 1.3 cannot be read
 * @see https://www.rfc-editor.org/rfc/rfc8446#section-5.2
 */
export function readServerFlight(bytes: Buffer, keyLog: readonly string[]): ServerFlight {
  try {
    const { messages, encrypted } = splitFlight(bytes, keyLog)
    const certificate = messages.find(message => message.type === CERTIFICATE)
    return {
      agreed: messages.some(isHello),
      chain: certificate === undefined ? null : readCertificates(certificate.body, encrypted),
      asksForCertificate: messages.some(message => message.type === CERTIFICATE_REQUEST),
    }
  } catch (thrown) {
    if (thrown instanceof RangeError || isDecryptError(thrown))
      return { ...UNREAD, agreed: messagesOf(bytes.subarray(RECORD_HEADER_BYTES)).some(isHello) }
    throw thrown
  }
}

function isHello({ type }: Message): boolean {
  return type === SERVER_HELLO
}

function isDecryptError(thrown: unknown): boolean {
  return thrown instanceof Error && /unable to authenticate data/.test(thrown.message)
}

function splitFlight(bytes: Buffer, keyLog: readonly string[]): { messages: readonly Message[]; encrypted: boolean } {
  let plain: Buffer = Buffer.alloc(0)
  let hidden: Buffer = Buffer.alloc(0)
  let open: ((header: Buffer, body: Buffer) => Buffer | null) | undefined
  for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.length; ) {
    const header = bytes.subarray(at, at + RECORD_HEADER_BYTES)
    const type = header.readUInt8(0)
    const end = at + RECORD_HEADER_BYTES + header.readUInt16BE(3)
    if (end > bytes.length) break
    const body = bytes.subarray(at + RECORD_HEADER_BYTES, end)
    at = end
    if (type === HANDSHAKE) plain = Buffer.concat([plain, body])
    else if (type === APPLICATION_DATA) {
      open ??= opener(plain, keyLog)
      const opened = open(header, body)
      if (opened !== null) hidden = Buffer.concat([hidden, opened])
      // What follows is under other keys.
      if (messagesOf(hidden).some(message => message.type === FINISHED)) break
    } else if (type === CHANGE_CIPHER_SPEC && !isTls13(plain)) break
  }
  return { messages: [...messagesOf(plain), ...messagesOf(hidden)], encrypted: hidden.length > 0 }
}

/** An incomplete last message is left out: it may be the encrypted end of an earlier version's handshake. */
function messagesOf(bytes: Buffer): Message[] {
  const messages: Message[] = []
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUIntBE(at + 1, 3)
    if (end > bytes.length) break
    messages.push({ type: bytes.readUInt8(at), body: bytes.subarray(at + 4, end) })
    at = end
  }
  return messages
}

/** The first may only ask the client to try again, with the suite that the second one has, too (RFC 8446 section 4.1.4). */
function helloOf(plain: Buffer): Buffer | undefined {
  return messagesOf(plain).find(isHello)?.body
}

function suiteOf(hello: Buffer): number {
  return hello.readUInt16BE(35 + hello.readUInt8(34))
}

function isTls13(plain: Buffer): boolean {
  const hello = helloOf(plain)
  return hello !== undefined && suiteOf(hello) in SUITES
}

/** Opens records under the server's handshake keys, one after another. */
function opener(plain: Buffer, keyLog: readonly string[]): (header: Buffer, body: Buffer) => Buffer | null {
  const hello = helloOf(plain)
  const suite = hello === undefined ? undefined : SUITES[suiteOf(hello) as keyof typeof SUITES]
  const secret = keyLog.map(line => /^SERVER_HANDSHAKE_TRAFFIC_SECRET \S+ ([0-9a-f]+)/i.exec(line)?.[1]).find(Boolean)
  if (suite === undefined || secret === undefined) throw new RangeError('nothing to open the records with')
  const traffic = Buffer.from(secret, 'hex')
  const key = expandLabel(suite.hash, traffic, 'key', suite.keyBytes)
  const iv = expandLabel(suite.hash, traffic, 'iv', 12)
  let sequence = 0
  return (header, body) => {
    const nonce = Buffer.from(iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence++) >>> 0, 8)
    const decipher = createDecipheriv(suite.cipher as 'aes-128-gcm', key, nonce, { authTagLength: 16 })
    decipher.setAuthTag(body.subarray(-16))
    decipher.setAAD(header)
    const inner = Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()])
    const last = inner.findLastIndex(byte => byte !== 0)
    return inner[last] === HANDSHAKE ? inner.subarray(0, last) : null
  }
}

/** HKDF-Expand-Label of RFC 8446 section 7.1, for outputs of at most one block of the hash. */
function expandLabel(hash: string, secret: Buffer, label: string, sizeBytes: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const info = Buffer.concat([Buffer.from([0, sizeBytes, name.length]), name, Buffer.from([0, 1])])
  return createHmac(hash, secret).update(info).digest().subarray(0, sizeBytes)
}

/** TLS 1.3 puts a context before the list and extensions after each certificate. */
function readCertificates(body: Buffer, encrypted: boolean): readonly Buffer[] {
  let at = encrypted ? 1 + body.readUInt8(0) : 0
  at += 3
  const certificates: Buffer[] = []
  while (at < body.length) {
    const end = at + 3 + body.readUIntBE(at, 3)
    if (end > body.length) throw new RangeError('a certificate is cut off')
    certificates.push(body.subarray(at + 3, end))
    at = encrypted ? end + 2 + body.readUInt16BE(end) : end
  }
  return certificates
}
