import { CORE } from './core.ts'
import { HTTP } from './http.ts'
import { LATER } from './later.ts'
import { MAIL } from './mail.ts'
import { OPTIONAL } from './optional.ts'
import { STREAM } from './stream.ts'
import { UPSTREAMS } from './upstreams.ts'

/** A kind of block, by what may stand in it. */
export type Context =
  | 'main'
  | 'events'
  | 'http'
  | 'server'
  | 'location'
  | 'upstream'
  | 'server-if'
  | 'location-if'
  | 'limit_except'
  | 'stream'
  | 'stream-server'
  | 'stream-upstream'
  | 'mail'
  | 'mail-server'

/**
 * What the arguments have to be. `text` may be anything, once in a block; `list` may be anything, and be written many times.
 * Of all others only `any-of` may be written again.
 */
export type ValueKind =
  | 'flag'
  | 'number'
  | 'size'
  | 'offset'
  | 'time'
  | 'seconds'
  | 'buffers'
  | 'access'
  | 'one-of'
  | 'any-of'
  | 'text'
  | 'list'

/** What nginx accepts of a directive. The same name may mean different things in different contexts. */
export interface DirectiveSyntax {
  readonly name: string
  readonly contexts: ReadonlySet<Context> | 'everywhere'
  /** Whether so many arguments are right. */
  readonly takes: (count: number) => boolean
  /** As in the table: `1`, `1-2`, `2|4`, `1+`, `any`. */
  readonly arguments: string
  readonly block: boolean
  readonly kind: ValueKind
  /** Of `one-of` and `any-of` the words; of `number` the bounds, if any. */
  readonly values: readonly string[]
  /** Whether a block may have it more than once. */
  readonly repeats: boolean
}

/**
 * Lines of `name contexts arguments kind values…`; arguments end in `{}` where a block follows. They are what the command
 * tables of nginx 1.22.1 say; whether one may be repeated is what its `nginx -t` said.
 */
function parseTable(...tables: readonly string[]): ReadonlyMap<string, readonly DirectiveSyntax[]> {
  const directives = new Map<string, DirectiveSyntax[]>()
  for (const line of tables.join('').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [name, contexts, written, kind, ...values] = line.split(' ') as [string, string, string, ValueKind]
    const block = written.endsWith('{}')
    const counts = block ? written.slice(0, -2) : written
    const syntax: DirectiveSyntax = {
      name,
      contexts: contexts === 'everywhere' ? 'everywhere' : new Set(contexts.split(',') as Context[]),
      takes: counter(counts),
      arguments: counts,
      block,
      kind,
      values,
      repeats: kind === 'list' || kind === 'any-of',
    }
    const same = directives.get(name)
    if (same === undefined) directives.set(name, [syntax])
    else same.push(syntax)
  }
  return directives
}

function counter(counts: string): (count: number) => boolean {
  if (counts === 'any') return () => true
  if (counts.endsWith('+')) return count => count >= Number(counts.slice(0, -1))
  if (counts.includes('-')) {
    const [least, most] = counts.split('-').map(Number)
    return count => count >= least! && count <= most!
  }
  const exact = counts.split('|').map(Number)
  return count => exact.includes(count)
}

/** By name, everything that nginx 1.22 and later versions know, modules of others aside. */
export const DIRECTIVES = parseTable(CORE, HTTP, UPSTREAMS, STREAM, MAIL, OPTIONAL, LATER)
