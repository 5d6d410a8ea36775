import type { Configuration } from '../ast.ts'
import { argsOf } from '../directive.ts'
import { directivesIn, directivesNamed } from '../walk.ts'

const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g
const NAMED_CAPTURE = /\(\?P?[<'](\w+)[>']/g
/** Where an expression may give a part of what a client sent a name. */
const MATCHING = ['location', 'server_name', 'rewrite', 'if']

type Definitions = ReadonlyMap<string, readonly string[]>

const known = new WeakMap<Configuration, Definitions>()

/** What every variable of the configuration may be made of. A named capture is as one by number: of what a client sent. */
function definitions(configuration: Configuration): Definitions {
  const values = new Map<string, string[]>()
  const add = (variable: string | undefined, more: readonly string[]) => {
    const name = variable?.replace(/^\$/, '') ?? ''
    values.set(name, [...(values.get(name) ?? []), ...more])
  }
  const addCaptures = (texts: readonly string[]) => {
    for (const [, name] of texts.join(' ').matchAll(NAMED_CAPTURE)) add(name, ['$1'])
  }
  for (const { directive } of directivesNamed(configuration, 'set')) {
    const [variable, ...set] = argsOf(directive)
    add(variable, set)
  }
  for (const { directive } of directivesNamed(configuration, 'map', 'geo')) {
    const entries = directivesIn(directive, configuration)
    const results = entries.map(one => one.args.at(-1)?.text ?? '')
    add(argsOf(directive).at(-1), results)
    addCaptures(entries.map(({ name }) => name.text))
  }
  for (const { directive } of directivesNamed(configuration, ...MATCHING)) addCaptures(argsOf(directive))
  return values
}

/**
 * The first variable of a text that fits, through whatever `set`, `map` and `geo` may make it of.
 *
 * @param wanted - of the whole name, without `$`
 */
export function madeOf(configuration: Configuration, text: string, wanted: RegExp): string | undefined {
  const values = known.get(configuration) ?? definitions(configuration)
  known.set(configuration, values)
  const seen = new Set<string>()
  return within(text)

  function within(part: string): string | undefined {
    for (const [, braced, bare] of part.matchAll(VARIABLE)) {
      const name = braced ?? bare ?? ''
      if (wanted.test(name)) return name
      if (seen.has(name)) continue
      seen.add(name)
      for (const value of values.get(name) ?? []) {
        const found = within(value)
        // A capture by number says nothing without its expression.
        if (found !== undefined) return /^\d$/.test(found) ? name : found
      }
    }
    return undefined
  }
}
