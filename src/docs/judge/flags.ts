import { type DocumentedCommand, literal } from '../command.ts'
import type { Finding } from '../finding.ts'
import type { Snippet } from '../page/page.ts'
import { classifySpan } from '../shell/classify-span.ts'
import { readScript } from '../shell/read-script.ts'
import type { CommandTree } from '../tree/tree.ts'
import { optionName } from './find-option.ts'
import { mistyped, shown } from './near.ts'
import { COMMON } from './span.ts'
import { unknownValue } from './value.ts'
import type { JudgedCommand } from './verdict.ts'
import { whereabouts } from './whereabouts.ts'
import { alternatives, placeOfStart } from './word.ts'

/** Options without a command, as prose names them: `--state-root`, `--output json`. Undefined of any other snippet. */
export function loneFlags(file: string, snippet: Snippet): DocumentedCommand | undefined {
  if (snippet.text.length > 1000 || classifySpan(snippet.text) !== 'flag') return undefined
  const { commands, problems } = readScript({ file, text: snippet.text, segments: snippet.segments }, true, new Set())
  const [only] = commands
  if (only === undefined || problems.length > 0) return undefined
  return { ...only, from: 'span', within: snippet.within, heading: snippet.heading }
}

interface JudgedFlags {
  readonly judged: readonly JudgedCommand[]
  readonly findings: readonly Finding[]
  readonly unjudged: string | undefined
}

/**
 * Asks of options that stand alone whether any command of the page's programs has them. One that is nearly such an option is wrong; one that is
 * nothing like it may be another program's, so that is a warning, and only where the page speaks of one program.
 *
 * @param own - the programs of the page, at least one
 * @param all - by program
 * @param givenTo - the other program that is given an option of this name on the page: then it is that one's
 */
export function judgeFlags(
  flags: DocumentedCommand,
  own: readonly CommandTree[],
  all: ReadonlyMap<string, CommandTree>,
  givenTo: (name: string) => string | undefined,
): JudgedFlags {
  const judged: JudgedCommand[] = []
  const findings: Finding[] = []
  let unjudged: string | undefined

  for (const [index, word] of flags.words.entries()) {
    const first = word.pieces[0]
    if (typeof first !== 'string' || !/^--?[A-Za-z\d]/.test(first)) continue
    const written = optionName(first)
    if (word.pieces.length > 1 && written === first) continue
    const attached = written === first ? undefined : first.slice(written.length + 1)
    for (const name of alternatives(written)) {
      const places = own.flatMap(tree =>
        (whereabouts(tree).options.get(name) ?? []).map(located => ({ ...located, tree })),
      )
      const [place] = places
      if (place === undefined) {
        const wrong = absent(name)
        if (typeof wrong === 'string') unjudged ??= wrong
        else if (wrong !== undefined)
          findings.push({ ...wrong, at: alternatives(written).length > 1 ? word.at : placeOfStart(word, written) })
        continue
      }
      const { tree, path, spec } = place
      judged.push({ command: flags, program: tree.program, path, options: [spec.names[0]], extent: 'words' })
      const next = flags.words[index + 1]
      const value = attached ?? (next === undefined ? undefined : literal(next))
      if (attached !== undefined && places.every(one => one.spec.value === null)) {
        findings.push({
          rule: 'flag-value-unexpected',
          severity: 'error',
          at: word.at,
          message: `${name} takes no value`,
          suggestion: name,
        })
      } else if (value !== undefined && !value.startsWith('-')) {
        const wrong = places.map(one =>
          one.spec.value === null ? undefined : unknownValue([value], one.spec.value.values),
        )
        const [any] = wrong
        if (any !== undefined && !wrong.includes(undefined))
          findings.push({
            rule: 'flag-value-unknown',
            severity: COMMON.has(name) ? 'warning' : 'error',
            at: attached === undefined && next !== undefined ? next.at : word.at,
            message: `${name} takes ${any.expected}, not \`${shown(any.value)}\``,
            ...(any.near === undefined
              ? {}
              : { suggestion: attached === undefined ? any.near : word.source.replace(value, any.near) }),
          })
      }
    }
  }
  return { judged, findings, unjudged }

  function absent(name: string): Omit<Finding, 'at'> | string | undefined {
    if (name === '--help' || name === '-h') return undefined
    const other = all.values().find(tree => !own.includes(tree) && whereabouts(tree).options.has(name))
    if (other !== undefined) return `${name} is an option of ${other.program}, which the page does not declare`
    const elsewhere = givenTo(name)
    if (elsewhere !== undefined) return `${name} is given to ${shown(elsewhere)} on this page`
    const programs = own.map(({ program }) => program).join(', ')
    if (own.some(tree => !whereabouts(tree).optionsKnown))
      return `the options of ${programs} are not all known, ${name} among them`
    if (!name.startsWith('--')) return `no command of ${programs} has ${name}, which another program may have`
    const bare =
      name.length < 7
        ? undefined
        : mistyped(
            name.slice(2),
            own.flatMap(tree => whereabouts(tree).long),
            9,
          )
    const near = bare === undefined ? undefined : `--${bare}`
    if (near === undefined && own.length > 1)
      return `no command of ${programs} has ${name}, which another program may have`
    return {
      rule: 'unknown-flag',
      severity: near === undefined ? 'warning' : 'error',
      message: `no command of ${programs} has an option \`${shown(name)}\``,
      ...(near === undefined ? {} : { suggestion: near }),
    }
  }
}
