import { readdirSync } from 'node:fs'
import type { InstanceFacts, InstanceProcess, Listener, OpenFile } from '../../model/instance.ts'
import { readLink, readText } from '../process/links.ts'
import { parseMountInfo, reachable } from '../process/mounts.ts'
import { isLoopback, parseSocketTable, type SocketRow } from '../process/sockets.ts'

const TABLES = ['tcp', 'tcp6', 'udp', 'udp6'] as const
const NAMESPACES = ['net', 'pid', 'mnt', 'ipc', 'uts', 'user'] as const

/**
 * What the kernel says about an instance.
 *
 * @param inspected - a process of the instance whose namespaces are looked into
 */
export function gatherFacts(
  inspected: number,
  processes: readonly InstanceProcess[],
  about: Pick<InstanceFacts, 'barrier' | 'network'>,
): InstanceFacts {
  const guests = processes.filter(({ role }) => role === 'daemon' || role === 'other')
  const mounts = reachable(readText(`/proc/${inspected}/mountinfo`))
  const outside = new Set(parseMountInfo(readText('/proc/self/mountinfo')).map(({ device }) => device))
  return {
    ...about,
    interfaces: interfaceNames(inspected),
    processes,
    openFiles: guests.flatMap(({ identity }) => openFilesOf(identity.pid)),
    listeners: listenersOf(inspected, guests, about.network === 'isolated'),
    mounts,
    writesThrough: mounts.filter(({ readOnly, device }) => !readOnly && outside.has(device)).map(({ at }) => at),
    ownNamespaces: Object.fromEntries(
      NAMESPACES.map(name => [name, readLink(`/proc/${inspected}/ns/${name}`) !== readLink(`/proc/self/ns/${name}`)]),
    ) as InstanceFacts['ownNamespaces'],
  }
}

/** Sockets that wait for anyone. In a network namespace of its own every socket belongs to the instance, even one whose owner cannot be seen. */
export function listenersOf(inspected: number, guests: readonly InstanceProcess[], all: boolean): Listener[] {
  const owners = new Map<number, number>()
  for (const { identity } of guests) {
    for (const target of descriptorTargets(identity.pid)) {
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
      if (inode !== undefined) owners.set(Number(inode), identity.pid)
    }
  }
  return TABLES.flatMap(protocol => parseSocketTable(readText(`/proc/${inspected}/net/${protocol}`), protocol))
    .filter(row => all || owners.has(row.inode))
    .map(({ inode, ...row }: SocketRow) => ({
      ...row,
      loopback: isLoopback(row.address),
      pid: owners.get(inode) ?? null,
    }))
}

/** How long a whole look is good as long as the number of sockets is what it was. */
const GOOD_FOR_MS = 250

/**
 * Whether anything accepts TCP on a port in the network namespace of a process, asked again and again while a daemon starts;
 * unlike a connection nobody notices.
 *
 * For both tables the kernel walks the sockets of the whole machine: 10 ms of a core were measured, and it is asked every 5 ms. How
 * many there are in the namespace costs 0.03 ms. As long as that is none nothing accepts; as long as it is what it was, what was seen
 * holds. One that went as another came is found at the next whole look.
 */
export class PortLook {
  readonly #now: () => number
  #seen: { readonly inUse: string | undefined; readonly isOpen: boolean; readonly atMs: number } | undefined

  /** @param now - milliseconds that only grow */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  isOpen(pid: number, port: number): boolean {
    const inUse = tcpSocketsInUse(pid)
    if (inUse === '0 0') return false
    const seen = this.#seen
    if (seen !== undefined && inUse !== undefined && inUse === seen.inUse && this.#now() - seen.atMs < GOOD_FOR_MS)
      return seen.isOpen
    const isOpen = (['tcp', 'tcp6'] as const).some(protocol =>
      parseSocketTable(readText(`/proc/${pid}/net/${protocol}`), protocol).some(row => row.port === port),
    )
    this.#seen = { inUse, isOpen, atMs: this.#now() }
    return isOpen
  }
}

/** Of IPv4 and IPv6, which a kernel may be without; undefined where it does not say. */
function tcpSocketsInUse(pid: number): string | undefined {
  const [four, six = '0'] = ['sockstat', 'sockstat6'].map(
    name => /^TCP6?: inuse (\d+)/m.exec(readText(`/proc/${pid}/net/${name}`))?.[1],
  )
  return four === undefined ? undefined : `${four} ${six}`
}

function openFilesOf(pid: number): OpenFile[] {
  const link = (name: string, via: OpenFile['via']): OpenFile[] => {
    const path = readLink(`/proc/${pid}/${name}`)
    return path?.startsWith('/') ? [{ pid, path, via }] : []
  }
  const descriptors = descriptorTargets(pid).filter(target => target.startsWith('/'))
  const mapped = readText(`/proc/${pid}/maps`)
    .split('\n')
    .flatMap(line => /\s(\/.*)$/.exec(line)?.[1] ?? [])
  return [
    ...[...new Set(descriptors)].map(path => ({ pid, path, via: 'descriptor' as const })),
    ...link('cwd', 'cwd'),
    ...link('root', 'root'),
    ...link('exe', 'executable'),
    ...[...new Set(mapped)].map(path => ({ pid, path, via: 'mapped' as const })),
  ]
}

function descriptorTargets(pid: number): string[] {
  const dir = `/proc/${pid}/fd`
  try {
    return readdirSync(dir).flatMap(name => readLink(`${dir}/${name}`) ?? [])
  } catch {
    return []
  }
}

function interfaceNames(pid: number): string[] {
  return readText(`/proc/${pid}/net/dev`)
    .split('\n')
    .slice(2)
    .flatMap(line => (line.includes(':') ? [line.slice(0, line.indexOf(':')).trim()] : []))
}
