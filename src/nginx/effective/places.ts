import type { Configuration } from '../ast.ts'
import { argsOf } from '../directive.ts'
import type { Action, Place } from '../view.ts'
import { filesOf } from './files.ts'
import { answersIn } from './handler.ts'
import { allLocations, type Location } from './location.ts'
import { upstreamOf } from './proxy.ts'
import { listedIn, type Scope, settingIn } from './scope.ts'
import type { Server } from './server.ts'

/** A server and all locations in it, the outer ones first. */
export function placesOf(configuration: Configuration, http: Scope, server: Server): Place[] {
  return [server.root, ...allLocations(server.root)].map(({ view, scope }: Location) => ({
    server: server.view,
    location: view,
    action: actionIn(configuration, http, scope),
    directive: scope.directive!,
    setting: directive => settingIn(scope, directive),
    listed: directive => listedIn(scope, directive),
  }))
}

/** What is done there with a request that nothing sends elsewhere. */
function actionIn(configuration: Configuration, http: Scope, scope: Scope): Action {
  const returned = scope.byName.get('return')?.[0]
  if (returned !== undefined) {
    const [first = '', second] = argsOf(returned)
    const isStatus = /^\d+$/.test(first)
    const at = returned.name.at
    return { kind: 'return', status: isStatus ? Number(first) : 302, text: isStatus ? second : first, at }
  }
  const directive = answersIn(scope)
  const name = directive?.name.text
  if (directive !== undefined && (name === 'proxy_pass' || name === 'grpc_pass')) {
    return { kind: 'proxy', upstream: upstreamOf(configuration, http, directive), at: directive.name.at }
  }
  if (directive !== undefined) return { kind: 'module', directive: directive.name.text, at: directive.name.at }
  const tries = scope.byName.get('try_files')?.[0]
  if (tries === undefined) return filesOf(scope)
  return { kind: 'files', how: 'try_files', text: argsOf(tries).join(' '), at: tries.name.at }
}
