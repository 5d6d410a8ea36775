import type { EdgeApi } from '../model/edge-api.ts'
import type { EdgeRequest } from './rules/rule.ts'
import type { Asked, Effective, Listen, ServerView, View } from './view.ts'

/** A server that passes on requests for the daemon, as it was asked. */
export interface Surveyed {
  readonly server: ServerView
  readonly scheme: Asked['scheme']
  readonly host: string
  /** By the id of the path, the view of it. */
  readonly views: ReadonlyMap<string, View>
}

export interface Survey {
  readonly requests: readonly EdgeRequest[]
  readonly surveyed: readonly Surveyed[]
  /** What nothing can be said of, and why; one sentence each. */
  readonly notJudged: readonly string[]
  /** Of those, what requests were taken to meet that are judged all the same. */
  readonly uncertain: readonly string[]
}

/** Streams are resumed by it, so it has to arrive as well. */
const QUERY = '?cursor=7'

/**
 * Every path of a daemon at every server of a configuration, by the first name of the server and each scheme it is asked by.
 * A server that passes none of them on is of something else.
 *
 * @param host - ask by this name only, whichever server takes it
 */
export function survey(effective: Effective, edge: EdgeApi, host?: string): Survey {
  const surveyed: Surveyed[] = []
  const notJudged: string[] = []
  for (const one of candidates(effective, host)) {
    if (typeof one === 'string') {
      notJudged.push(one)
      continue
    }
    const views = new Map(edge.paths.map(path => [path.id, effective.view({ ...one.asked, ...asPath(path) })] as const))
    const passes = [...views.values()].some(({ action }) => action.kind === 'proxy')
    if (passes) surveyed.push({ server: one.server, scheme: one.asked.scheme, host: one.asked.host, views })
    else {
      const doubts = [...new Set([...views.values()].flatMap(view => view.uncertain))]
      const { scheme } = one.asked
      // Clear text that only redirects is as it should be, unless that hangs on what is not known.
      if (host !== undefined || scheme === 'https' || doubts.length > 0)
        notJudged.push(
          [`${describe(one.server)} passes none of the daemon’s paths on (${scheme})`, ...doubts].join('; '),
        )
    }
  }
  const requests = surveyed.flatMap(({ views }) =>
    edge.paths.map((path): EdgeRequest => ({ path, view: views.get(path.id)! })),
  )
  const uncertain = uncertainOf(requests)
  return { requests, surveyed, notJudged: [...notJudged, ...uncertain], uncertain }
}

/** What views are not sure of, each once, with the paths it is about. */
function uncertainOf(requests: readonly EdgeRequest[]): readonly string[] {
  const all = requests.flatMap(({ path, view }) => view.uncertain.map(what => ({ what, id: path.id })))
  return [...Map.groupBy(all, ({ what }) => what)].map(
    ([what, about]) => `${what}: ${[...new Set(about.map(({ id }) => id))].join(', ')}`,
  )
}

function asPath({ method, path, kind }: EdgeApi['paths'][number]): Pick<Asked, 'method' | 'path'> {
  return { method, path: kind === 'stream' ? `${path}${QUERY}` : path }
}

interface Candidate {
  readonly server: ServerView
  readonly asked: Omit<Asked, 'path'>
}

function* candidates(effective: Effective, host: string | undefined): Generator<Candidate | string> {
  const seen = new Set<string>()
  for (const server of effective.servers) {
    const name = host ?? nameOf(server)
    if (name === undefined) {
      yield `${describe(server)} has patterns for names only: name a host that fits`
      continue
    }
    const asked = server.listens.map(listen => askedAt(listen, name))
    const takers = asked.map(one => effective.view({ ...one, path: '/' }).server)
    // Where two servers have one name the later one is never asked, and nginx tells of it in a warning only.
    if (host === undefined && takers.length > 0 && !takers.includes(server))
      yield `${describe(server)} gets no request by its name: ${describe(takers[0]!)} does`
    for (const [index, one] of asked.entries()) {
      const taking = takers[index]!
      // One address of each scheme is enough: what differs between them is the server that takes no name.
      const key = `${effective.servers.indexOf(taking)} ${one.scheme}`
      if ((host === undefined && taking !== server) || seen.has(key)) continue
      seen.add(key)
      yield { server: taking, asked: one }
    }
  }
}

/** The port of a socket is not looked at. */
function askedAt({ tls, address, port = 0 }: Listen, host: string): Omit<Asked, 'path'> {
  return { scheme: tls ? 'https' : 'http', host, listen: { address, port } }
}

/** A name that the server answers to; undefined when it only has patterns. */
function nameOf({ names }: ServerView): string | undefined {
  const [name] = names.filter(one => !one.startsWith('~'))
  if (name === undefined) return names.length === 0 ? '' : undefined
  if (name.startsWith('*.')) return `any${name.slice(1)}`
  return name.startsWith('.') ? name.slice(1) : name.replace(/\.\*$/, '.test')
}

export function describe({ names, at }: ServerView): string {
  return `server ${names.join(' ') || '""'} (${at.file}:${at.line})`
}
