import { posix } from 'node:path'
import type { ConfigPosition, CopyPlace, NginxCopy, Rewrite } from '../../model/nginx.ts'
import type { ConfigFile, Configuration, Directive } from '../ast.ts'
import { expand } from '../expand.ts'
import { DEFAULT_ADDRESS } from './listening.ts'
import { changeOf, listensAt, type Site } from './rules.ts'
import { type Context, holdsDirectives, includedBy } from './tree.ts'

/** Which line of a copy a directive ends at: the one that nginx names. */
interface Span {
  readonly endLine: number
  readonly name: string
  readonly at: ConfigPosition
}

interface Copied {
  readonly original: string
  readonly spans: Span[]
}

/** Where nginx puts what it receives and passes on, and the module that does. */
const TEMPORARY: readonly (readonly [directive: string, module: string])[] = [
  ['client_body_temp_path', 'http'],
  ['proxy_temp_path', 'http_proxy'],
  ['fastcgi_temp_path', 'http_fastcgi'],
  ['uwsgi_temp_path', 'http_uwsgi'],
  ['scgi_temp_path', 'http_scgi'],
]

/**
 * The files of a copy. Lines stay where they are: what is added shares a line with what was there, and what is left out
 * leaves its line breaks.
 */
export function writeCopy(
  configuration: Configuration,
  place: CopyPlace,
  upstreams: ReadonlyMap<string, string>,
): NginxCopy {
  const root = configuration.files[0]!
  const files: { name: string; content: Uint8Array }[] = []
  const copies = new Map<string, Copied>()
  const made = new Map<string, string>()
  const rewrites: Rewrite[] = []
  const site: Site = { place, upstreams, directory: posix.dirname(root.path), fileFor: numbered() }

  copyFile(root, [])
  return { files, rewrites, original: (name, line, message) => findOriginal(copies.get(name), line, message) }

  function copyFile(file: ConfigFile, context: Context): string {
    const key = [file.path, ...context.map(({ name }) => name.text), context.at(-1)?.args[0]?.text].join('\0')
    const known = made.get(key)
    if (known !== undefined) return known
    const index = files.length
    const name = index === 0 ? 'nginx.conf' : `${index}-${posix.basename(file.path).replace(/[^\w.-]/g, '_')}`
    made.set(key, name)
    files.push({ name, content: new Uint8Array() })
    const out = new Output()
    copies.set(name, { original: file.path, spans: out.spans })
    if (index === 0) add(out, additionsToMain(), { file: file.path, line: 1, column: 1 })
    emit(out, file.directives, context)
    out.write(file.after)
    files[index] = { name, content: Buffer.from(out.text(), file.encoding) }
    return name
  }

  function emit(out: Output, directives: readonly Directive[], context: Context): void {
    for (const directive of directives) {
      const { name, args, body } = directive
      const included = includedBy(configuration, directive)
      const change = holdsDirectives(context) ? changeOf(directive, context, site) : undefined
      if (included !== undefined) {
        out.write(name.before)
        for (const file of included) out.write(`include ${copyFile(file, context)}; `)
        out.write(lineBreaks(args, body.before))
      } else if (change !== undefined) {
        const to = change.args === null ? '' : [name.text, ...change.args.map(quoted)].join(' ')
        rewrites.push({ at: name.at, from: source(directive), to, why: change.why })
        out.write(`${name.before}${to}${lineBreaks(args, body.before)}${to === '' ? '' : ';'}`)
      } else {
        out.write(name.before + name.raw)
        for (const word of args) out.write(word.before + word.raw)
        out.write(body.before)
        if (body.kind === 'ended') out.write(';')
        else if (body.kind === 'foreign') out.write(`{${body.text}}`)
        else out.write('{')
      }
      out.mark(name.text, name.at)
      if (body.kind !== 'block') continue
      const inner = [...context, directive]
      add(out, additionsTo(directive, context), name.at)
      emit(out, body.directives, inner)
      out.write(`${body.beforeEnd}}`)
      out.mark(name.text, name.at)
    }
  }

  function add(out: Output, additions: readonly string[], at: ConfigPosition): void {
    for (const to of additions) {
      out.write(` ${to};`)
      rewrites.push({ at, from: '', to, why: 'it runs by itself, in its own directory' })
    }
    if (additions.length > 0) out.write(' ')
  }

  function additionsToMain(): string[] {
    const there = namesIn(root.directives)
    const wanted = ['daemon off', 'pid nginx.pid', 'worker_processes 1', 'error_log error.log notice']
    if (place.asRoot) wanted.push('user root')
    if (place.oneProcess) wanted.push('master_process off')
    return wanted.filter(text => !there.has(text.split(' ')[0]!))
  }

  function additionsTo({ name, body }: Directive, context: Context): string[] {
    if (body.kind !== 'block') return []
    if (name.text === 'http' && context.length === 0) {
      const there = namesIn(body.directives)
      const temporary = TEMPORARY.filter(([directive, module]) => !there.has(directive) && place.builtWith(module))
      return [
        ...temporary.map(([directive]) => `${directive} ${site.fileFor('temp', directive)}`),
        ...(there.has('access_log') ? [] : ['access_log access.log']),
      ]
    }
    const to = listensAt(place, DEFAULT_ADDRESS)
    const isServer = name.text === 'server' && context.length === 1 && context[0]!.name.text === 'http'
    if (!isServer || to === undefined || namesIn(body.directives).has('listen')) return []
    return [`listen ${to}`]
  }

  function namesIn(directives: readonly Directive[]): Set<string> {
    return new Set(expand(configuration, directives).map(({ name }) => name.text))
  }
}

/** Text with the line it has come to. */
class Output {
  readonly spans: Span[] = []
  readonly #parts: string[] = []
  #line = 1

  write(text: string): void {
    this.#parts.push(text)
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#line += 1
  }

  mark(name: string, at: ConfigPosition): void {
    this.spans.push({ endLine: this.#line, name, at })
  }

  text(): string {
    return this.#parts.join('')
  }
}

function numbered(): Site['fileFor'] {
  const known = new Map<string, string>()
  return (kind, text) => {
    const key = `${kind} ${text}`
    const name = known.get(key) ?? `${kind}-${known.size}`
    known.set(key, name)
    return name
  }
}

/** As many as there are in what is not written again. */
function lineBreaks(args: Directive['args'], before: string): string {
  const text = args.map(word => word.before + word.raw).join('') + before
  return '\n'.repeat(text.split('\n').length - 1)
}

function source({ name, args }: Directive): string {
  return [name, ...args].map(({ raw }) => raw).join(' ')
}

function quoted(text: string): string {
  return /^[\w./:@=,*~?&%[\]$-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

function findOriginal(copied: Copied | undefined, line: number, message = ''): ConfigPosition | undefined {
  if (copied === undefined) return undefined
  const there = copied.spans.filter(({ endLine }) => endLine === line)
  const span = there.find(({ name }) => message.includes(`"${name}"`)) ?? there[0]
  return span?.at ?? { file: copied.original, line, column: 1 }
}
