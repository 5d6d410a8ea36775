import type { Segment } from '../page/page.ts'
import { placeOf } from '../page/place-of.ts'
import type { Place } from '../place.ts'

/** Text for the shell parser that still knows where each unit of it stands in the page. */
export interface Source {
  readonly file: string
  readonly text: string
  readonly segments: readonly Segment[]
  /** Where all of it stands, when its units have no places of their own: text that the shell decodes before it reads it. */
  readonly at?: Place
}

/** From the first to before the second, in UTF-16 units of a source. */
export type Stretch = readonly [from: number, to: number]

/** Stretches of a source put side by side: prompts, carriage returns and quotes of a script in a script are cut away. */
export function cut(source: Source, stretches: readonly Stretch[]): Source {
  const segments: Segment[] = []
  const texts: string[] = []
  let offset = 0
  let next = stretches[0] === undefined ? 0 : after(source.segments, stretches[0][0])
  for (const [from, to] of stretches) {
    if (to <= from) continue
    const { line, column } = placeOf(source.file, source, from, from)
    segments.push({ offset, line, column })
    while (next < source.segments.length && source.segments[next]!.offset <= from) next++
    for (; next < source.segments.length && source.segments[next]!.offset < to; next++) {
      const segment = source.segments[next]!
      segments.push({ ...segment, offset: offset + segment.offset - from })
    }
    texts.push(source.text.slice(from, to))
    offset += to - from
  }
  if (segments.length === 0) segments.push({ ...(source.segments[0] ?? { line: 1, column: 1 }), offset: 0 })
  return { ...source, text: texts.join(''), segments }
}

/** The first segment after an offset. Thousands of commands are cut out of one session, so it is looked up by halves. */
function after(segments: readonly Segment[], offset: number): number {
  let low = 0
  let high = segments.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (segments[middle]!.offset <= offset) low = middle + 1
    else high = middle
  }
  return low
}

export function placeIn(source: Source, from: number, to: number): Place {
  return source.at ?? placeOf(source.file, source, from, to)
}
