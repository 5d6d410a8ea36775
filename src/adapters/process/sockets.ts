import { lstatSync } from 'node:fs'
import type { Listener } from '../../model/instance.ts'
import { allPids } from './identity.ts'
import { readLink, readText } from './links.ts'
import { parseMountInfo } from './mounts.ts'

export interface SocketRow {
  readonly protocol: Listener['protocol']
  readonly address: string
  readonly port: number
  readonly inode: number
}

const TCP_LISTEN = '0A'
const UDP_UNCONNECTED = '07'

/**
 * The sockets that accept from anyone, out of `/proc/net/tcp`, `tcp6`, `udp` or `udp6`: listening TCP, unconnected UDP.
 * Addresses are little-endian 32-bit words in hexadecimal. @see proc_net(5)
 */
export function parseSocketTable(text: string, protocol: Listener['protocol']): SocketRow[] {
  const wanted = protocol.startsWith('tcp') ? TCP_LISTEN : UDP_UNCONNECTED
  return text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const fields = line.trim().split(/\s+/)
      const [hexAddress, hexPort] = (fields[1] ?? '').split(':')
      if (fields[3] !== wanted || hexAddress === undefined || hexPort === undefined) return []
      return [
        { protocol, address: decodeAddress(hexAddress), port: Number.parseInt(hexPort, 16), inode: Number(fields[9]) },
      ]
    })
}

function decodeAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap(word =>
    (word.match(/../g) ?? []).reverse().map(byte => Number.parseInt(byte, 16)),
  )
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[index * 2]! << 8) | bytes[index * 2 + 1]!).toString(16),
  )
  const mapped = groups.slice(0, 5).every(group => group === '0') && groups[5] === 'ffff'
  if (mapped) return `::ffff:${bytes.slice(12).join('.')}`
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

/** 127.0.0.0/8, ::1 and the former mapped into IPv6. The wildcard addresses are not. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}

/** Paths of listening sockets out of `/proc/net/unix`; abstract ones belong to the network namespace and are left out. @see unix(7) */
export function parseUnixTable(text: string): string[] {
  const ACCEPTS = 0x10000
  return text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [, flags, path] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +\d+ (\/.*)$/.exec(line) ?? []
      return path !== undefined && (Number.parseInt(flags!, 16) & ACCEPTS) !== 0 ? [path] : []
    })
}

/**
 * Listening sockets in the file system as far as they are known here: those of every network namespace that a visible
 * process is in, and those that are mount points themselves, as a container engine's in a container.
 */
export function listeningSocketPaths(): string[] {
  const ofNamespace = new Map(allPids().map(pid => [readLink(`/proc/${pid}/ns/net`) ?? '', pid]))
  const tables = ['self', ...ofNamespace.values()].map(pid => readText(`/proc/${pid}/net/unix`))
  const mounted = parseMountInfo(readText('/proc/self/mountinfo')).map(({ at }) => at)
  return [...new Set([...tables.flatMap(parseUnixTable), ...mounted])].filter(path => {
    try {
      return lstatSync(path).isSocket()
    } catch {
      return false
    }
  })
}
