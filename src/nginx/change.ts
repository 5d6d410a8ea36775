import type { ConfigFile, Configuration, Directive } from './ast.ts'
import { parseConfig } from './parse.ts'

/** What stands in place of a directive; undefined leaves it, and goes on inside of it. */
export type Change = (directive: Directive, within: readonly Directive[]) => readonly Directive[] | undefined

/**
 * The same configuration with some of its directives changed, in whichever file they stand. What is not changed keeps its identity.
 *
 * @param change - is given every directive from the outside in, with those that contain it in its own file, the outermost first
 */
export function changeConfiguration({ files, included }: Configuration, change: Change): Configuration {
  const changed = new Map(files.map(file => [file, changeFile(file, change)] as const))
  return {
    files: [...changed.values()],
    included: new Map([...included].map(([directive, of]) => [directive, of.map(file => changed.get(file) ?? file)])),
  }
}

/** Directives as they would be written at a place, for a {@link Change}. @throws RunproofError CONFIG_INVALID */
export function written(text: string, place: Directive): readonly Directive[] {
  const { directives } = parseConfig(place.name.at.file, Buffer.from(` ${text}`))
  return directives.map(directive => ({ ...directive, name: { ...directive.name, at: place.name.at } }))
}

/** A block with more directives at its beginning. */
export function withInside(directive: Directive, more: readonly Directive[]): Directive {
  const { body } = directive
  return body.kind === 'block'
    ? { ...directive, body: { ...body, directives: [...more, ...body.directives] } }
    : directive
}

function changeFile(file: ConfigFile, change: Change): ConfigFile {
  const directives = changeAll(file.directives, [], change)
  return directives === file.directives ? file : { ...file, directives }
}

function changeAll(
  directives: readonly Directive[],
  within: readonly Directive[],
  change: Change,
): readonly Directive[] {
  let any = false
  const all = directives.flatMap(directive => {
    const others = change(directive, within) ?? [inside(directive, within, change)]
    any ||= others.length !== 1 || others[0] !== directive
    return others
  })
  return any ? all : directives
}

function inside(directive: Directive, within: readonly Directive[], change: Change): Directive {
  const { body } = directive
  if (body.kind !== 'block') return directive
  const directives = changeAll(body.directives, [...within, directive], change)
  return directives === body.directives ? directive : { ...directive, body: { ...body, directives } }
}
