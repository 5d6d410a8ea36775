import type { Configuration, Directive } from './ast.ts'
import { invalid } from './invalid.ts'

/** Directives with those of the included files in the place of each `include`. @throws RunproofError CONFIG_INVALID for a loop */
export function expand(configuration: Configuration, written: readonly Directive[]): readonly Directive[] {
  if (!written.some(one => configuration.included.has(one))) return written
  const expanded: Directive[] = []
  const open = new Set<Directive>()
  append(written)
  return expanded

  function append(directives: readonly Directive[]): void {
    for (const one of directives) {
      const files = configuration.included.get(one)
      if (files === undefined) {
        expanded.push(one)
        continue
      }
      if (open.has(one)) {
        throw invalid(
          one.name.at,
          'this file includes itself, directly or through others',
          'remove one of the includes',
        )
      }
      open.add(one)
      for (const file of files) append(file.directives)
      open.delete(one)
    }
  }
}
