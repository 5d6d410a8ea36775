import type { Configuration } from '../ast.ts'
import { bytesOf, textOf } from '../bytes.ts'
import { placeOf } from '../invalid.ts'
import type { Asked, Effective, Filled, View } from '../view.ts'
import { pickSocket } from './pick-socket.ts'
import { placesOf } from './places.ts'
import { capture, type Running } from './running.ts'
import { innerScope, listedIn, outermostScope, type Scope, settingIn } from './scope.ts'
import { buildServers, type Server, type Socket } from './server.ts'
import { chooseServer, type NamedServer, normalHost } from './server-name.ts'
import { parseTarget } from './uri.ts'
import { display, plain } from './value.ts'
import { findVariableBlocks, type VariableBlocks } from './variable-blocks.ts'
import { evaluate } from './variables.ts'
import { type Ended, walk } from './walk.ts'

interface Built {
  readonly configuration: Configuration
  readonly http: Scope
  readonly variableBlocks: VariableBlocks
  readonly sockets: readonly Socket[]
}

/**
 * What a configuration comes to for requests, as nginx 1.22 resolves it. Nothing but the configuration is looked at: no
 * file, no name, no header that the request is not told to have; what hangs on one of those is taken for absent, and
 * `uncertain` of the view says so.
 *
 * @param configuration - of a whole `nginx.conf`, or of a part that belongs into its `http { … }`
 * @throws RunproofError CONFIG_INVALID for files that include each other
 */
export function effective(configuration: Configuration): Effective {
  const main = outermostScope(configuration)
  const block = main.byName.get('http')?.[0]
  const http = block === undefined ? main : innerScope(configuration, 'http', block, main)
  const { servers, sockets } = buildServers(configuration, http)
  const built: Built = { configuration, http, sockets, variableBlocks: findVariableBlocks(configuration, http) }
  return {
    servers: servers.map(server => server.view),
    places: servers.flatMap(server => placesOf(configuration, http, server)),
    view: asked => viewOf(built, asked),
  }
}

function viewOf({ configuration, variableBlocks, http, sockets }: Built, asked: Asked): View {
  const uncertain = new Set<string>()
  const unsure = (sentence: string) => void uncertain.add(sentence)
  const host = normalHost(bytesOf(asked.host))
  const socket = pickSocket(sockets, asked, host ?? '')
  const byDefault: NamedServer = { server: socket.defaultServer, chosenBy: 'default', captures: undefined }
  const byHost = host === undefined ? byDefault : chooseServer(socket, host, unsure)
  // The path is read before the Host header, but what SNI names is known by then.
  const reader = asked.scheme === 'https' ? byHost : byDefault
  const target = parseTarget(asked.path, settingIn(reader.server.scope, 'merge_slashes').args[0] !== 'off')
  const isBad = host === undefined || target === undefined
  const { server, chosenBy, captures } = isBad ? reader : byHost

  const running: Running = {
    configuration,
    variableBlocks,
    asked,
    socket,
    server,
    host: host ?? '',
    ...(target ?? { unparsed: bytesOf(asked.path), uri: '', args: '', quoted: false, plus: false }),
    method: asked.method?.toUpperCase() ?? 'GET',
    blurred: false,
    internal: false,
    asItCame: true,
    matched: true,
    changed: false,
    location: server.root,
    scope: server.scope,
    handlerScope: server.scope,
    captures: [],
    variables: new Map(),
    mapped: new Map(),
    proxyHost: undefined,
    unsure,
  }
  if (captures !== undefined) capture(running, captures)
  const ended = refused(asked, byHost.server) ?? (isBad ? answered(400, server) : walk(running, http))
  for (const name of ['add_header_inherit', 'add_trailer_inherit']) {
    const { args, at } = settingIn(running.scope, name)
    if (at !== undefined) unsure(`taken that ${name} is on, not ${args.join(' ')} (${placeOf(at)})`)
  }
  return {
    ...ended,
    asked,
    server: server.view,
    chosenBy,
    location: running.location.view,
    method: running.method,
    uncertain: [...uncertain],
    setting: directive => settingIn(running.scope, directive),
    listed: directive => listedIn(running.scope, directive),
    fill: template => fill(running, template),
  }
}

/** TLS that is not even begun, by the server that SNI names. */
function refused({ scheme }: Asked, server: Server): Ended | undefined {
  const { args, at } = settingIn(server.scope, 'ssl_reject_handshake')
  return scheme === 'https' && args[0] === 'on' ? answered(444, server, at) : undefined
}

function answered(status: number, { view }: Server, at = view.at): Ended {
  return { action: { kind: 'return', status, text: undefined, at }, upstreamPath: undefined, status }
}

function fill(running: Running, template: string): Filled {
  const uncertain = new Set<string>()
  const { variables, mapped } = running
  // A copy, so that asking changes nothing of what is asked next.
  const copy: Running = {
    ...running,
    variables: new Map(variables),
    mapped: new Map(mapped),
    unsure: sentence => uncertain.add(sentence),
  }
  const value = evaluate(copy, bytesOf(template))
  return { text: textOf(display(value)), known: plain(value) !== undefined, uncertain: [...uncertain] }
}
