import type { Configuration } from './ast.ts'
import { argsOf } from './directive.ts'
import { directivesNamed } from './walk.ts'

/** What passes connections on, whatever is in them, and so is no matter of requests: one sentence each. */
export function connectionsPassedOn(configuration: Configuration): readonly string[] {
  return directivesNamed(configuration, 'proxy_pass')
    .filter(({ parents }) => parents[0]?.name.text === 'stream')
    .map(({ directive }) => {
      const { file, line } = directive.name.at
      return `connections of a stream block go to ${argsOf(directive)[0]} (${file}:${line}): whoever reaches its port reaches that`
    })
}
