import type { EdgeKind } from '../../model/edge-api.ts'
import type { Action } from '../view.ts'
import { passedOn, placeOf } from './passed-on.ts'
import type { Found, Rule, Subject } from './rule.ts'

/** What happens instead, in words. */
function actionText(action: Action): string {
  if (action.kind === 'return') return `return ${action.status}`
  if (action.kind === 'files') return `files: ${action.how} ${action.text}`.trimEnd()
  return action.kind === 'module' ? action.directive : 'proxy_pass'
}

function* notPassedOn({ requests }: Subject, isMeant: (kind: EdgeKind, action: Action) => boolean): Generator<Found> {
  for (const { path, view } of requests) {
    const { action } = view
    if (action.kind === 'proxy' || view.asked.scheme === 'http' || !isMeant(path.kind, action)) continue
    yield {
      at: action.at ?? placeOf(view),
      path: path.id,
      expected: 'proxy_pass to the daemon',
      actual: actionText(action),
    }
  }
}

const health: Rule = {
  id: 'health-unreachable',
  title: 'Health and readiness are answered by the daemon',
  why: 'An answer of the proxy says that the proxy is up. Without one the orchestrator restarts a daemon that is well.',
  severity: 'error',
  *judge(subject) {
    yield* notPassedOn(subject, kind => kind === 'health')
    for (const { path, view } of passedOn(subject, 'health')) {
      const denied = view.listed('deny').find(({ args }) => args[0] === 'all')
      if (denied === undefined || view.listed('allow').length > 0) continue
      yield {
        at: denied.at,
        path: path.id,
        expected: 'allow with the addresses of the orchestrator',
        actual: 'deny all',
      }
    }
  },
}

/** Who writes `return` has decided it; files and modules take a stream by accident. */
const isTaken = (kind: EdgeKind, action: Action) => kind === 'stream' && action.kind !== 'return'

const streamTaken: Rule = {
  id: 'stream-unreachable',
  title: 'No event stream is answered from files',
  why: 'A location for files or another module takes it, and every reader gets a 404 and comes back for it again and again.',
  severity: 'error',
  judge: subject => notPassedOn(subject, isTaken),
}

const reachable: Rule = {
  id: 'path-unreachable',
  title: 'Every path of the daemon is passed on',
  why: 'A location of something else takes it: streams, webhooks or clients get a page or a 404.',
  severity: 'warning',
  *judge(subject) {
    yield* notPassedOn(subject, (kind, action) => kind !== 'health' && !isTaken(kind, action))
    yield* methodsRefused(subject)
  },
}

/** By which things are set, taken away and revoked. */
const OTHER_METHODS = ['POST', 'PUT', 'DELETE']

function* methodsRefused(subject: Subject): Generator<Found> {
  for (const { path, view } of passedOn(subject, 'ordinary')) {
    if (view.asked.scheme === 'http') continue
    for (const method of OTHER_METHODS) {
      const { action } = subject.effective.view({ ...view.asked, method })
      if (action.kind === 'proxy') continue
      yield {
        at: action.at ?? placeOf(view),
        path: path.id,
        expected: 'proxy_pass to the daemon',
        actual: `${actionText(action)} for ${method}`,
      }
    }
  }
}

const altered: Rule = {
  id: 'path-rewritten',
  title: 'A path reaches the daemon as it was asked for',
  why: 'The daemon answers 404 to a path it does not have, or another of its paths answers. A query that is lost loses the cursor of a stream.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view, passedAt } of passedOn(subject)) {
      const becomes = view.upstreamPath
      if (becomes === undefined || becomes === view.asked.path) continue
      yield { at: passedAt, path: path.id, expected: view.asked.path, actual: `asked for as ${becomes}` }
    }
  },
}

/** Part of an id: a slash that separates nothing. */
const ENCODED = '/a%2Fb'

const normalised: Rule = {
  id: 'path-normalised',
  title: 'A path is not decoded on the way',
  why: 'With a path in proxy_pass nginx decodes, merges and encodes again: an id with %2F in it becomes two segments, and another object answers.',
  severity: 'warning',
  *judge(subject) {
    for (const { path, view, passedAt } of passedOn(subject, 'ordinary', 'connector')) {
      // What is not even kept plain is said by another rule.
      if (view.upstreamPath !== view.asked.path) continue
      const asked = `${path.path}${ENCODED}`
      const { action, upstreamPath } = subject.effective.view({ ...view.asked, path: asked })
      if (action.kind !== 'proxy' || upstreamPath === undefined || upstreamPath === asked) continue
      const becomes = upstreamPath.startsWith(path.path) ? upstreamPath.slice(path.path.length) : upstreamPath
      yield {
        at: passedAt,
        path: path.id,
        expected: `${ENCODED} as it was sent`,
        actual: `${ENCODED} asked for as ${becomes}`,
      }
    }
  },
}

const slashes: Rule = {
  id: 'slashes-kept',
  title: 'A path with doubled slashes is the same path to locations',
  why: 'With merge_slashes off `//v1/…` matches none of the locations that are meant for it, and is passed on all the same.',
  severity: 'warning',
  *judge({ effective, requests }) {
    const taking = new Set([...passedOn({ requests })].map(({ view }) => view.server))
    for (const place of effective.places) {
      if (place.location !== undefined || !taking.has(place.server)) continue
      const { args, at } = place.setting('merge_slashes')
      if (args[0] === 'off')
        yield { at: at ?? place.server.at, expected: 'merge_slashes on', actual: 'merge_slashes off' }
    }
  },
}

export const pathRules: readonly Rule[] = [health, streamTaken, reachable, altered, normalised, slashes]
