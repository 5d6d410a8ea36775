import type { Position } from '../ast.ts'
import { whatUpstreamGets } from '../effective/upstream-gets.ts'
import type { View } from '../view.ts'
import { type PassedOn, passedOn, placeOf, sentHeader } from './passed-on.ts'
import type { Rule, Subject } from './rule.ts'

/**
 * The daemon refuses every origin that is not loopback, and takes a request without one for no browser's. So a gateway has to
 * take its own away and to pass every other one on.
 */
interface ArrivingOrigin {
  /** Undefined where none arrives. */
  readonly value: string | undefined
  readonly at: Position
}

/** What of an origin arrives at the daemon; undefined where that cannot be told. */
function arriving({ effective }: Subject, view: View, origin: string): ArrivingOrigin | undefined {
  const asked = effective.view({ ...view.asked, headers: { origin } })
  const header = whatUpstreamGets(asked)?.headers.get('origin')
  if (header === undefined) return undefined
  const at = header.at ?? placeOf(view)
  if (header.kind === 'removed') return { value: undefined, at }
  if (header.kind === 'passed') return { value: origin, at }
  const [first] = header.values
  return first?.known === true ? { value: first.text, at } : undefined
}

/** By which browsers may know this server. A port may be mapped on the way here, so the usual one is as good. */
export function ownOrigins({ asked, server }: View): readonly string[] {
  const names = server.names.filter(name => /^[a-z0-9][a-z0-9.-]*$/i.test(name))
  const listening = server.listens
    .filter(({ tls }) => tls)
    .flatMap(({ port }) => (port === undefined ? [] : [`:${port}`]))
  const ports = [...new Set(listening)]
  return (names.length === 0 ? [asked.host] : names).flatMap(name =>
    ['', ...ports].map(port => `https://${name}${port}`),
  )
}

/** What becomes of a header is the same for all paths that one location takes. Connectors are no browsers. */
function onePerPlace(subject: Subject): readonly PassedOn[] {
  const all = passedOn(subject, 'stream', 'ordinary')
  return [
    ...Map.groupBy(
      all,
      ({ view }) =>
        `${subject.effective.servers.indexOf(view.server)} ${view.location?.at.file}:${view.location?.at.line}:${view.location?.at.column}`,
    ).values(),
  ].map(([first]) => first!)
}

const LOOPBACK = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/

const own: Rule = {
  id: 'own-origin-refused',
  title: 'Pages of the gateway itself reach the daemon',
  why: 'A browser sends Origin with every mutation, also to its own site. The daemon answers 403 to all but loopback ones.',
  severity: 'warning',
  *judge(subject) {
    for (const { view } of onePerPlace(subject)) {
      const origins = ownOrigins(view)
      const all = origins.map(origin => arriving(subject, view, origin))
      if (all.some(one => one === undefined || one.value === undefined || LOOPBACK.test(one.value))) continue
      yield {
        at: all[0]!.at,
        expected: 'a map of $http_origin that makes the gateway’s own origin empty',
        actual: `Origin ${all[0]!.value} reaches the daemon`,
      }
    }
  },
}

/** Origins of others, most of which a careless pattern takes for the gateway's. */
function foreignOrigins(view: View): readonly string[] {
  const { host } = view.asked
  return [
    'null',
    'https://elsewhere.example',
    ...ownOrigins(view).flatMap(own => [
      own.replace(host, `${host}.elsewhere.example`),
      own.replace(host, `elsewhere-${host}`),
      `https://elsewhere.example/${own}`,
      ...(host.includes('.') ? [own.replace(host, host.replaceAll('.', '-'))] : []),
    ]),
  ].filter(origin => !ownOrigins(view).includes(origin))
}

const foreign: Rule = {
  id: 'foreign-origin-hidden',
  title: 'The daemon sees the origin of a foreign page',
  why: 'It refuses foreign pages by their Origin. Without it a page anywhere acts on the daemon with whatever its browser can send.',
  severity: 'error',
  *judge(subject) {
    for (const { view } of onePerPlace(subject)) {
      const sent = sentHeader(view, 'Origin')?.value ?? '$http_origin'
      if (sent === '$http_origin') continue
      for (const origin of foreignOrigins(view)) {
        const arrives = arriving(subject, view, origin)
        if (arrives === undefined || arrives.value === origin) continue
        yield {
          at: arrives.at,
          expected: 'every origin but the gateway’s own as it was sent',
          actual:
            arrives.value === undefined
              ? `Origin ${origin} is taken away`
              : `Origin ${origin} becomes ${arrives.value}`,
        }
        break
      }
    }
  },
}

export const originRules: readonly Rule[] = [own, foreign]
