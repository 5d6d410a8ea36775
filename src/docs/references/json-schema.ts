import type { Stepped, View } from './json-document.ts'

type Schema = Readonly<Record<string, unknown>>

/** More alternatives than this are not followed: the schema then says nothing. */
const MOST_ALTERNATIVES = 1000

/**
 * A place in a JSON Schema: everything that `$ref` inside the document, `allOf`, `anyOf`, `oneOf`, `then` and `else` allow there.
 * Members are those of `properties` and `patternProperties`; others may be there only where `additionalProperties` says so, though JSON
 * Schema itself would let them pass when it says nothing: a page that names one means something else.
 */
export function schemaView(root: unknown): View {
  return viewOf(root, [root])
}

function viewOf(root: unknown, schemas: readonly unknown[]): View {
  const all = resolved(root, schemas)
  return {
    step: step => {
      if (all === undefined) return 'open'
      return 'items' in step ? intoItems(root, all) : intoMember(root, all, step.member)
    },
  }
}

function intoItems(root: unknown, all: readonly Schema[]): Stepped {
  const lists = all.filter(
    ({ items, prefixItems, type }) => items !== undefined || prefixItems !== undefined || is(type, 'array'),
  )
  const next = lists.flatMap(({ items, prefixItems }) => [
    ...(items === undefined ? [] : [items]),
    ...(Array.isArray(prefixItems) ? prefixItems : []),
  ])
  if (next.length > 0) return { to: viewOf(root, next) }
  const values = all.flatMap(schema => Object.values(record(schema.properties)))
  if (lists.length === 0 && values.length > 0) return { to: viewOf(root, values) }
  return lists.length > 0 || all.some(isSilent) ? 'open' : nothing(all)
}

function intoMember(root: unknown, all: readonly Schema[], member: string): Stepped {
  const next = all.flatMap(({ properties, patternProperties, additionalProperties }) => {
    const known = record(properties)
    if (Object.hasOwn(known, member)) return [known[member]]
    const patterns = Object.entries(record(patternProperties)).filter(([pattern]) => matches(pattern, member))
    if (patterns.length > 0) return patterns.map(([, schema]) => schema)
    return additionalProperties === true || isObject(additionalProperties) ? [additionalProperties] : []
  })
  if (next.some(one => one === true)) return 'open'
  if (next.length > 0) return { to: viewOf(root, next) }
  return all.some(isSilent) ? 'open' : nothing(all)
}

function nothing(all: readonly Schema[]): Stepped {
  const members = [...new Set(all.flatMap(schema => Object.keys(record(schema.properties))))]
  const list = all.some(({ items, type }) => items !== undefined || is(type, 'array'))
  return { members, list, scalar: members.length === 0 && !list }
}

/** Schemas that hold at a place, references and combinations taken apart; undefined where one of them lets anything pass. */
function resolved(root: unknown, schemas: readonly unknown[]): readonly Schema[] | undefined {
  const all = new Set<Schema>()
  const left = [...schemas]
  while (left.length > 0) {
    const one = left.pop()
    // A branch that lets nothing pass adds nothing.
    if (one === false) continue
    if (!isObject(one)) return undefined
    if (all.has(one)) continue
    all.add(one)
    if (all.size > MOST_ALTERNATIVES) return undefined
    if (typeof one.$ref === 'string') {
      const target = one.$ref.startsWith('#') ? at(root, one.$ref) : undefined
      if (target === undefined) return undefined
      left.push(target)
    }
    for (const several of [one.allOf, one.anyOf, one.oneOf]) if (Array.isArray(several)) left.push(...several)
    for (const branch of [one.then, one.else]) if (isObject(branch)) left.push(branch)
  }
  return [...all].filter(one => !isOnlyCombination(one))
}

/** Says nothing of its own, so that what it combines is all there is to know. */
function isOnlyCombination(schema: Schema): boolean {
  const combines = ['$ref', 'allOf', 'anyOf', 'oneOf', 'then', 'else'].some(key => schema[key] !== undefined)
  return combines && !isInside(schema) && schema.type === undefined
}

/** Says nothing of what is inside. `{ type: 'object' }` may hold anything; `{ type: 'string' }` holds nothing. */
function isSilent(schema: Schema): boolean {
  if (isInside(schema) || schema.const !== undefined || schema.enum !== undefined) return false
  const types = [schema.type].flat()
  return types.some(type => type === undefined || type === 'object' || type === 'array')
}

function isInside({ properties, patternProperties, additionalProperties, items, prefixItems }: Schema): boolean {
  return [properties, patternProperties, additionalProperties, items, prefixItems].some(one => one !== undefined)
}

function at(root: unknown, reference: string): unknown {
  let here = root
  for (const part of reference.slice(1).split('/').slice(1)) {
    const name = decodeURIComponentSafely(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined
    here = (here as Schema)[name]
  }
  return here
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function matches(pattern: string, member: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(member)
  } catch {
    // A pattern that nobody can read may mean any name.
    return true
  }
}

function is(type: unknown, wanted: string): boolean {
  return [type].flat().includes(wanted)
}

function record(value: unknown): Schema {
  return isObject(value) ? value : {}
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
