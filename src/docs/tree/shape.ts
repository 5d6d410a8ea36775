/** What a JSON value has to be; objects are closed, and all their members have to be there. */
export type Shape =
  | 'text'
  /** Text that is not empty. */
  | 'name'
  | 'boolean'
  | 'sha256'
  | { readonly literal: string }
  | { readonly oneOf: readonly string[] }
  | { readonly nullable: Shape }
  | { readonly list: Shape; readonly least?: number }
  | { readonly members: Readonly<Record<string, Shape>> }
  /** A shape that contains itself. */
  | { readonly later: () => Shape }

/** Nested deeper than any program's commands; a file that is goes through no stack of ours. */
const DEEPEST = 200

/**
 * The first thing that is not as the shape says, as a sentence that names the member: `root.commands[3].name is missing`.
 *
 * @returns null where everything is
 */
export function shapeProblem(value: unknown, shape: Shape, at: string, depth = 0): string | null {
  const here = at === '' ? 'the file' : at
  if (depth > DEEPEST) return `${here} is nested too deep`
  if (typeof shape === 'string') return WORDS[shape].holds(value) ? null : `${here} is not ${WORDS[shape].noun}`
  if ('literal' in shape) return value === shape.literal ? null : `${here} is not "${shape.literal}"`
  if ('oneOf' in shape) {
    return shape.oneOf.includes(value as string) ? null : `${here} is none of ${shape.oneOf.join(', ')}`
  }
  if ('nullable' in shape) return value === null ? null : shapeProblem(value, shape.nullable, at, depth)
  if ('later' in shape) return shapeProblem(value, shape.later(), at, depth)
  if ('list' in shape) {
    if (!Array.isArray(value)) return `${here} is not a list`
    if (value.length < (shape.least ?? 0)) return `${here} is empty`
    for (const [index, item] of value.entries()) {
      const problem = shapeProblem(item, shape.list, `${at}[${index}]`, depth + 1)
      if (problem !== null) return problem
    }
    return null
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return `${here} is not an object`
  const prefix = at === '' ? '' : `${at}.`
  for (const [key, member] of Object.entries(shape.members)) {
    if (!Object.hasOwn(value, key)) return `${prefix}${key} is missing`
    const problem = shapeProblem((value as Record<string, unknown>)[key], member, prefix + key, depth + 1)
    if (problem !== null) return problem
  }
  const unknown = Object.keys(value).find(key => !Object.hasOwn(shape.members, key))
  return unknown === undefined ? null : `${prefix}${unknown} is not a member of this form`
}

const WORDS = {
  text: { noun: 'text', holds: (value: unknown) => typeof value === 'string' },
  name: { noun: 'text that is not empty', holds: (value: unknown) => typeof value === 'string' && value !== '' },
  boolean: { noun: 'true or false', holds: (value: unknown) => typeof value === 'boolean' },
  sha256: {
    noun: '64 hexadecimal digits',
    holds: (value: unknown) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  },
} as const
