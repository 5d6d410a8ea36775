import type { Configuration, Directive, Word } from './ast.ts'
import { argsOf } from './directive.ts'
import { expand } from './expand.ts'

/** What a whole configuration has at its top and a part of `http { }` cannot have. */
const TOP = ['http', 'events', 'stream', 'mail', 'user', 'worker_processes', 'pid', 'daemon', 'load_module']

/**
 * A configuration of a whole nginx. Files for `conf.d` are a part of one: `server`, `upstream` and `map` without the
 * `http { }` that includes them, which is put around.
 */
export function asWhole(configuration: Configuration): Configuration {
  const [main, ...others] = configuration.files
  if (main === undefined || !isPart(main.directives, configuration)) return configuration
  const events = block('events', main.path, [], '')
  const http = block('http', main.path, main.directives, `${main.after}\n`)
  return { ...configuration, files: [{ ...main, directives: [events, http], after: '' }, ...others] }
}

function isPart(directives: readonly Directive[], configuration: Configuration): boolean {
  const top = expand(configuration, directives)
  return top.some(isServer) && !top.some(({ name }) => TOP.includes(name.text))
}

/** A `server` of `upstream` has arguments and no block. */
function isServer(directive: Directive): boolean {
  return directive.name.text === 'server' && directive.body.kind === 'block' && argsOf(directive).length === 0
}

function block(text: string, path: string, directives: readonly Directive[], beforeEnd: string): Directive {
  const name: Word = { before: '', raw: text, text, quoted: false, at: { file: path, line: 1, column: 1 } }
  return { name, args: [], body: { kind: 'block', before: ' ', directives, beforeEnd } }
}
