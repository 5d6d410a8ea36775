import type { Configuration, Directive } from './ast.ts'
import { changeConfiguration, written } from './change.ts'

/** A configuration made wrong in one way: what a check of it, or of a proxy that runs it, has to see. */
export interface ConfigBreak {
  /** What is wrong with it then, as a sentence. */
  readonly breaks: string
  apply(configuration: Configuration): Configuration
}

const named = (name: string) => (directive: Directive) => directive.name.text === name
const header = (directive: string, name: string) => (found: Directive) =>
  found.name.text === directive && found.args[0]?.text.toLowerCase() === name

/** Says something wherever requests are passed on, in place of what is said of it anywhere. */
function whereverPassed(breaks: string, replaced: (directive: Directive) => boolean, text: string): ConfigBreak {
  return {
    breaks,
    apply: configuration =>
      changeConfiguration(configuration, directive => {
        if (directive.name.text === 'proxy_pass') return [directive, ...written(text, directive)]
        return replaced(directive) ? [] : undefined
      }),
  }
}

/** Changes the value of every directive that is matched. */
function insteadOf(breaks: string, replaced: (directive: Directive) => boolean, text: string): ConfigBreak {
  return {
    breaks,
    apply: configuration =>
      changeConfiguration(configuration, directive => (replaced(directive) ? written(text, directive) : undefined)),
  }
}

/** Answers are collected before they are passed on, whatever the daemon says of that. */
export const bufferingOn: ConfigBreak = whereverPassed(
  'answers are collected before they are passed on, streams too',
  directive => named('proxy_buffering')(directive) || named('proxy_ignore_headers')(directive),
  'proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;',
)

const NO_TOKEN = 'proxy_set_header Authorization "";'
const tokensTaken = 'tokens are taken out of requests'

export const authorizationCleared: ConfigBreak = {
  breaks: tokensTaken,
  apply(configuration) {
    const replaced = header('proxy_set_header', 'authorization')
    const changed = insteadOf(tokensTaken, replaced, NO_TOKEN).apply(configuration)
    const isSaid = changed.files.some((file, index) => file !== configuration.files[index])
    // Where nothing is said of it, it is passed on by itself.
    return isSaid ? changed : whereverPassed(tokensTaken, replaced, NO_TOKEN).apply(configuration)
  },
}

export const oldHttp: ConfigBreak = whereverPassed(
  'the daemon is asked with HTTP/1.0',
  named('proxy_http_version'),
  'proxy_http_version 1.0;',
)

export const readableByAll: ConfigBreak = whereverPassed(
  'pages of every origin may read the answers',
  header('add_header', 'access-control-allow-origin'),
  'add_header Access-Control-Allow-Origin * always;',
)

export const originHidden: ConfigBreak = insteadOf(
  'the name of no origin reaches the daemon',
  header('proxy_set_header', 'origin'),
  'proxy_set_header Origin "";',
)

export const originKept: ConfigBreak = insteadOf(
  'the proxy’s own origin reaches the daemon like any other',
  header('proxy_set_header', 'origin'),
  'proxy_set_header Origin $http_origin;',
)

export const smallBodies: ConfigBreak = insteadOf(
  'bodies of more than a kilobyte are refused',
  named('client_max_body_size'),
  'client_max_body_size 1k;',
)

export const otherPath: ConfigBreak = {
  breaks: 'the daemon is asked for another path',
  apply: configuration =>
    changeConfiguration(configuration, directive => {
      const to = directive.args[0]?.text
      if (directive.name.text !== 'proxy_pass' || to === undefined) return undefined
      return written(`rewrite ^ /elsewhere break; proxy_pass ${to.replace(/^(\w+:\/\/[^/]+).*$/, '$1')};`, directive)
    }),
}

export const notRedirected: ConfigBreak = insteadOf(
  'who asks without TLS is not sent on',
  directive => directive.name.text === 'return' && /^30[1278]$/.test(directive.args[0]?.text ?? ''),
  'return 404;',
)

export const noBodyLimit: ConfigBreak = insteadOf(
  'bodies may be of any size',
  named('client_max_body_size'),
  'client_max_body_size 0;',
)
