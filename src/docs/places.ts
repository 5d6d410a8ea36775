import type { DocumentedCommand } from './command.ts'
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
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (byPlace(sorted[middle]!, { at: place }) <= 0) low = middle + 1
      else high = middle
    }
    return sorted
      .slice(Math.max(0, low - LOOK_BACK), low)
      .findLast(({ at }) => at.endLine > place.line || (at.endLine === place.line && at.endColumn >= place.column))
      ?.source
  }
}
