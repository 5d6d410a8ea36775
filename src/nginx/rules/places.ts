import { argsOf } from '../directive.ts'
import { directivesIn, directivesNamed } from '../walk.ts'
import type { Rule } from './rule.ts'

const alias: Rule = {
  id: 'alias-traversal',
  title: 'An alias gives its own directory and none beside it',
  why: '/files../secret begins with /files, and the rest of it leads one directory up.',
  severity: 'error',
  *judge({ effective }) {
    for (const { location, action } of effective.places) {
      if (location === undefined || action?.kind !== 'files' || action.how !== 'alias') continue
      const prefix = location.text.replace(/^\^~\s*/, '')
      if (!['', '^~'].includes(location.modifier) || prefix.endsWith('/') || !action.text.endsWith('/')) continue
      yield { at: location.at, expected: `location ${prefix}/`, actual: `location ${prefix} with alias ${action.text}` }
    }
  },
}

const status: Rule = {
  id: 'status-exposed',
  title: 'The status of nginx is not for everyone',
  why: 'It tells how busy the gateway is, and so when it is about to give in.',
  severity: 'warning',
  *judge({ effective }) {
    for (const { action, listed } of effective.places) {
      if (action?.kind !== 'module' || action.directive !== 'stub_status') continue
      if (listed('deny').some(({ args }) => args[0] === 'all')) continue
      yield {
        at: action.at,
        expected: 'allow with your addresses, then deny all',
        actual: 'stub_status without deny all',
      }
    }
  },
}

/** What has one meaning inside of `if`. @see https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if */
const SAFE_IN_IF = ['return', 'rewrite', 'set', 'break', 'access_log']

const conditional: Rule = {
  id: 'if-in-location',
  title: 'A condition within a location only rewrites or returns',
  why: 'It is a location of its own that inherits some directives and not others: what stands beside it is silently not done.',
  severity: 'warning',
  *judge({ configuration }) {
    for (const { directive, parents } of directivesNamed(configuration, 'if')) {
      if (!parents.some(({ name }) => name.text === 'location')) continue
      for (const inner of directivesIn(directive, configuration)) {
        if (SAFE_IN_IF.includes(inner.name.text)) continue
        yield {
          at: inner.name.at,
          expected: 'return, rewrite or set only; a map decides about values',
          actual: `${inner.name.text} inside of if`,
        }
      }
    }
  },
}

const debugLog: Rule = {
  id: 'debug-log',
  title: 'The error log is not at its debug level',
  why: 'At that level every header is written, Authorization among them.',
  severity: 'error',
  *judge({ configuration }) {
    for (const { directive } of directivesNamed(configuration, 'error_log')) {
      const [, level] = argsOf(directive)
      if (!/^debug/.test(level ?? '')) continue
      yield { at: directive.name.at, expected: 'error_log at warn or above', actual: `error_log at ${level}` }
    }
  },
}

export const placeRules: readonly Rule[] = [alias, status, conditional, debugLog]
