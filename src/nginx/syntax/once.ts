import type { DirectiveSyntax } from '../directives/table.ts'
import { locationName } from './place.ts'

/**
 * By what a directive may stand only once in its block: mostly its name, for some also an argument. Undefined for what may
 * be repeated.
 */
export function onceKey({ name, repeats }: DirectiveSyntax, args: readonly string[]): string | undefined {
  switch (name) {
    case 'location':
      return locationKey(args)
    case 'upstream':
      return `upstream ${args[0]!.toLowerCase()}`
    case 'limit_req':
      return `limit_req ${args.find(arg => arg.startsWith('zone='))}`
    case 'limit_conn':
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
