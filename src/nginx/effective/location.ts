import type { Configuration, Directive } from '../ast.ts'
import { bytesOf } from '../bytes.ts'
import { argsOf } from '../directive.ts'
import type { LocationView } from '../view.ts'
import { innerScope, type Scope } from './scope.ts'

/** A `location`, or a server as the place of its locations. */
export interface Location {
  /** Undefined for a server. */
  readonly view: LocationView | undefined
  /** What it is compared with, as bytes: a path, a regular expression, a name. */
  readonly name: string
  readonly modifier: LocationView['modifier']
  readonly scope: Scope
  /** Whether the path without the slash at the end of the name is sent there. */
  readonly redirectsToSlash: boolean
  readonly inner: Inner
}

interface Inner {
  /** In the order of the file. */
  readonly all: readonly Location[]
  readonly exact: ReadonlyMap<string, Location>
  /** Also those with `^~`. */
  readonly prefixes: ReadonlyMap<string, Location>
  readonly patterns: readonly Location[]
  readonly named: ReadonlyMap<string, Location>
}

const PASSING = ['proxy_pass', 'fastcgi_pass', 'uwsgi_pass', 'scgi_pass', 'grpc_pass', 'memcached_pass']

export function buildLocations(configuration: Configuration, server: Scope): Location {
  return {
    view: undefined,
    name: '',
    modifier: '',
    scope: server,
    redirectsToSlash: false,
    inner: buildInner(configuration, server),
  }
}

const NONE: Inner = { all: [], exact: new Map(), prefixes: new Map(), patterns: [], named: new Map() }

function buildInner(configuration: Configuration, outer: Scope): Inner {
  const written = outer.byName.get('location')
  if (written === undefined) return NONE
  const exact = new Map<string, Location>()
  const prefixes = new Map<string, Location>()
  const named = new Map<string, Location>()
  const patterns: Location[] = []
  const all = written.map(one => buildLocation(configuration, one, outer))
  for (const location of all) {
    if (location.modifier === '~' || location.modifier === '~*') patterns.push(location)
    else {
      const among = location.modifier === '=' ? exact : location.modifier === '@' ? named : prefixes
      // nginx refuses a duplicate.
      if (!among.has(location.name)) among.set(location.name, location)
    }
  }
  return { all, exact, prefixes, patterns, named }
}

function buildLocation(configuration: Configuration, directive: Directive, outer: Scope): Location {
  const args = argsOf(directive)
  const scope = innerScope(configuration, 'location', directive, outer)
  const [modifier, written] = readMatch(args)
  const name = bytesOf(written)
  return {
    view: { text: args.join(' '), modifier, at: directive.name.at },
    name,
    modifier,
    scope,
    redirectsToSlash: name.endsWith('/') && PASSING.some(pass => scope.byName.has(pass)),
    inner: buildInner(configuration, scope),
  }
}

/** The modifier may stand apart or at the beginning of the name. */
function readMatch(args: readonly string[]): [LocationView['modifier'], string] {
  const [first = '', second] = args
  for (const modifier of ['=', '^~', '~*', '~'] as const) {
    if (second !== undefined && first === modifier) return [modifier, second]
    if (second === undefined && first.startsWith(modifier)) return [modifier, first.slice(modifier.length)]
  }
  return [first.startsWith('@') ? '@' : '', second ?? first]
}

/** Every location below, the outer one before its inner ones, in the order of the file. */
export function allLocations({ inner }: Location): Location[] {
  return inner.all.flatMap(location => [location, ...allLocations(location)])
}
