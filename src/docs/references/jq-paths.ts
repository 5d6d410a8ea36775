import type { Step } from './json-document.ts'
import { type JsonPath, readJsonPath } from './json-path.ts'

export interface JqPaths {
  /** What is read from the input of the program; `from` is where in it the path starts. */
  readonly paths: readonly { readonly from: readonly Step[]; readonly path: JsonPath }[]
  /** Whether more of it reads something, of which nothing is known. */
  readonly more: boolean
}

/** Words after which names are bound or results built up: nothing is followed from there. */
const STOPS = new Set(['as', 'reduce', 'foreach', 'def', 'label', 'import', 'include'])
const OVER_ITEMS = new Set(['map', 'sort_by', 'group_by', 'unique_by', 'min_by', 'max_by'])
const DEEPEST = 100

/**
 * The members that a program of jq reads, as far as plain paths, pipes, `select` and `map` lead. What follows a result that was
 * computed is not followed.
 */
export function jqPaths(program: string): JqPaths {
  const paths: { from: readonly Step[]; path: JsonPath }[] = []
  let more = false
  let at = 0
  let depth = 0

  /** Reads up to a closing mark. `input` is what `.` stands for; undefined where that is not known. */
  const scan = (end: string, start: readonly Step[] | undefined): void => {
    if (++depth > DEEPEST) stop()
    let input = start
    let stage: 'empty' | 'same' | 'other' | JsonPath = 'empty'
    while (at < program.length) {
      const mark = program[at]!
      if (mark === end) break
      if (/\s/.test(mark)) at++
      else if (mark === '#') at = after(program, at, /\n/g)
      else if (mark === '"') {
        skipText()
        stage = 'other'
      } else if (mark === '.' && !/\d/.test(program[at + 1] ?? '')) {
        if (program[at + 1] === '.') {
          more = true
          at += 2
          stage = 'other'
          continue
        }
        const path = readJsonPath(program, at)!
        at = path.end
        if (input === undefined) more = true
        else if (path.steps.length > 0) paths.push({ from: input, path })
        stage = stage === 'empty' ? path : 'other'
      } else if (mark === '$') {
        at++
        at = readJsonPath(program, at, true)?.end ?? at
        stage = 'other'
      } else if (/[A-Za-z_]/.test(mark)) {
        const word = /\w+/y
        word.lastIndex = at
        const [name] = word.exec(program)!
        at += name.length
        const called = program[at] === '('
        if (STOPS.has(name)) stop()
        else if (called) {
          at++
          const items = OVER_ITEMS.has(name) && input !== undefined ? [...input, { items: true as const }] : undefined
          scan(')', name === 'select' ? input : items)
          at++
        }
        stage = name === 'select' && stage === 'empty' ? 'same' : 'other'
      } else if (mark === '|' && program[at + 1] !== '=') {
        at++
        if (stage === 'other' || stage === 'empty') input = undefined
        else if (stage !== 'same') input = input === undefined ? undefined : [...input, ...stage.steps]
        stage = 'empty'
      } else if (mark === '|') stop()
      else if ('([{'.includes(mark)) {
        at++
        scan({ '(': ')', '[': ']', '{': '}' }[mark]!, input)
        at++
        stage = 'other'
      } else {
        at++
        stage = 'other'
      }
    }
    depth--
  }

  const stop = (): void => {
    more = true
    at = program.length
  }

  const skipText = (): void => {
    at++
    while (at < program.length && program[at] !== '"') {
      if (program[at] !== '\\') at++
      else if (program[at + 1] === '(') {
        // Something computed in the text: what it reads is not followed.
        more = true
        at += 2
        for (let open = 1; at < program.length && open > 0; at++) open += { '(': 1, ')': -1 }[program[at]!] ?? 0
      } else at += 2
    }
    at++
  }

  scan('', [])
  return { paths, more }
}

function after(text: string, from: number, mark: RegExp): number {
  mark.lastIndex = from
  return mark.test(text) ? mark.lastIndex : text.length
}
