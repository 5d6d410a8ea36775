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
export function shapeProblem(value: unknown, shape: Shape): string | null {
  const problem = problemIn(value, shape, 0)
  if (problem === null) return null
  const member = problem.at.replace(/^\./, '')
  return `${member === '' ? 'the file' : member} ${problem.is}`
}

/** Where it is grows on the way back: a tree that is right, as nearly all are, costs no text. */
interface Problem {
  readonly at: string
  readonly is: string
}

const here = (is: string): Problem => ({ at: '', is })

function problemIn(value: unknown, shape: Shape, depth: number): Problem | null {
  if (typeof shape === 'string') return WORDS[shape].holds(value) ? null : here(`is not ${WORDS[shape].noun}`)
  if (depth > DEEPEST) return here('is nested too deep')
  if ('literal' in shape) return value === shape.literal ? null : here(`is not "${shape.literal}"`)
  if ('oneOf' in shape)
    return shape.oneOf.includes(value as string) ? null : here(`is none of ${shape.oneOf.join(', ')}`)
  if ('nullable' in shape) return value === null ? null : problemIn(value, shape.nullable, depth)
  if ('later' in shape) return problemIn(value, shape.later(), depth)
  if ('list' in shape) return problemInList(value, shape, depth)
  return problemInObject(value, shape.members, depth)
}

function problemInList(value: unknown, shape: { list: Shape; least?: number }, depth: number): Problem | null {
  if (!Array.isArray(value)) return here('is not a list')
  if (value.length < (shape.least ?? 0)) return here('is empty')
  for (let index = 0; index < value.length; index++) {
    const problem = problemIn(value[index], shape.list, depth + 1)
    if (problem !== null) return { at: `[${index}]${problem.at}`, is: problem.is }
  }
  return null
}

function problemInObject(value: unknown, members: Readonly<Record<string, Shape>>, depth: number): Problem | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return here('is not an object')
  for (const key in members) {
    if (!Object.hasOwn(value, key)) return { at: `.${key}`, is: 'is missing' }
    const problem = problemIn((value as Record<string, unknown>)[key], members[key]!, depth + 1)
    if (problem !== null) return { at: `.${key}${problem.at}`, is: problem.is }
  }
  for (const key in value) {
    if (!Object.hasOwn(members, key)) return { at: `.${key}`, is: 'is not a member of this form' }
  }
  return null
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
