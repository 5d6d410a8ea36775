import type { Directive } from '../ast.ts'

/** Words that stand alone in a block of data. */
const ALONE: Readonly<Record<string, readonly string[]>> = { map: ['hostnames', 'volatile'], geo: ['ranges'] }

/**
 * What is wrong with a line of a block that holds data instead of directives (`map`, `geo`, `types`, …).
 *
 * @param keys - what the block has had so far; added to
 */
export function dataProblem({ name, args, body }: Directive, block: string, keys: Set<string>): string | undefined {
  if (body.kind !== 'ended') return 'there are no blocks, ";" is missing'
  if (block === 'types') return undefined
  if (args.length === 0 && ALONE[block]?.includes(name.text)) return undefined
  if (block === 'split_clients') {
    return args.length === 0 || !/^(?:\*|\d+(?:\.\d{1,2})?%)$/.test(name.text)
      ? 'every line is a percentage, or "*", and a value'
      : undefined
  }
  if (args.length !== 1) return 'every line is a key and a value'
  if (block !== 'map' || name.text.startsWith('~')) return undefined
  const key = name.text.toLowerCase()
  if (keys.has(key)) return 'a key is written twice'
  keys.add(key)
  return undefined
}
