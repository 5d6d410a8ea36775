import type { Location } from './location.ts'

/** Whether the regular expression of a location matches the path that is looked for. */
export type Matches = (location: Location) => boolean

export interface FoundLocation {
  readonly location: Location
  /** Whether the answer is a redirect to the name of the location, which ends with the slash that the path lacks. */
  readonly redirect: boolean
}

type Found = FoundLocation & { readonly final: boolean }

/**
 * Where a path ends up below a place: by the exact name; else the longest prefix is remembered, its inner locations looked
 * through, and the first regular expression wins unless that prefix forbids it with `^~`.
 *
 * The order is that of `ngx_http_core_find_location`, with two results of it that nobody would guess: `^~` of an inner
 * prefix does not keep off the expressions outside of its parent, and a redirect to the slash within a regular expression
 * is none.
 */
export function findLocation(from: Location, uri: string, matches: Matches): FoundLocation {
  return search(from, uri, matches)
}

function search(from: Location, uri: string, matches: Matches): Found {
  const fixed = findFixed(from, uri)
  let found = fixed
  let noPatterns = false
  if (fixed.inward) {
    noPatterns = fixed.location.modifier === '^~'
    found = { ...search(fixed.location, uri, matches), inward: false }
  }
  if (found.final || noPatterns) return found
  for (const location of from.inner.patterns) {
    if (matches(location)) return { location: search(location, uri, matches).location, redirect: false, final: true }
  }
  return found
}

function findFixed(from: Location, uri: string): Found & { inward: boolean } {
  const { exact, prefixes } = from.inner
  const same = exact.get(uri)
  if (same !== undefined) return { location: same, redirect: false, final: true, inward: false }
  const whole = prefixes.get(uri)
  if (whole !== undefined) return { location: whole, redirect: false, final: false, inward: true }

  const withSlash = [exact.get(`${uri}/`), prefixes.get(`${uri}/`)].filter(one => one !== undefined)
  if (withSlash.some(one => one.redirectsToSlash)) {
    return { location: withSlash[0]!, redirect: true, final: true, inward: false }
  }
  for (let length = uri.length - 1; length >= 0; length--) {
    const prefix = prefixes.get(uri.slice(0, length))
    if (prefix !== undefined) return { location: prefix, redirect: false, final: false, inward: true }
  }
  return { location: from, redirect: false, final: false, inward: false }
}
