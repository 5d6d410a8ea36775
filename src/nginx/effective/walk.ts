import type { Directive } from '../ast.ts'
import { placeOf } from '../invalid.ts'
import type { Action } from '../view.ts'
import { bytesOf, textOf } from './bytes.ts'
import { errorPageFor } from './error-page.ts'
import { filesOf } from './files.ts'
import { findLocation } from './find-location.ts'
import { answersIn } from './handler.ts'
import type { Location } from './location.ts'
import { matchPattern } from './pattern.ts'
import { passOn } from './proxy.ts'
import { type Returned, runRewrites } from './rewrite.ts'
import { capture, type Running } from './running.ts'
import { argsOf, innerScope, type Scope, settingIn } from './scope.ts'
import { display } from './value.ts'
import { evaluate } from './variables.ts'

/** How a request ends. */
export interface Ended {
  readonly action: Action
  /** What an upstream is asked for; undefined where nothing is passed on, or variables decide. */
  readonly upstreamPath: string | undefined
}

/** nginx answers 500 when it was sent elsewhere more often. */
const MAX_REDIRECTS = 10

/** The phases of nginx for one request. What becomes of it stands in `running` afterwards. */
export function walk(running: Running, http: Scope): Ended {
  return new Walk(running, http).end()
}

type Next = { readonly to: 'server' } | { readonly to: 'named'; readonly location: Location } | Ended | Returned

class Walk {
  private readonly running: Running
  private readonly http: Scope
  private redirects = 0
  private answersError = false
  private readonly tried = new Set<Scope>()

  constructor(running: Running, http: Scope) {
    this.running = running
    this.http = http
  }

  end(): Ended {
    let next: Next = { to: 'server' }
    for (;;) {
      if ('action' in next) return next
      if ('kind' in next) next = this.answer(next)
      else if (next.to === 'server') next = this.fromServer()
      else next = this.within(next.location)
    }
  }

  /** Server rewrites, then the location of what they left. */
  private fromServer(): Next {
    const { running } = this
    enter(running, running.server.root)
    running.matched = true
    const returned = runRewrites(running, running.server.scope)
    running.changed = false
    return returned ?? this.search()
  }

  private search(): Next {
    const { running } = this
    enter(running, running.server.root)
    running.changed = false
    const { location, redirect } = findLocation(running.server.root, running.uri, one => this.matches(one))
    enter(running, location)
    if (!running.internal && settingIsOn(running.scope, 'internal')) return answerAt(404, location.scope.directive!)
    if (redirect) {
      const to = textOf(running.args === '' ? location.name : `${location.name}?${running.args}`)
      return { ...answerAt(301, location.scope.directive!), text: to }
    }
    return this.handle()
  }

  private within(location: Location): Next {
    this.running.internal = true
    this.running.changed = false
    enter(this.running, location)
    return this.handle()
  }

  private matches({ name, modifier }: Location): boolean {
    const captures = matchPattern(textOf(name), modifier === '~*', this.running.uri, this.running.unsure)
    if (captures !== undefined) capture(this.running, captures)
    return captures !== undefined
  }

  /** Everything from the rewrites of a location on. */
  private handle(): Next {
    const { running } = this
    this.exceptLimited()
    const isServer = running.location === running.server.root
    const returned = isServer ? undefined : runRewrites(running, running.scope)
    if (returned !== undefined) return returned
    if (running.changed) return this.again() ?? this.search()
    return this.tryFiles() ?? this.content()
  }

  /** Methods that `limit_except` does not name are handled by its block. */
  private exceptLimited(): void {
    const { running } = this
    const limit = running.scope.byName.get('limit_except')?.[0]
    if (limit === undefined) return
    const methods = argsOf(limit).map(one => one.toUpperCase())
    if (methods.includes(running.method) || (running.method === 'HEAD' && methods.includes('GET'))) return
    running.scope = innerScope(running.configuration, 'location', limit, running.scope)
    if (answersIn(running.scope) !== undefined) running.handlerScope = running.scope
  }

  private tryFiles(): Next | undefined {
    const { running } = this
    const directive = running.scope.byName.get('try_files')?.at(-1)
    if (directive === undefined) return undefined
    const text = argsOf(directive).join(' ')
    const at = directive.name.at
    if (this.tried.has(running.scope))
      return { action: { kind: 'files', how: 'try_files', text, at }, upstreamPath: undefined }
    this.tried.add(running.scope)
    running.unsure(`taken that none of the files of try_files ${text} is there (${placeOf(at)})`)
    const last = argsOf(directive).at(-1) ?? ''
    if (/^=\d+$/.test(last)) return answerAt(Number(last.slice(1)), directive)
    return this.goTo(display(evaluate(running, bytesOf(last))), directive)
  }

  /** An internal redirect, to a path or to a named location. */
  private goTo(target: string, by: Directive): Next {
    const { running } = this
    if (target.startsWith('@')) {
      const location = running.server.root.inner.named.get(target)
      return this.again() ?? (location === undefined ? answerAt(500, by) : { to: 'named', location })
    }
    const [uri = '', ...query] = target.split('?')
    running.uri = uri
    running.args = query.join('?')
    running.internal = true
    running.asItCame = false
    return this.again() ?? { to: 'server' }
  }

  private again(): Returned | undefined {
    this.redirects++
    if (this.redirects <= MAX_REDIRECTS) return undefined
    return answerAt(500, this.running.location.scope.directive ?? this.running.server.view.directive)
  }

  /** The answer of nginx itself, unless an `error_page` says otherwise. */
  private answer(returned: Returned): Next {
    const { running } = this
    const { status, text } = returned
    const redirects = status >= 301 && status <= 308 && status !== 304
    const ended: Ended = { action: returned, upstreamPath: undefined }
    if (status < 300 || status === 444 || (text !== undefined && !redirects) || this.answersError) return ended
    const page = errorPageFor(running.scope, status)
    if (page === undefined) return ended
    if (!settingIsOn(running.scope, 'recursive_error_pages')) this.answersError = true
    const target = display(evaluate(running, bytesOf(page.target)))
    if (!/^[/@]/.test(target)) {
      const overwritten = page.status !== undefined && page.status >= 301 && page.status <= 308 ? page.status : 302
      return {
        action: { kind: 'return', status: overwritten, text: textOf(target), at: page.at },
        upstreamPath: undefined,
      }
    }
    if (!target.startsWith('@') && running.method !== 'HEAD') running.method = 'GET'
    return this.goTo(target, page.directive)
  }

  private content(): Next {
    const { running, http } = this
    const directive = answersIn(running.handlerScope)
    const name = directive?.name.text
    if (directive === undefined || name === undefined)
      return { action: filesOf(running.scope), upstreamPath: undefined }
    if (name !== 'proxy_pass' && name !== 'grpc_pass') {
      return { action: { kind: 'module', directive: name, at: directive.name.at }, upstreamPath: undefined }
    }
    const { upstream, path } = passOn(running, http, directive)
    return { action: { kind: 'proxy', upstream, at: directive.name.at }, upstreamPath: path }
  }
}

function enter(running: Running, location: Location): void {
  running.location = location
  running.scope = location.scope
  running.handlerScope = location.scope
}

function settingIsOn(scope: Scope, name: string): boolean {
  const { args, level } = settingIn(scope, name)
  return level !== 'default' && args[0] !== 'off'
}

function answerAt(status: number, directive: Directive): Returned {
  return { kind: 'return', status, text: undefined, at: directive.name.at }
}
