import type { DirectiveSyntax } from '../directives/table.ts'
import { locationName } from './place.ts'

/** What a directive occupies in its block, and by what it is barred when that is occupied already. */
export interface Once {
  readonly occupies: string
  readonly barredBy: readonly string[]
}

/** Lists that `off` empties: it goes with no other, nor with another `off`. */
const SWITCHED_OFF = new Set([
  'http2_push',
  'mirror',
  'proxy_cookie_domain',
  'proxy_cookie_flags',
  'proxy_cookie_path',
  'proxy_redirect',
])

/** Undefined for what may be repeated. */
export function onceIn(syntax: DirectiveSyntax, args: readonly string[]): Once | undefined {
  const { name } = syntax
  if (SWITCHED_OFF.has(name)) {
    return args[0] === 'off' && args.length === 1
      ? { occupies: `${name} off`, barredBy: [`${name} off`, name] }
      : { occupies: name, barredBy: [`${name} off`] }
  }
  const key = keyOf(syntax, args)
  return key === undefined ? undefined : { occupies: key, barredBy: [key] }
}

/** By what a directive may stand only once: mostly its name, for some also an argument. */
function keyOf({ name, repeats }: DirectiveSyntax, args: readonly string[]): string | undefined {
  switch (name) {
    case 'location':
      return locationKey(args)
    case 'upstream':
      return `upstream ${args[0]!.toLowerCase()}`
    case 'limit_req':
      return `limit_req ${args.find(arg => arg.startsWith('zone='))}`
    case 'charset_map':
      return `charset_map ${args.join(' ').toLowerCase()}`
    case 'limit_conn':
    case 'thread_pool':
    case 'log_format':
      return `${name} ${args[0]}`
    case 'listen':
      return `listen ${args[0]!.replace(/^\d+$/, '*:$&')}`
    case 'alias':
      // both say where files are
      return 'root'
  }
  return repeats ? undefined : name
}

function locationKey(args: readonly string[]): string | undefined {
  const location = locationName(args)
  if (location === undefined || /^[~@]/.test(location.modifier)) return undefined
  // `^~` is a prefix like any other
  return `location ${location.modifier === '=' ? '=' : ''} ${location.path}`
}
