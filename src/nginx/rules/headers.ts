import type { Directive, Position } from '../ast.ts'
import { argsOf } from '../directive.ts'
import { directivesIn, directivesNamed } from '../walk.ts'
import { passedOn } from './passed-on.ts'
import type { Found, Rule, Subject } from './rule.ts'

const LISTS = ['proxy_set_header', 'add_header'] as const
const BLOCKS = ['http', 'server', 'location', 'if', 'limit_except']

const redefined: Rule = {
  id: 'header-redefinition',
  title: 'No block loses the headers of the blocks around it',
  why: 'proxy_set_header and add_header of a block replace all of those outside, they do not add to them.',
  severity: 'warning',
  *judge({ configuration }) {
    const ofBlocks = new Map<Directive, ReadonlyMap<string, readonly Directive[]>>()
    for (const { directive, parents } of directivesNamed(configuration, ...BLOCKS)) {
      if (directive.body.kind !== 'block') continue
      for (const list of LISTS) {
        const own = headersOf(directive, list)
        if (own.length === 0) continue
        const outer =
          [...parents]
            .reverse()
            .map(parent => headersOf(parent, list))
            .find(names => names.length > 0) ?? []
        const lost = outer.filter(({ name }) => !own.some(one => one.name === name)).map(({ written }) => written)
        if (lost.length === 0) continue
        yield {
          at: own[0]!.at,
          expected: `${list} ${lost.join(', ')} here, too`,
          actual: `${lost.join(', ')} not in effect here`,
        }
      }
    }

    function headersOf(block: Directive, list: string) {
      const known = ofBlocks.get(block) ?? Map.groupBy(directivesIn(block, configuration), ({ name }) => name.text)
      ofBlocks.set(block, known)
      return (known.get(list) ?? []).map(one => {
        const written = one.args[0]?.text ?? ''
        return { name: written.toLowerCase(), written, at: one.name.at }
      })
    }
  },
}

interface AddedHeader {
  readonly name: string
  readonly value: string
  readonly at: Position
  readonly path?: string
}

/** Headers that answers get, those in conditions included: a condition may always be met. */
function* addedHeaders({ configuration, requests }: Subject): Generator<AddedHeader> {
  const taking = new Set([...passedOn({ requests })].map(({ view }) => view.server.directive))
  for (const { path, view } of requests)
    for (const { args, at } of view.listed('add_header'))
      yield { name: args[0] ?? '', value: args[1] ?? '', at, path: path.id }
  for (const { directive, parents } of directivesNamed(configuration, 'add_header')) {
    const conditional = parents.some(({ name }) => name.text === 'if') && parents.some(parent => taking.has(parent))
    const [name = '', value = ''] = argsOf(directive)
    if (conditional) yield { name, value, at: directive.name.at }
  }
}

function isAnyOrigin({ name, value }: AddedHeader): boolean {
  return /^access-control-allow-origin$/i.test(name) && /^\*$|\$\{?http_origin\b/.test(value)
}

function asFound({ name, value, at, path }: AddedHeader): Found {
  const found = { at, expected: `no ${name} of the proxy’s own`, actual: `${name} "${value}"` }
  return path === undefined ? found : { ...found, path }
}

const cors: Rule = {
  id: 'cors-header',
  title: 'CORS is answered by the daemon alone',
  why: 'The daemon allows loopback origins only. A second header of the proxy contradicts it, and browsers then refuse both or believe the wrong one.',
  severity: 'error',
  *judge(subject) {
    for (const header of addedHeaders(subject))
      if (/^access-control-/i.test(header.name) && !isAnyOrigin(header)) yield asFound(header)
  },
}

const anyOrigin: Rule = {
  id: 'cors-any-origin',
  title: 'Not every page of the web may read the daemon’s answers',
  why: 'With a token in reach, any page a browser has open acts on the daemon. Giving the origin back is the same as `*`.',
  severity: 'error',
  *judge(subject) {
    for (const header of addedHeaders(subject)) if (isAnyOrigin(header)) yield asFound(header)
  },
}

/** Decoded, so a line end in the path is a line end in the header. */
const DECODED = /\$(?:\{(?:document_)?uri\}|(?:document_)?uri\b)/

const SENDING = ['return', 'rewrite', 'add_header', 'proxy_set_header', 'proxy_pass']

/** The part of a directive that becomes a header or a request line. */
function sentPart({ name, args }: Directive): string {
  const texts = args.map(({ text }) => text)
  if (name.text === 'return') return texts.length === 1 || /^3\d\d$/.test(texts[0] ?? '') ? texts.join(' ') : ''
  if (name.text === 'rewrite') return ['redirect', 'permanent'].includes(texts[2] ?? '') ? (texts[1] ?? '') : ''
  return texts.join(' ')
}

const splitting: Rule = {
  id: 'header-splitting',
  title: 'No decoded path becomes part of a header',
  why: '$uri is decoded: %0d%0a in a path ends the header and begins one of the client’s choice. $request_uri is as it was sent.',
  severity: 'error',
  *judge({ configuration }) {
    for (const { directive } of directivesNamed(configuration, ...SENDING)) {
      const part = sentPart(directive)
      if (DECODED.test(part))
        yield { at: directive.name.at, expected: '$request_uri', actual: `${directive.name.text} ${part}` }
    }
  },
}

export const headerRules: readonly Rule[] = [redefined, cors, anyOrigin, splitting]
