import { createHash } from 'node:crypto'
import type { Json } from '../model/check.ts'

/** SHA-256, hex, of a view whose members may come in any order. */
export function digestOf(view: Json): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(view)))
    .digest('hex')
}

function sorted(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map(item => sorted(item as Json)!)
  if (typeof value !== 'object' || value === null) return value
  const members = value as Readonly<Record<string, Json | undefined>>
  return Object.fromEntries(
    Object.keys(members)
      .sort()
      .map(name => [name, sorted(members[name])]),
  )
}
