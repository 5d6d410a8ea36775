import { leading } from '../leading.ts'
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
  // Thousands of commands are cut out of one session, so those before are not gone through one by one.
  const [start = 0] = stretches[0] ?? []
  let next = leading(source.segments, one => one.offset <= start)
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

export function placeIn(source: Source, from: number, to: number): Place {
  return source.at ?? placeOf(source.file, source, from, to)
}
