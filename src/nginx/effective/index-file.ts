import { bytesOf, textOf } from '../bytes.ts'
import { placeOf } from '../invalid.ts'
import { findLocation } from './find-location.ts'
import { matchPattern } from './pattern.ts'
import type { Running } from './running.ts'
import { listedIn } from './scope.ts'
import { display } from './value.ts'
import { evaluate } from './variables.ts'

const DEFAULT_INDEX = 'index.html'

/**
 * The path that a directory is answered by instead, when that does not hang on files: an `index` with a slash comes first. Of
 * an index file that another location would answer it is told that it counts as not there.
 *
 * @returns undefined when the directory is answered where it is
 */
export function indexOf(running: Running): string | undefined {
  if (!running.uri.endsWith('/') || !['GET', 'HEAD', 'POST'].includes(running.method)) return undefined
  const settings = listedIn(running.scope, 'index')
  const names = settings.flatMap(({ args }) => args)
  const [first = DEFAULT_INDEX, ...others] = names
  if (first.startsWith('/')) return bytesOf(first)
  for (const name of [first, ...others].filter(one => !one.startsWith('/'))) {
    const uri = running.uri + display(evaluate(running, bytesOf(name)))
    const { location } = findLocation(running.server.root, uri, ({ name, modifier }) => {
      return matchPattern(textOf(name), modifier === '~*', uri, () => {}) !== undefined
    })
    if (location === running.location) continue
    const at = settings[0]?.at
    running.unsure(
      `taken that the index file ${textOf(uri)} is not there${at === undefined ? '' : ` (${placeOf(at)})`}`,
    )
  }
  return undefined
}
