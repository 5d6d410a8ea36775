import type { Directive } from '../ast.ts'
import { bytesOf } from '../bytes.ts'
import { argsOf, blockOf } from '../directive.ts'
import { expand } from '../expand.ts'
import { matchPattern } from './pattern.ts'
import { capture, type Running } from './running.ts'
import { plain, type Value } from './value.ts'
import { decide, evaluate } from './variables.ts'

interface Table {
  readonly exact: ReadonlyMap<string, string>
  /** With `hostnames`: without `*.` and `.*`. */
  readonly leading: ReadonlyMap<string, string>
  readonly trailing: ReadonlyMap<string, string>
  readonly patterns: readonly { readonly source: string; readonly caseless: boolean; readonly value: string }[]
  readonly otherwise: string
  readonly volatile: boolean
}

const tables = new WeakMap<Directive, Table>()

/** What a variable of a `map` comes to. It stays what it was the first time, unless the map is `volatile`. */
export function evaluateMap(running: Running, name: string, map: Directive): Value {
  const before = running.mapped.get(name)
  if (before !== undefined) return before
  const table = tables.get(map) ?? readTable(running, map)
  tables.set(map, table)

  // A map that needs itself has no value.
  running.mapped.set(name, [{ variable: name }])
  const subject = plain(decide(running, bytesOf(argsOf(map)[0] ?? '')))
  const template = subject === undefined ? undefined : choose(running, table, subject)
  const value = template === undefined ? [{ variable: name }] : evaluate(running, bytesOf(template))
  if (table.volatile || template === undefined) running.mapped.delete(name)
  else running.mapped.set(name, value)
  return value
}

function choose(running: Running, table: Table, subject: string): string {
  const key = subject.toLowerCase()
  const host = key.replace(/\.$/, '')
  const found = table.exact.get(key) ?? longest(table.leading, host, 'end') ?? longest(table.trailing, host, 'start')
  if (found !== undefined) return found
  for (const { source, caseless, value } of table.patterns) {
    const captures = matchPattern(source, caseless, subject, running.unsure)
    if (captures === undefined) continue
    capture(running, captures)
    return value
  }
  return table.otherwise
}

function longest(names: ReadonlyMap<string, string>, host: string, side: 'start' | 'end'): string | undefined {
  if (names.size === 0) return undefined
  const labels = host.split('.')
  for (let dropped = 1; dropped < labels.length; dropped++) {
    const rest = side === 'end' ? labels.slice(dropped) : labels.slice(0, -dropped)
    const value = names.get(rest.join('.'))
    if (value !== undefined) return value
  }
  return undefined
}

function readTable({ configuration }: Running, map: Directive): Table {
  const exact = new Map<string, string>()
  const leading = new Map<string, string>()
  const trailing = new Map<string, string>()
  const patterns: Table['patterns'][number][] = []
  const entries = expand(configuration, blockOf(map))
  const hostnames = entries.some(one => one.name.text === 'hostnames' && one.args.length === 0)
  let otherwise = ''
  for (const entry of entries) {
    const value = argsOf(entry)[0]
    if (value === undefined) continue
    const written = entry.name.text
    if (written === 'default') otherwise = value
    else if (written.startsWith('~*')) patterns.push({ source: written.slice(2), caseless: true, value })
    else if (written.startsWith('~')) patterns.push({ source: written.slice(1), caseless: false, value })
    else {
      const key = bytesOf(written.replace(/^\\/, '')).toLowerCase()
      if (hostnames && key.startsWith('*.')) leading.set(key.slice(2), value)
      else if (hostnames && key.endsWith('.*')) trailing.set(key.slice(0, -2), value)
      else if (hostnames && key.startsWith('.')) {
        leading.set(key.slice(1), value)
        exact.set(key.slice(1), value)
      } else exact.set(key, value)
    }
  }
  const volatile = entries.some(one => one.name.text === 'volatile' && one.args.length === 0)
  return { exact, leading, trailing, patterns, otherwise, volatile }
}
