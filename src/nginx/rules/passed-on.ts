import type { EdgeKind } from '../../model/edge-api.ts'
import type { Position } from '../ast.ts'
import { whatUpstreamGets } from '../effective/upstream-gets.ts'
import type { Setting, Upstream, View } from '../view.ts'
import type { EdgeRequest, Found, Subject } from './rule.ts'

export interface PassedOn extends EdgeRequest {
  readonly upstream: Upstream
  /** The `proxy_pass`. */
  readonly passedAt: Position
}

/** The requests that reach the daemon, of these kinds or of all: what the others lack is said by rules of their own. */
export function* passedOn({ requests }: Pick<Subject, 'requests'>, ...kinds: readonly EdgeKind[]): Generator<PassedOn> {
  for (const request of requests) {
    const { action } = request.view
    if (action.kind !== 'proxy' || (kinds.length > 0 && !kinds.includes(request.path.kind))) continue
    yield { ...request, upstream: action.upstream, passedAt: action.at }
  }
}

/** Where a setting would have to be made that was not: the location that takes the request, or the server. */
export function placeOf({ location, server }: View): Position {
  return location?.at ?? server.at
}

export function settingText(directive: string, { args, level }: Setting): string {
  const text = [directive, ...args.map(arg => (arg === '' ? '""' : arg))].join(' ')
  return level === 'default' ? `${text} (default)` : text
}

/** One finding for each request whose setting is not right. */
export function* wrongSettings(
  requests: Iterable<EdgeRequest>,
  directive: string,
  expected: string,
  isRight: (args: readonly string[]) => boolean,
): Generator<Found> {
  for (const { path, view } of requests) {
    const setting = view.setting(directive)
    if (isRight(setting.args)) continue
    yield {
      at: setting.at ?? placeOf(view),
      path: path.id,
      expected,
      actual: settingText(directive, setting),
    }
  }
}

/** For the commonest rule: a directive has to have one value. */
export function hasToBe(directive: string, value: string) {
  return (requests: Iterable<EdgeRequest>) =>
    wrongSettings(requests, directive, `${directive} ${value}`, ([first]) => first === value)
}

export interface SentHeader {
  readonly value: string
  readonly at: Position
}

/** What `proxy_set_header` makes of a header, line by line: written twice, it is sent twice. */
export function sentHeaders(view: View, name: string): readonly SentHeader[] {
  return view
    .listed('proxy_set_header')
    .filter(({ args }) => args[0]?.toLowerCase() === name.toLowerCase())
    .map(({ args, at }) => ({ value: args[1] ?? '', at }))
}

/** The first of them; undefined where nothing is said of it. */
export function sentHeader(view: View, name: string): SentHeader | undefined {
  return sentHeaders(view, name)[0]
}

export function headerText(name: string, sent: SentHeader | undefined): string {
  return sent === undefined ? `${name} as the client sent it` : `${name} "${sent.value}"`
}

/** One finding for each of these headers that does not arrive as the client sent it because `proxy_set_header` says so. */
export function* changedHeaders(requests: Iterable<EdgeRequest>, names: readonly string[]): Generator<Found> {
  for (const { path, view } of requests) {
    const arriving = whatUpstreamGets(view, names)?.headers
    for (const name of names) {
      const header = arriving?.get(name.toLowerCase())
      if (header?.at === undefined || header.kind === 'passed') continue
      const value = header.kind === 'removed' ? '' : header.values.map(({ text }) => text).join(', ')
      yield {
        at: header.at,
        path: path.id,
        expected: headerText(name, undefined),
        actual: headerText(name, { value, at: header.at }),
      }
    }
  }
}
