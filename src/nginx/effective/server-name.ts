import type { Captures } from './pattern.ts'
import { matchPattern } from './pattern.ts'
import type { Server, Socket } from './server.ts'

/** How a host came to its server. */
export interface NamedServer {
  readonly server: Server
  readonly chosenBy: 'name' | 'default'
  /** Of the regular expression that matched. */
  readonly captures: Captures | undefined
}

/**
 * The host as nginx compares it: lower case, without port and last dot; undefined for one that it answers with 400.
 */
export function normalHost(written: string): string | undefined {
  const [, host] = /^(\[[^\]]*\]|[^:]*)(?::.*)?$/.exec(written.toLowerCase()) ?? []
  if (host === undefined || /[\0-\x20\x7f/]|\.\./.test(host)) return undefined
  return host.replace(/\.$/, '')
}

/**
 * The server behind a socket that takes a host: by the exact name, the longest `*.name`, the longest `name.*`, the first
 * regular expression, else the default.
 *
 * @param unsure - told what could not be known
 */
export function chooseServer(socket: Socket, host: string, unsure: (sentence: string) => void): NamedServer {
  const names = namesOf(socket)
  const server = names.exact.get(host) ?? leading(names.leading, host) ?? trailing(names.trailing, host)
  if (server !== undefined) return { server, chosenBy: 'name', captures: undefined }
  for (const { source, server } of names.patterns) {
    const captures = matchPattern(source, true, host, unsure)
    if (captures !== undefined) return { server, chosenBy: 'name', captures }
  }
  return { server: socket.defaultServer, chosenBy: 'default', captures: undefined }
}

export function knowsHost(socket: Socket, host: string): boolean {
  return chooseServer(socket, host, () => {}).chosenBy === 'name'
}

interface Names {
  readonly exact: ReadonlyMap<string, Server>
  /** Without `*.`. */
  readonly leading: ReadonlyMap<string, Server>
  /** Without `.*`. */
  readonly trailing: ReadonlyMap<string, Server>
  readonly patterns: readonly { readonly source: string; readonly server: Server }[]
}

const known = new WeakMap<Socket, Names>()

function namesOf(socket: Socket): Names {
  const names = known.get(socket) ?? collectNames(socket)
  known.set(socket, names)
  return names
}

/** A name that an earlier server behind the socket has is ignored, with a warning of nginx. */
function collectNames({ servers }: Socket): Names {
  const exact = new Map<string, Server>()
  const leading = new Map<string, Server>()
  const trailing = new Map<string, Server>()
  const patterns: { source: string; server: Server }[] = []
  for (const server of servers) {
    for (const written of server.view.names) {
      if (written.startsWith('~')) {
        patterns.push({ source: written.slice(1), server })
        continue
      }
      const name = written.toLowerCase()
      if (name.startsWith('.')) {
        // `.name` is `name` and `*.name`, both or none.
        const bare = name.slice(1)
        if (exact.has(bare) || leading.has(bare)) continue
        exact.set(bare, server)
        leading.set(bare, server)
      } else if (name.startsWith('*.')) add(leading, name.slice(2), server)
      else if (name.endsWith('.*')) add(trailing, name.slice(0, -2), server)
      else add(exact, name, server)
    }
  }
  return { exact, leading, trailing, patterns }
}

function add(names: Map<string, Server>, name: string, server: Server): void {
  if (!names.has(name)) names.set(name, server)
}

function leading(names: ReadonlyMap<string, Server>, host: string): Server | undefined {
  for (let dot = host.indexOf('.', 1); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const server = names.get(host.slice(dot + 1))
    if (server !== undefined) return server
  }
  return undefined
}

function trailing(names: ReadonlyMap<string, Server>, host: string): Server | undefined {
  for (let dot = host.lastIndexOf('.'); dot > 0; dot = host.lastIndexOf('.', dot - 1)) {
    const server = names.get(host.slice(0, dot))
    if (server !== undefined) return server
  }
  return undefined
}
