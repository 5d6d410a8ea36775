import type { Configuration, Directive } from '../ast.ts'
import { argsOf } from '../directive.ts'
import type { ServerView } from '../view.ts'
import { impliedListen, parseListen, type WrittenListen } from './listen.ts'
import { buildLocations, type Location } from './location.ts'
import { innerScope, type Scope, settingIn } from './scope.ts'

export interface Server {
  readonly view: ServerView
  readonly scope: Scope
  /** The server itself, as the place of all its locations. */
  readonly root: Location
}

/** An address and port, with the servers behind it. */
export interface Socket {
  readonly address: string
  readonly port: number | undefined
  readonly tls: boolean
  /** Whether it takes IPv4 also when its address is `::`. */
  readonly v4too: boolean
  readonly defaultServer: Server
  readonly servers: readonly Server[]
}

interface Draft {
  readonly directive: Directive
  readonly scope: Scope
  readonly listens: readonly WrittenListen[]
}

interface DraftSocket {
  readonly first: WrittenListen
  readonly tls: boolean
  readonly http2: boolean
  readonly defaultServer: Draft
  readonly servers: readonly Draft[]
}

/** Servers and sockets of `http { … }`, both in the order of nginx. */
export function buildServers(configuration: Configuration, http: Scope) {
  const drafts = (http.byName.get('server') ?? []).map((directive): Draft => {
    const scope = innerScope(configuration, 'server', directive, http)
    const listens = (scope.byName.get('listen') ?? []).flatMap(parseListen)
    return { directive, scope, listens: listens.length > 0 ? listens : [impliedListen(directive.name.at)] }
  })
  const draftSockets = groupBySocket(drafts)
  const built = new Map(drafts.map(draft => [draft, buildServer(configuration, draft, draftSockets)]))
  const sockets = [...draftSockets.values()].map(
    ({ first, tls, defaultServer, servers }): Socket => ({
      address: first.address,
      port: first.port,
      tls,
      v4too: !first.v6only,
      defaultServer: built.get(defaultServer)!,
      servers: servers.map(one => built.get(one)!),
    }),
  )
  return { servers: [...built.values()], sockets }
}

function groupBySocket(drafts: readonly Draft[]): ReadonlyMap<string, DraftSocket> {
  const members = new Map<string, { draft: Draft; listen: WrittenListen }[]>()
  for (const draft of drafts) {
    for (const listen of draft.listens) {
      const of = members.get(keyOf(listen)) ?? []
      of.push({ draft, listen })
      members.set(keyOf(listen), of)
    }
  }
  return new Map(
    [...members].map(([key, of]) => {
      const { draft } = of.find(({ listen }) => listen.defaultServer) ?? of[0]!
      return [
        key,
        {
          first: of[0]!.listen,
          // Options of a socket hold for every server behind it, whichever of them says so; `ssl on` counts for the default one.
          tls: of.some(({ listen }) => listen.tls) || settingIn(draft.scope, 'ssl').args[0] === 'on',
          http2: of.some(({ listen }) => listen.http2),
          defaultServer: draft,
          servers: [...new Set(of.map(one => one.draft))],
        },
      ]
    }),
  )
}

function buildServer(configuration: Configuration, draft: Draft, sockets: ReadonlyMap<string, DraftSocket>): Server {
  const { directive, scope, listens } = draft
  // Of later versions, and of this server alone.
  const ownHttp2 = settingIn(scope, 'http2').args[0] === 'on'
  const names = (scope.byName.get('server_name') ?? []).flatMap(argsOf)
  return {
    scope,
    root: buildLocations(configuration, scope),
    view: {
      names: names.length > 0 ? names : [''],
      listens: listens.map(({ v6only: _, ...listen }) => {
        const { tls, http2, defaultServer } = sockets.get(keyOf(listen))!
        return { ...listen, tls, http2: http2 || ownHttp2, defaultServer: defaultServer === draft }
      }),
      at: directive.name.at,
      directive,
    },
  }
}

function keyOf({ address, port }: { address: string; port: number | undefined }): string {
  return port === undefined ? address : `${address} ${port}`
}
