import type { Directive } from '../ast.ts'
import { isIPv4, isNetwork } from './ip.ts'
import { regexProblem, variablesProblem } from './texts.ts'

/** Words that stand alone in a block of data. */
const ALONE: Readonly<Record<string, readonly string[]>> = { map: ['hostnames', 'volatile'], geo: ['ranges'] }

function geoProblem(key: string, value: string): string | undefined {
  if (key === 'default') return undefined
  const network = key === 'delete' || key === 'proxy' ? value : key
  if (/^[^/]+-[^/]+$/.test(network)) {
    return network.split('-').every(isIPv4) ? undefined : 'a range is like 192.0.2.1-192.0.2.9'
  }
  return isNetwork(network) ? undefined : 'every key is a network such as 192.0.2.0/24, or "default"'
}

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
    // without a value nginx takes one from the line before, and is content
    const right = name.text === '*' || (/^\d+(?:\.\d{1,2})?%$/.test(name.text) && parseFloat(name.text) > 0)
    return right ? undefined : 'every line is a percentage above 0, or "*", and a value'
  }
  if (args.length !== 1) return 'every line is a key and a value'
  if (block === 'geo') return geoProblem(name.text, args[0]!.text)
  if (block !== 'map') return undefined
  const problem = variablesProblem(args[0]!.text)
  if (problem !== undefined) return problem
  if (name.text.startsWith('~')) return regexProblem(name.text.replace(/^~\*?/, ''))
  const key = name.text.toLowerCase()
  if (keys.has(key)) return 'a key is written twice'
  keys.add(key)
  return undefined
}
