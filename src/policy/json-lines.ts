/** Deeper than anything in a policy; paths of what lies below would only cost memory. */
const DEEPEST = 8

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+|\n/gs

export interface JsonLines {
  /** The line, from 1, of a value by its path, such as `rules[0].window.zone`; of what contains it where there is no such value. */
  lineOf(path: string): number
  /** Members that an object has twice: JSON takes the last of them without a word. */
  readonly repeated: readonly { readonly path: string; readonly line: number }[]
}

interface Frame {
  readonly path: string | undefined
  readonly names: Set<string> | undefined
  name: string | undefined
  index: number
}

/** Where the values of a document stand. @param text - known to be JSON */
export function jsonLines(text: string): JsonLines {
  const lines = new Map<string, number>()
  const repeated: { path: string; line: number }[] = []
  const stack: Frame[] = []
  let line = 1
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '\n') line += 1
    const frame = stack.at(-1)
    if (token === '\n' || token === ':') continue
    if (token === ',') {
      if (frame !== undefined) {
        frame.index += 1
        frame.name = undefined
      }
    } else if (token === '}' || token === ']') stack.pop()
    else if (frame?.names !== undefined && frame.name === undefined) {
      frame.name = JSON.parse(token) as string
      const path = pathIn(frame)
      if (frame.names.has(frame.name) && path !== undefined) repeated.push({ path, line })
      frame.names.add(frame.name)
      if (path !== undefined) lines.set(path, line)
    } else {
      const path = frame === undefined ? '' : pathIn(frame)
      if (path !== undefined && !lines.has(path)) lines.set(path, line)
      if (token !== '{' && token !== '[') continue
      const below = stack.length < DEEPEST ? path : undefined
      stack.push({ path: below, names: token === '{' ? new Set() : undefined, name: undefined, index: 0 })
    }
  }
  return { lineOf: path => nearest(lines, path), repeated }
}

function pathIn({ path, names, name, index }: Frame): string | undefined {
  if (path === undefined) return undefined
  if (names === undefined) return `${path}[${index}]`
  return path === '' ? name : `${path}.${name}`
}

function nearest(lines: ReadonlyMap<string, number>, path: string): number {
  for (let place = path; place !== ''; place = place.replace(/([.[][^.[]*|^[^.[]*)$/, '')) {
    const line = lines.get(place)
    if (line !== undefined) return line
  }
  return lines.get('') ?? 1
}
