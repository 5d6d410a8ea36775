import type { Configuration, Directive } from '../ast.ts'
import { argsOf, blockOf } from '../directive.ts'
import { expand } from '../expand.ts'
import type { Level, ListedSetting, Setting } from '../view.ts'
import { DEFAULTS } from './defaults.ts'
import { addsUpWords, companions, isList, isOwn } from './inheritance.ts'

/** A block as the place where settings are in effect, what it includes put in. */
export interface Scope {
  readonly level: Exclude<Level, 'default'>
  /** Undefined for the file itself. */
  readonly directive: Directive | undefined
  readonly outer: Scope | undefined
  /** In the order of nginx. */
  readonly directives: readonly Directive[]
  readonly byName: ReadonlyMap<string, readonly Directive[]>
}

/** @throws RunproofError CONFIG_INVALID for files that include each other */
export function outermostScope(configuration: Configuration): Scope {
  return scopeOf(configuration, 'main', undefined, configuration.files[0]?.directives ?? [], undefined)
}

/** @throws RunproofError CONFIG_INVALID for files that include each other */
export function innerScope(
  configuration: Configuration,
  level: Scope['level'],
  directive: Directive,
  outer: Scope,
): Scope {
  return scopeOf(configuration, level, directive, blockOf(directive), outer)
}

function scopeOf(
  configuration: Configuration,
  level: Scope['level'],
  directive: Directive | undefined,
  written: readonly Directive[],
  outer: Scope | undefined,
): Scope {
  const directives = expand(configuration, written)
  const byName = new Map<string, Directive[]>()
  for (const one of directives) {
    const same = byName.get(one.name.text)
    if (same === undefined) byName.set(one.name.text, [one])
    else same.push(one)
  }
  return { level, directive, outer, directives, byName }
}

/** What a directive with one value comes to in a block. */
export function settingIn(scope: Scope, name: string): Setting {
  if (isList(name)) throw new RangeError(`${name} holds more than one value: ask listed()`)
  for (let at: Scope | undefined = scope; at !== undefined; at = isOwn(name) ? undefined : at.outer) {
    const written = at.byName.get(name)
    const last = written?.at(-1)
    if (written === undefined || last === undefined) continue
    return { args: addsUpWords(name) ? written.flatMap(argsOf) : argsOf(last), level: at.level, at: last.name.at }
  }
  const args = DEFAULTS.get(name)
  if (args === undefined) throw new RangeError(`the default of ${name} is not known`)
  return { args, level: 'default' }
}

/** What a directive that adds up comes to in a block: all of the innermost level that has any, or one that goes with it. */
export function listedIn(scope: Scope, name: string): readonly ListedSetting[] {
  const together = companions(name)
  for (let at: Scope | undefined = scope; at !== undefined; at = isOwn(name) ? undefined : at.outer) {
    const { level, byName } = at
    if (!together.some(one => byName.has(one))) continue
    return (byName.get(name) ?? []).map(one => ({ args: argsOf(one), level, at: one.name.at }))
  }
  return []
}
