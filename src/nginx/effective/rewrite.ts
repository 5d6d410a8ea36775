import type { Directive } from '../ast.ts'
import { bytesOf, textOf } from '../bytes.ts'
import { argsOf } from '../directive.ts'
import type { Action } from '../view.ts'
import { holds } from './condition.ts'
import { answersIn } from './handler.ts'
import { matchPattern } from './pattern.ts'
import { capture, type Running } from './running.ts'
import { innerScope, type Scope } from './scope.ts'
import { escapeArgs } from './uri.ts'
import { display, plain, type Value } from './value.ts'
import { nameOf } from './variable-blocks.ts'
import { evaluate } from './variables.ts'

export type Returned = Extract<Action, { kind: 'return' }>
type Ran = Returned | 'stop' | undefined

/** Carries out `rewrite`, `set`, `if`, `return` and `break` of a block in their order. Some of them answer the request. */
export function runRewrites(running: Running, scope: Scope): Returned | undefined {
  const ran = runBlock(running, scope)
  return ran === 'stop' ? undefined : ran
}

function runBlock(running: Running, scope: Scope): Ran {
  for (const directive of scope.directives) {
    const ran = runOne(running, scope, directive)
    if (ran !== undefined) return ran
  }
  return undefined
}

function runOne(running: Running, scope: Scope, directive: Directive): Ran {
  switch (directive.name.text) {
    case 'rewrite':
      return rewrite(running, directive)
    case 'return':
      return returned(running, directive)
    case 'break':
      if (running.changed) running.matched = false
      running.changed = false
      return 'stop'
    case 'set': {
      const [name = '', text = ''] = argsOf(directive)
      const value = evaluate(running, bytesOf(text))
      if (nameOf(name) === 'args') {
        running.args = display(value)
        running.blurred ||= plain(value) === undefined
        running.asItCame = false
      } else running.variables.set(nameOf(name), value)
      return undefined
    }
    case 'if': {
      if (!holds(running, directive)) return undefined
      const inner = innerScope(running.configuration, 'if', directive, scope)
      if (scope.level !== 'server') {
        running.scope = inner
        if (answersIn(inner) !== undefined) running.handlerScope = inner
      }
      return runBlock(running, inner)
    }
    default:
      return undefined
  }
}

function returned(running: Running, directive: Directive): Returned {
  const [first = '', second] = argsOf(directive)
  const isStatus = /^\d{1,3}$/.test(first)
  const template = isStatus ? second : first
  return {
    kind: 'return',
    status: isStatus ? Number(first) : 302,
    text: template === undefined ? undefined : textOf(display(evaluate(running, bytesOf(template)))),
    at: directive.name.at,
  }
}

function rewrite(running: Running, directive: Directive): Ran {
  const [source = '', replacement = '', flag] = argsOf(directive)
  const captures = matchPattern(source, false, running.uri, running.unsure)
  capture(running, captures)
  if (captures === undefined) return undefined

  const dropsArgs = replacement.endsWith('?')
  const template = bytesOf(dropsArgs ? replacement.slice(0, -1) : replacement)
  const encoded = running.quoted || running.plus
  const kept = dropsArgs ? '' : running.args
  if (flag === 'redirect' || flag === 'permanent' || /^(?:https?:\/\/|\$scheme)/.test(replacement)) {
    const value = evaluate(running, template, text => (encoded ? escapeArgs(text) : text))
    const url = unescapeRedirect(display(value))
    const joined = kept === '' ? url : `${url}${template.includes('?') ? '&' : '?'}${kept}`
    return { kind: 'return', status: flag === 'permanent' ? 301 : 302, text: textOf(joined), at: directive.name.at }
  }

  const [uri, ...queries] = template.split('?')
  const path = evaluate(running, uri!)
  if (queries.length > 0) {
    const value = evaluate(running, queries.join('?'), text => (encoded ? escapeArgs(text) : text))
    const query = display(value)
    running.blurred ||= plain(value) === undefined
    running.args = kept === '' ? query : `${query}&${kept}`
  } else if (dropsArgs) running.args = ''
  running.uri = display(path)
  unsureOf(running, path, directive)
  running.internal = true
  running.asItCame = false
  if (flag === 'break') {
    running.matched = false
    running.changed = false
  } else running.changed = true
  if (running.uri === '') return { kind: 'return', status: 500, text: undefined, at: directive.name.at }
  return flag === 'last' || flag === 'break' ? 'stop' : undefined
}

function unsureOf(running: Running, path: Value, directive: Directive): void {
  const unknown = path.find(part => typeof part !== 'string')
  if (unknown === undefined) return
  running.blurred = true
  running.unsure(`the path after rewrite ${argsOf(directive).join(' ')} depends on $${unknown.variable}`)
}

/** `ngx_unescape_uri` for redirects: what needs no encoding is decoded, up to the query. */
function unescapeRedirect(url: string): string {
  const [path, ...rest] = splitAtQuery(url)
  return [
    path!.replace(/%([0-9a-f]{2})/gi, (whole, hex: string) => {
      const code = Number.parseInt(hex, 16)
      return code > 0x25 && code < 0x7f ? String.fromCharCode(code) : whole
    }),
    ...rest,
  ].join('')
}

function splitAtQuery(url: string): string[] {
  const at = url.search(/\?|%3f/i)
  return at < 0 ? [url] : [url.slice(0, at), url.slice(at)]
}
