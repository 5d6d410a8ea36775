import type { DocumentedCommand } from './command.ts'
import { leading } from './leading.ts'
import type { Place } from './place.ts'

/** The order of a page. */
export function byPlace({ at: one }: { readonly at: Place }, { at: other }: { readonly at: Place }): number {
  return one.line - other.line || one.column - other.column
}

/** Commands may hold others, `$(…)`, but not so many that one has to look further back than this. */
const LOOK_BACK = 64

/** Finds the innermost command that a place stands in, as it is written. */
export function commandAround(commands: readonly DocumentedCommand[]): (place: Place) => string | undefined {
  const sorted = commands.toSorted(byPlace)
  return place => {
    const begun = leading(sorted, one => byPlace(one, { at: place }) <= 0)
    return sorted
      .slice(Math.max(0, begun - LOOK_BACK), begun)
      .findLast(({ at }) => at.endLine > place.line || (at.endLine === place.line && at.endColumn >= place.column))
      ?.source
  }
}
