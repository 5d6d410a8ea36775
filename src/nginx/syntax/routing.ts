import { type ArgumentCheck, ok, problem } from './forms.ts'
import { locationAround, locationName } from './place.ts'

export const passedTo: ArgumentCheck = ([url = ''], place) => {
  if (url.includes('$')) return ok
  const found = /^https?:\/\/(?:unix:[^:]*:?|[^/?#]*)(.*)$/is.exec(url)
  if (found === null) return 'a URL begins with http:// or https://'
  if (/^https?:\/\/(?:[:/?#]|$)/i.test(url)) return 'a host is missing'
  if (found[1] === '') return ok
  const { modifier } = locationAround(place) ?? { modifier: '' }
  const replaced =
    modifier === '@' ||
    modifier === '~' ||
    modifier === '~*' ||
    place.context === 'location-if' ||
    place.context === 'limit_except'
  return problem(
    replaced,
    'it cannot have a path in a location by regular expression or by name, nor in "if" or "limit_except"',
  )
}

export const location: ArgumentCheck = (args, place) => {
  const own = locationName(args)
  if (own === undefined) return 'the modifier must be one of =, ^~, ~ and ~*'
  const outer = place.context === 'location' ? locationAround(place) : undefined
  if (outer === undefined) return ok
  if (outer.modifier === '=') return 'it cannot be in a location of an exact path'
  if (outer.modifier === '@') return 'it cannot be in a named location'
  if (own.modifier === '@') return 'a named location belongs into the server'
  const isOutside = !own.modifier.startsWith('~') && !own.path.startsWith(outer.path)
  return problem(isOutside, 'its path is outside of that of the location around it')
}

/** What else nginx refuses depends on the other servers of the address. */
export const serverNames: ArgumentCheck = args => {
  if (args.includes('~')) return 'a regular expression is missing after "~"'
  return problem(
    args.some(name => name === '.' || (name.startsWith('*') && !/^\*\../s.test(name))),
    'a wildcard is followed by a dot and a name: *.example.org',
  )
}
