import type { Context } from '../directives/table.ts'

const DATA = new Set(['types', 'map', 'geo', 'split_clients', 'charset_map'])

const WITHIN: Readonly<Record<string, Context>> = {
  events: 'events',
  http: 'http',
  stream: 'stream',
  mail: 'mail',
  location: 'location',
  limit_except: 'limit_except',
}

/** What a block holds: directives of a context, or lines of data. Undefined where it is not known. */
export function contextWithin(name: string, outer: Context): Context | 'data' | undefined {
  if (DATA.has(name)) return 'data'
  if (name === 'if') return outer === 'server' ? 'server-if' : 'location-if'
  if (name === 'server') return outer === 'http' ? 'server' : outer === 'stream' ? 'stream-server' : 'mail-server'
  if (name === 'upstream') return outer === 'stream' ? 'stream-upstream' : 'upstream'
  return WITHIN[name]
}
