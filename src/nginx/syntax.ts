import type { Configuration, Directive, Position } from './ast.ts'
import { type Context, DIRECTIVES, type DirectiveSyntax } from './directives/table.ts'
import { placeOf } from './invalid.ts'
import { ARGUMENT_CHECKS } from './syntax/arguments.ts'
import { contextWithin } from './syntax/contexts.ts'
import { dataProblem } from './syntax/data-blocks.ts'
import { nearestName } from './syntax/nearest.ts'
import { onceIn } from './syntax/once.ts'
import type { Place } from './syntax/place.ts'
import { textProblem } from './syntax/texts.ts'
import { valueProblem } from './syntax/values.ts'

/** `error`: `nginx -t` refuses it too. `warning`: a module may know what we do not. */
export interface SyntaxFinding {
  readonly severity: 'error' | 'warning'
  readonly at: Position
  /** One sentence, with names of directives and never with arguments. */
  readonly text: string
}

/**
 * Whether nginx knows the directives, allows them where they stand and takes their arguments, with every include in its
 * place. What it would look up elsewhere (files, hosts, users, zones and variables defined in other places) is not asked.
 *
 * @param start - where the main file stands: `main`, or the block that a fragment is meant for
 * @returns in the order of nginx, each place and problem once
 */
export function checkSyntax(configuration: Configuration, start: Context = 'main'): readonly SyntaxFinding[] {
  const findings = new Map<string, SyntaxFinding>()
  const report = (severity: SyntaxFinding['severity'], at: Position, text: string) => {
    const key = `${placeOf(at)} ${text}`
    if (!findings.has(key)) findings.set(key, { severity, at, text })
  }
  const [main] = configuration.files
  const written: Written = new Map()
  if (main !== undefined) checkAll(main.directives, { context: start, around: [] }, written)
  if (main !== undefined && start === 'main' && !written.has('events')) {
    report('error', { file: main.path, line: 1, column: 1 }, 'there is no "events" block, which nginx insists on')
  }
  return [...findings.values()]

  function checkAll(directives: readonly Directive[], place: Place, written: Written): void {
    for (const directive of directives) {
      const known = check(directive, place, written)
      const included = configuration.included.get(directive)
      if (included !== undefined) {
        for (const file of included) checkAll(file.directives, place, written)
      } else if (known !== undefined && directive.body.kind === 'block') {
        const around = [...place.around, directive]
        const context = contextWithin(known.name, place.context)
        if (context === 'data') checkData(directive.body.directives, known.name, new Set())
        else if (context !== undefined) checkAll(directive.body.directives, { context, around }, new Map())
      }
    }
  }

  /** What it is, as far as it is known here. */
  function check(directive: Directive, place: Place, written: Written): DirectiveSyntax | undefined {
    const { name, body } = directive
    const about = (text: string) => report('error', name.at, `"${name.text}" ${text}`)
    const meanings = DIRECTIVES.get(name.text)
    if (meanings === undefined) {
      tellUnknown(directive)
      return undefined
    }
    const syntax = meanings.find(({ contexts }) => contexts === 'everywhere' || contexts.has(place.context))
    if (syntax === undefined) {
      const contexts = new Set(meanings.flatMap(meaning => [...meaning.contexts]))
      about(`is not allowed in ${placeName(place.context)}, only in ${[...contexts].join(', ')}`)
      return undefined
    }
    if (syntax.block !== (body.kind !== 'ended')) {
      about(syntax.block ? 'needs a block, but "{" is missing' : 'takes no block, ";" is missing after its arguments')
      return syntax
    }
    if (!syntax.takes(directive.args.length)) {
      about(`takes ${argumentCount(syntax.arguments)}, and has ${directive.args.length}`)
      return syntax
    }
    const args = directive.args.map(word => word.text)
    const problem =
      valueProblem(syntax, args) ?? (isWebContext(place.context) ? ownProblem(name.text, args, place) : undefined)
    if (problem !== undefined)
      report('error', directive.args[0]?.at ?? name.at, `arguments of "${name.text}": ${problem}`)
    const once = onceIn(syntax, args)
    if (once !== undefined) {
      const first = once.barredBy.map(key => written.get(key)).find(one => one !== undefined)
      if (first === undefined) written.set(once.occupies, directive)
      else about(`is written twice here, first at ${placeOf(first.name.at)}`)
    }
    return syntax
  }

  function tellUnknown({ name }: Directive): void {
    if (!/^[\w.-]+$/.test(name.text)) {
      const mark = name.text.startsWith('\ufeff') ? ': the file begins with a byte order mark' : ''
      report('error', name.at, `this can be no directive${mark}`)
      return
    }
    const nearest = nearestName(name.text, DIRECTIVES.keys())
    const suggestion = nearest === undefined ? 'a module may bring it' : `is "${nearest}" meant?`
    report('warning', name.at, `the directive "${name.text}" is not known: ${suggestion}`)
  }

  function checkData(directives: readonly Directive[], block: string, keys: Set<string>): void {
    for (const directive of directives) {
      const included = configuration.included.get(directive)
      if (included !== undefined) for (const file of included) checkData(file.directives, block, keys)
      else {
        const problem = dataProblem(directive, block, keys)
        if (problem !== undefined) report('error', directive.name.at, `in "${block}" ${problem}`)
      }
    }
  }
}

function ownProblem(name: string, args: readonly string[], place: Place): string | undefined {
  return ARGUMENT_CHECKS[name]?.(args, place) ?? textProblem(name, args)
}

/** What a block has so far of which it may have only one. */
type Written = Map<string, Directive>

function isWebContext(context: Context): boolean {
  return !context.startsWith('stream') && !context.startsWith('mail')
}

function placeName(context: Context): string {
  if (context === 'main') return 'the main context'
  const [outer, inner] = context.split('-')
  if (inner === undefined) return `"${context}"`
  return inner === 'if' ? `"if" in "${outer}"` : `"${inner}" of "${outer}"`
}

function argumentCount(counts: string): string {
  if (counts === '0') return 'no argument'
  if (counts === '1' || counts === '1+') return counts === '1' ? '1 argument' : '1 argument or more'
  if (counts.endsWith('+')) return `${counts.slice(0, -1)} arguments or more`
  return `${counts.replace('-', ' to ').replaceAll('|', ' or ')} arguments`
}
