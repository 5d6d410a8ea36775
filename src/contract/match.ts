import type { Json } from '../model/check.ts'
import type { Shape } from '../model/contract.ts'

/** Why a value does not have a shape, naming the member, or undefined when it has. */
export function mismatch(value: Json | undefined, shape: Shape, path = 'the answer'): string | undefined {
  const wrong = (expected: string) =>
    `${path} should be ${expected}, it is ${value === undefined ? 'missing' : JSON.stringify(value).slice(0, 80)}`
  if (shape === 'any') return value === undefined ? wrong('there') : undefined
  if (shape === 'text') return typeof value === 'string' ? undefined : wrong('text')
  if (shape === 'flag') return typeof value === 'boolean' ? undefined : wrong('true or false')
  if (shape === 'number') return typeof value === 'number' ? undefined : wrong('a number')
  if (shape === 'count')
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? undefined : wrong('a whole number')
  if (shape instanceof RegExp)
    return typeof value === 'string' && shape.test(value) ? undefined : wrong(`like ${shape}`)
  if ('is' in shape) return same(value, shape.is) ? undefined : wrong(JSON.stringify(shape.is))
  if ('oneOf' in shape)
    return shape.oneOf.some(one => same(value, one)) ? undefined : wrong(`one of ${JSON.stringify(shape.oneOf)}`)
  if ('listOf' in shape) {
    if (!Array.isArray(value)) return wrong('a list')
    // Nothing is known of items that are not there.
    if (value.length === 0 && shape.listOf !== 'any') return wrong('a list of at least one')
    return first(value, (item: Json, index) => mismatch(item, shape.listOf, `${path}[${index}]`))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object')
  const object = value as Readonly<Record<string, Json | undefined>>
  return first(Object.entries(shape.members), ([name, member]) => {
    const optional = name.endsWith('?')
    const key = optional ? name.slice(0, -1) : name
    return optional && object[key] === undefined ? undefined : mismatch(object[key], member, `${path}.${key}`)
  })
}

/** Members that must be there, as paths, outermost first; those of lists are not among them. */
export function requiredMembers(shape: Shape, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof shape !== 'object' || shape instanceof RegExp || !('members' in shape)) return []
  return Object.entries(shape.members).flatMap(([name, member]) =>
    name.endsWith('?') ? [] : [[...path, name], ...requiredMembers(member, [...path, name])],
  )
}

function first<Item>(
  items: readonly Item[],
  look: (item: Item, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = look(item, index)
    if (found !== undefined) return found
  }
  return undefined
}

function same(left: Json | undefined, right: Json): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
