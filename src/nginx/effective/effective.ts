import type { Configuration } from '../ast.ts'
import type { Asked, Effective, Filled, View } from '../view.ts'
import { bytesOf, textOf } from './bytes.ts'
import { pickSocket } from './pick-socket.ts'
import { placesOf } from './places.ts'
import { capture, type Running } from './running.ts'
import { innerScope, listedIn, outermostScope, type Scope, settingIn } from './scope.ts'
import { buildServers, type Server, type Socket } from './server.ts'
import { chooseServer, normalHost } from './server-name.ts'
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

function viewOf(built: Built, asked: Asked): View {
  const host = normalHost(bytesOf(asked.host))
  const socket = pickSocket(built.sockets, asked, host ?? '')
  const uncertain = new Set<string>()
  const { server, chosenBy, captures } = chooseServer(socket, host ?? '', sentence => uncertain.add(sentence))
  const running: Running = {
    configuration: built.configuration,
    variableBlocks: built.variableBlocks,
    asked,
    socket,
    server,
    host: host ?? '',
    unparsed: bytesOf(asked.path),
    quoted: false,
    plus: false,
    method: asked.method?.toUpperCase() ?? 'GET',
    uri: '',
    args: '',
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
    unsure: sentence => uncertain.add(sentence),
  }
  if (captures !== undefined) capture(running, captures)
  const { action, upstreamPath } = host === undefined ? badRequest(server) : walkTarget(running, built)
  return {
    asked,
    server: server.view,
    chosenBy,
    location: running.location.view,
    action,
    method: running.method,
    upstreamPath,
    uncertain: [...uncertain],
    setting: directive => settingIn(running.scope, directive),
    listed: directive => listedIn(running.scope, directive),
    fill: template => fill(running, template),
  }
}

function walkTarget(running: Running, { http }: Built): Ended {
  // The path is read before the Host header; what SNI names is known by then.
  const reader = running.asked.scheme === 'https' ? running.server : running.socket.defaultServer
  const merges = settingIn(reader.scope, 'merge_slashes').args[0] !== 'off'
  const target = parseTarget(running.unparsed, merges)
  if (target === undefined) return badRequest(running.server)
  Object.assign(running, target)
  return walk(running, http)
}

function badRequest({ view }: Server): Ended {
  return { action: { kind: 'return', status: 400, text: undefined, at: view.at }, upstreamPath: undefined }
}

function fill(running: Running, template: string): Filled {
  const uncertain = new Set<string>()
  const value = evaluate({ ...running, unsure: sentence => uncertain.add(sentence) }, bytesOf(template))
  return { text: textOf(display(value)), known: plain(value) !== undefined, uncertain: [...uncertain] }
}
