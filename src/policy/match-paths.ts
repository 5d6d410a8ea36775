import { posix } from 'node:path'
import { isWithin } from '../model/within.ts'
import { type AnnouncedCommand, PLACEHOLDER } from './announced.ts'
import { type Held, no, unknown, yes } from './held.ts'

/**
 * Each path among the words of a command, and whether it lies inside one of the roots. It is decided on the text: nobody has looked where
 * links lead. Relative paths and placeholders may lead anywhere.
 */
export function pathsInside(roots: readonly string[], { argv, redirects, text }: AnnouncedCommand): readonly Held[] {
  if (argv === undefined) return [unknown(`only a shell could tell the words of: ${text}`)]
  const files = redirects.map(file => (file.includes('/') || /^(\d+|-)$/.test(file) ? file : `./${file}`))
  return [...argv, ...files].flatMap(pathIn).map(path => inside(roots, path))
}

function inside(roots: readonly string[], path: string): Held {
  if (PLACEHOLDER.test(path) || path.includes('…')) return unknown(`${path} may be any path`)
  if (!path.startsWith('/')) return unknown(`nobody knows where ${path} begins`)
  const whole = normalised(path)
  const root = roots.find(one => isWithin(whole, one))
  return root === undefined ? no(`${path} lies outside of ${roots.join(', ')}`) : yes(`${path} lies inside of ${root}`)
}

/** Without `.`, `..` and a slash at its end: it is compared with one behind it. @param path - absolute */
export function normalised(path: string): string {
  const place = posix.normalize(path)
  return place.length > 1 && place.endsWith('/') ? place.slice(0, -1) : place
}

/** A word without a slash that still is a path, or may be any. */
const PATH_BEGINS = new RegExp(`^(\\.{1,2}$|~|${PLACEHOLDER.source}|…$)`)

/** The path in a word: all of it, or what an option has as its value. An address is none. */
function pathIn(word: string): readonly string[] {
  const [, value] = /^-[^=]*=(.*)$/s.exec(word) ?? []
  if (value !== undefined) return pathIn(value)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(word)) return word.toLowerCase().startsWith('file:') ? [word.slice(5)] : []
  if (word.startsWith('-')) {
    const at = word.search(/[/~]|\.\.?(\/|$)/)
    return at === -1 ? [] : [word.slice(at)]
  }
  const pathLike = word.includes('/') || PATH_BEGINS.test(word)
  // key=/path, @/path and host:/path name a path behind what is none.
  const behind = pathLike ? /^[^/<~]*[=@:](?=[/~])/.exec(word)?.[0].length : undefined
  return pathLike ? [word.slice(behind ?? 0)] : []
}
