import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'

/** Reads one member of a recorded document; the path is what an error names. */
export type Member<Value> = (value: Json | undefined, path: string) => Value

export const text: Member<string> = (value, path) => (typeof value === 'string' ? value : wrong(value, path, 'text'))

export const flag: Member<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : wrong(value, path, 'true or false')

/** A whole number from 0 on. */
export const count: Member<number> = (value, path) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : wrong(value, path, 'a whole number from 0 on')

export const oneOf =
  <const Word extends string>(words: readonly Word[]): Member<Word> =>
  (value, path) =>
    words.find(word => word === value) ?? wrong(value, path, words.join(', '))

export const orNull =
  <Value>(member: Member<Value>): Member<Value | null> =>
  (value, path) =>
    value === null ? null : member(value, path)

export const list =
  <Value>(member: Member<Value>): Member<readonly Value[]> =>
  (value, path) =>
    Array.isArray(value)
      ? value.map((item: Json, index: number) => member(item, `${path}[${index}]`))
      : wrong(value, path, 'a list')

/** Exactly these members: one that is missing is an error, and so is one more. */
export const object =
  <Shape extends Readonly<Record<string, Member<unknown>>>>(
    members: Shape,
  ): Member<{ readonly [Name in keyof Shape]: ReturnType<Shape[Name]> }> =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(value, path, 'an object')
    const unknown = Object.keys(value).find(name => !Object.hasOwn(members, name))
    if (unknown !== undefined)
      throw new RunproofError('SAMPLES_INVALID', `${path} has the unknown member ${unknown.slice(0, 40)}`)
    const holder = value as Readonly<Record<string, Json | undefined>>
    return Object.fromEntries(
      Object.entries(members).map(([name, member]) => [name, member(holder[name], `${path}.${name}`)]),
    ) as { readonly [Name in keyof Shape]: ReturnType<Shape[Name]> }
  }

function wrong(value: Json | undefined, path: string, expected: string): never {
  const found = value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60)
  throw new RunproofError('SAMPLES_INVALID', `${path} should be ${expected}, it is ${found}`)
}
