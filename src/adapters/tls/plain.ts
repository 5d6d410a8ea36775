import { connect } from 'node:net'
import { abortedError } from '../../model/aborted.ts'
import { bracketed } from '../../model/host-text.ts'
import type { PlainAnswer } from '../../tls/inspection.ts'
import { type Limits, type Place, placeText } from './connection.ts'

const MOST_BYTES = 64 * 1024
const ALERT = 21

/** The request of a client that knows nothing of TLS. */
export function request(name: string, port: number, path = '/'): string {
  const host = `${bracketed(name)}${port === 80 || port === 443 ? '' : `:${port}`}`
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: runproof\r\nAccept: */*\r\nConnection: close\r\n\r\n`
}

/** @throws RunproofError INTERRUPTED */
export function askPlain(place: Place, { timeoutMs, signal }: Limits, path = '/'): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: place.host, port: place.port })
    const heard: Buffer[] = []
    let heardBytes = 0
    let connected = false
    const timer = setTimeout(() => settle(readAnswer(Buffer.concat(heard)) ?? { kind: 'silent' }), timeoutMs)
    const aborted = () => {
      reject(abortedError(signal, `the connection to ${placeText(place)}`))
      settle({ kind: 'closed' })
    }

    function settle(answer: PlainAnswer): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      socket.destroy()
      resolve(answer)
    }
    const end = () => settle(readAnswer(Buffer.concat(heard)) ?? { kind: connected ? 'closed' : 'unreachable' })

    if (signal.aborted) return aborted()
    signal.addEventListener('abort', aborted, { once: true })
    socket.once('connect', () => {
      connected = true
      socket.write(request(place.name, place.port, path))
    })
    socket.on('data', chunk => {
      heard.push(chunk)
      heardBytes += chunk.length
      const bytes = Buffer.concat(heard)
      if (bytes[0] === ALERT || bytes.includes('\r\n\r\n') || heardBytes >= MOST_BYTES) end()
    })
    socket.on('error', end).on('close', end)
  })
}

function readAnswer(bytes: Buffer): PlainAnswer | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] === ALERT) return { kind: 'alert' }
  const [head = ''] = bytes.toString('latin1').split('\r\n\r\n')
  const status = /^HTTP\/\d\.\d (\d{3})/.exec(head)?.[1]
  if (status === undefined) return { kind: 'other' }
  return { kind: 'http', status: Number(status), location: /^location:[ \t]*(\S+)/im.exec(head)?.[1] ?? null }
}

/** The status of an answer in HTTP; null for anything else. */
export function statusOf(bytes: Buffer): number | null {
  const answer = readAnswer(bytes)
  return answer?.kind === 'http' ? answer.status : null
}
