import type { Directive } from '../ast.ts'
import { bytesOf, textOf } from '../bytes.ts'
import { argsOf } from '../directive.ts'
import { placeOf } from '../invalid.ts'
import type { Action } from '../view.ts'
import { refusedBy } from './access.ts'
import { errorPageFor } from './error-page.ts'
import { filesOf } from './files.ts'
import { findLocation } from './find-location.ts'
import { answersIn } from './handler.ts'
import { indexOf } from './index-file.ts'
import type { Location } from './location.ts'
import { matchPattern } from './pattern.ts'
import { passOn } from './proxy.ts'
import { type Returned, runRewrites } from './rewrite.ts'
import { capture, type Running } from './running.ts'
import { innerScope, type Scope, settingIn } from './scope.ts'
import { escapePath } from './uri.ts'
import { display, plain, type Value } from './value.ts'
import { evaluate } from './variables.ts'

/** How a request ends. */
export interface Ended {
  readonly action: Action
  /** What an upstream is asked for; undefined where nothing is passed on, or variables decide. */
  readonly upstreamPath: string | undefined
  /** Undefined where the upstream, a file or another module decides. */
  readonly status: number | undefined
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
  /** Set by `error_page`, whatever answers then. */
  private status: number | undefined
  /** Paths for which the files of a `try_files` were missing. */
  private readonly missing = new Map<Scope, Set<string>>()

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
      const to = textOf(escapePath(location.name) + (running.args === '' ? '' : `?${running.args}`))
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
    return this.refused() ?? this.tryFiles() ?? this.content()
  }

  /** Methods that `limit_except` does not name are handled by its block. */
  private exceptLimited(): void {
    const { running } = this
    const limit = running.scope.byName.get('limit_except')?.[0]
    if (limit === undefined) return
    const methods = argsOf(limit).map(one => one.toUpperCase())
    if (methods.includes(running.method) || (running.method === 'HEAD' && methods.includes('GET'))) return
    const outer = answersIn(running.scope)
    running.scope = innerScope(running.configuration, 'location', limit, running.scope)
    // Of the modules outside only those that pass requests on also answer within the block.
    const passesOn = outer !== undefined && /^(?:proxy|fastcgi|uwsgi|scgi|grpc)_pass$/.test(outer.name.text)
    if (!passesOn || answersIn(running.scope) !== undefined) running.handlerScope = running.scope
  }

  private refused(): Returned | undefined {
    const directive = refusedBy(this.running)
    return directive === undefined ? undefined : answerAt(403, directive)
  }

  private tryFiles(): Next | undefined {
    const { running } = this
    const directive = running.scope.byName.get('try_files')?.at(-1)
    if (directive === undefined) return undefined
    const text = argsOf(directive).join(' ')
    const at = directive.name.at
    const missing = this.missing.get(running.scope) ?? new Set()
    // Sent back for the same path: this file has to be there.
    if (missing.has(running.uri)) return this.endsWith({ kind: 'files', how: 'try_files', text, at })
    this.missing.set(running.scope, missing.add(running.uri))
    running.unsure(`taken that none of the files of try_files ${text} is there (${placeOf(at)})`)
    const last = argsOf(directive).at(-1) ?? ''
    if (/^=\d+$/.test(last)) return answerAt(Number(last.slice(1)), directive)
    return this.goTo(evaluate(running, bytesOf(last)), directive)
  }

  /** An internal redirect, to a path or to a named location. */
  private goTo(value: Value, by: Directive): Next {
    const { running } = this
    const target = display(value)
    if (target.startsWith('@')) {
      const location = running.server.root.inner.named.get(target)
      return this.again() ?? (location === undefined ? answerAt(500, by) : { to: 'named', location })
    }
    const [uri = '', ...query] = target.split('?')
    running.uri = uri
    running.args = query.join('?')
    running.blurred = plain(value) === undefined
    running.internal = true
    running.asItCame = false
    return this.again() ?? { to: 'server' }
  }

  private again(): Returned | undefined {
    this.redirects++
    if (this.redirects <= MAX_REDIRECTS) return undefined
    this.answersError = true
    return answerAt(500, this.running.location.scope.directive ?? this.running.server.view.directive)
  }

  /** The answer of nginx itself, unless an `error_page` says otherwise. */
  private answer(returned: Returned): Next {
    const { running } = this
    const { status, text } = returned
    // Sent as it is: no error of nginx, so no page is looked for.
    if (status < 300 || status === 444 || (text !== undefined && !isRedirect(status))) {
      return this.endsWith(returned, this.status ?? status)
    }
    const page = this.answersError ? undefined : errorPageFor(running.scope, status)
    if (page === undefined) return this.endsWith(returned, status)
    if (!settingIsOn(running.scope, 'recursive_error_pages')) this.answersError = true
    const value = evaluate(running, bytesOf(page.target))
    const target = display(value)
    if (!/^[/@]/.test(target)) {
      const redirect = page.status !== undefined && isRedirect(page.status) ? page.status : 302
      return this.endsWith({ kind: 'return', status: redirect, text: textOf(target), at: page.at }, redirect)
    }
    this.status = page.status
    if (!target.startsWith('@') && running.method !== 'HEAD') running.method = 'GET'
    return this.goTo(value, page.directive)
  }

  private content(): Next {
    const { running, http } = this
    const directive = answersIn(running.handlerScope)
    if (directive === undefined) return this.files()
    const { name } = directive
    if (name.text !== 'proxy_pass' && name.text !== 'grpc_pass') {
      return this.endsWith({ kind: 'module', directive: name.text, at: name.at })
    }
    const { upstream, path } = passOn(running, http, directive)
    // Variables came to nothing.
    if (upstream.name === '') return answerAt(500, directive)
    return { action: { kind: 'proxy', upstream, at: name.at }, upstreamPath: path, status: this.status }
  }

  private files(): Next {
    const { running } = this
    const index = indexOf(running)
    if (index === undefined) return this.endsWith(filesOf(running.scope))
    return this.goTo([running.args === '' ? index : `${index}?${running.args}`], running.server.view.directive)
  }

  private endsWith(action: Action, status = this.status): Ended {
    return { action, upstreamPath: undefined, status }
  }
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status)
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
