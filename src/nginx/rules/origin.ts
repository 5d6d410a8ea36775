import type { Configuration, Directive } from '../ast.ts'
import type { View } from '../view.ts'
import { headerText, passedOn, placeOf, sentHeader } from './passed-on.ts'
import type { Found, Rule } from './rule.ts'
import { argTexts, directivesIn, everyDirective } from './walk.ts'

/**
 * What a proxy makes of `Origin`. The daemon refuses every origin that is not loopback and takes a request without one for
 * no browser's: so the gateway's own has to be taken away, and every other one to be passed on.
 */
type Handling =
  | { readonly kind: 'passed' }
  | { readonly kind: 'erased' }
  | { readonly kind: 'map'; readonly map: Directive }

function handlingOf(value: string | undefined, configuration: Configuration): Handling | undefined {
  if (value === undefined || value === '$http_origin') return { kind: 'passed' }
  const variable = /^\$\{?(\w+)\}?$/.exec(value)?.[1]
  if (variable === undefined) return value.includes('$') ? undefined : { kind: 'erased' }
  for (const { directive } of everyDirective(configuration)) {
    const [source, target] = argTexts(directive)
    if (directive.name.text === 'map' && source === '$http_origin' && target === `$${variable}`)
      return { kind: 'map', map: directive }
  }
  return undefined
}

const SETTINGS = ['default', 'hostnames', 'volatile', 'include']

/** Origins that a map gives another value than their own. */
function replacedIn(map: Directive, configuration: Configuration): readonly Directive[] {
  return [...directivesIn(map, configuration)].filter(
    ({ name, args }) => !SETTINGS.includes(name.text) && args[0]?.text !== '$http_origin',
  )
}

function ownHosts({ server }: View): readonly string[] {
  return server.names.map(name => name.toLowerCase())
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/(\[[^\]]+\]|[^:/]+)(?::\d+)?$/i.exec(origin)?.[1]?.toLowerCase()
}

const own: Rule = {
  id: 'own-origin-refused',
  title: 'Pages of the gateway itself reach the daemon',
  why: 'A browser sends Origin with every mutation, also to its own site. The daemon answers 403 to all but loopback ones.',
  severity: 'warning',
  *judge(subject) {
    for (const { path, view } of passedOn(subject, 'stream', 'ordinary')) {
      const sent = sentHeader(view, 'Origin')
      const handling = handlingOf(sent?.value, subject.configuration)
      const expected = 'a map of $http_origin that makes the gateway’s own origin empty'
      if (handling?.kind === 'passed')
        yield { at: sent?.at ?? placeOf(view), path: path.id, expected, actual: headerText('Origin', sent) }
      if (handling?.kind !== 'map') continue
      const names = ownHosts(view)
      const replaced = replacedIn(handling.map, subject.configuration)
      if (replaced.some(({ name }) => name.text.startsWith('~') || names.includes(hostOf(name.text) ?? ''))) continue
      yield { at: handling.map.name.at, path: path.id, expected, actual: `no origin of ${names.join(' ')} in this map` }
    }
  },
}

const foreign: Rule = {
  id: 'foreign-origin-hidden',
  title: 'The daemon sees the origin of a foreign page',
  why: 'It refuses foreign pages by their Origin. Without it a page anywhere acts on the daemon with whatever its browser can send.',
  severity: 'error',
  *judge(subject) {
    for (const { path, view } of passedOn(subject, 'stream', 'ordinary')) {
      const sent = sentHeader(view, 'Origin')
      const handling = handlingOf(sent?.value, subject.configuration)
      if (handling?.kind === 'erased')
        yield {
          at: sent!.at,
          path: path.id,
          expected: 'Origin of a foreign page as it was sent',
          actual: headerText('Origin', sent),
        }
      if (handling?.kind === 'map')
        for (const found of hiddenBy(handling.map, ownHosts(view), subject.configuration))
          yield { ...found, path: path.id }
    }
  },
}

function* hiddenBy(map: Directive, names: readonly string[], configuration: Configuration): Generator<Found> {
  const expected = 'default $http_origin, and exact origins of this server only'
  const others = [...directivesIn(map, configuration)].find(({ name }) => name.text === 'default')
  if (others?.args[0]?.text !== '$http_origin')
    yield {
      at: (others ?? map).name.at,
      expected,
      actual: `every other origin becomes "${others?.args[0]?.text ?? ''}"`,
    }
  for (const { name } of replacedIn(map, configuration)) {
    // A pattern is exact when nothing in it stands for more than one character.
    const exact = name.text.replace(/^~\*?\^(.*)\$$/, '$1').replaceAll('\\', '')
    const isExact =
      !name.text.startsWith('~') ||
      (/^~\*?\^.*\$$/.test(name.text) && !/[*+?()|{}[\]]|(?<!\\)\./.test(name.text.slice(2).replace(/^\*/, '')))
    if (isExact && names.includes(hostOf(exact) ?? '')) continue
    yield {
      at: name.at,
      expected,
      actual: isExact ? `${exact} is no origin of this server` : `${name.text} fits more than one origin`,
    }
  }
}

export const originRules: readonly Rule[] = [own, foreign]
