import { argsOf } from '../directive.ts'
import { directivesNamed } from '../walk.ts'
import { madeOf } from './made-of.ts'
import type { Rule } from './rule.ts'

const PASSING = ['proxy_pass', 'grpc_pass', 'fastcgi_pass', 'uwsgi_pass', 'scgi_pass']
const CHOSEN_BY_CLIENT =
  /^(?:http_\w+|arg_\w+|cookie_\w+|args|query_string|host|uri|document_uri|request_uri|request_method|request|\d)$/

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
    for (const { directive } of directivesNamed(configuration, ...PASSING)) {
      const text = argsOf(directive)[0] ?? ''
      const variable = madeOf(configuration, destination(text), CHOSEN_BY_CLIENT)
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
