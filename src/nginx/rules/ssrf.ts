import type { Configuration } from '../ast.ts'
import type { Rule } from './rule.ts'
import { argTexts, directivesIn, directivesNamed } from './walk.ts'

const PASSING = ['proxy_pass', 'grpc_pass', 'fastcgi_pass', 'uwsgi_pass', 'scgi_pass']
const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g
const CHOSEN_BY_CLIENT =
  /^(?:http_\w+|arg_\w+|cookie_\w+|args|query_string|host|uri|document_uri|request_uri|request_method|request|\d)$/

/** What every variable of the configuration may be made of. */
function definitions(configuration: Configuration): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>()
  const add = (variable: string | undefined, more: readonly string[]) => {
    const name = variable?.replace(/^\$/, '') ?? ''
    values.set(name, [...(values.get(name) ?? []), ...more])
  }
  for (const { directive } of directivesNamed(configuration, 'set')) {
    const [variable, ...set] = argTexts(directive)
    add(variable, set)
  }
  for (const { directive } of directivesNamed(configuration, 'map', 'geo')) {
    const results = directivesIn(directive, configuration).map(one => one.args.at(-1)?.text ?? '')
    add(argTexts(directive).at(-1), results)
  }
  return values
}

/** The variable by which a client decides about a text, through whatever it was set from. */
function chosenBy(
  text: string,
  values: ReadonlyMap<string, readonly string[]>,
  seen = new Set<string>(),
): string | undefined {
  for (const [, braced, bare] of text.matchAll(VARIABLE)) {
    const name = braced ?? bare ?? ''
    if (CHOSEN_BY_CLIENT.test(name)) return name
    if (seen.has(name)) continue
    seen.add(name)
    for (const value of values.get(name) ?? []) {
      const found = chosenBy(value, values, seen)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Scheme and host: what stands before the path. A text that begins with a variable may be all of it. */
function destination(text: string): string {
  const [, scheme = '', rest = ''] = /^([a-z]+:\/\/)?([\s\S]*)$/.exec(text) ?? []
  return scheme + (/^[^/]*/.exec(rest)?.[0] ?? '').replace(/\$(?:request_uri|uri|is_args|args)\b.*$/, '')
}

const upstreamChosen: Rule = {
  id: 'upstream-chosen-by-client',
  title: 'No client chooses where the proxy connects to',
  why: 'The proxy fetches whatever is named, from inside the network and with the headers it adds.',
  severity: 'error',
  *judge({ configuration }) {
    const values = definitions(configuration)
    for (const { directive } of directivesNamed(configuration, ...PASSING)) {
      const text = argTexts(directive)[0] ?? ''
      const variable = chosenBy(destination(text), values)
      if (variable === undefined) continue
      yield {
        at: directive.name.at,
        expected: 'an address that is written out, or a map to some',
        actual: `${directive.name.text} ${text}, where $${variable} comes from the client`,
      }
    }
  },
}

export const ssrfRules: readonly Rule[] = [upstreamChosen]
