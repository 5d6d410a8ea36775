import type { Configuration, Directive, Position, Word } from '../ast.ts'
import type { Rule } from './rule.ts'
import { argTexts, everyDirective } from './walk.ts'

/** A scheme of authentication and what follows it. @see RFC 6750, section 2.1 */
const LITERAL = /\b(Bearer|Basic|Token)[ \t]+([\w.~+/-]{12,}=*)/gi
/** A value that can hardly be anything else than a credential: long, without a blank, of both letters and digits. */
const OPAQUE = /^(?=.*\d)(?=.*[a-z])[\w.~+/-]{20,}=*$/i
const SHORTEST = 12
const HOLDS_CREDENTIAL = /authorization|token|api[-_]?key|secret/i

interface Literal {
  readonly at: Position
  readonly length: number
}

function* literals(configuration: Configuration): Generator<Literal> {
  for (const { directive } of everyDirective(configuration)) {
    const words = [directive.name, ...directive.args]
    for (const word of words) {
      const found = word.before.includes('#') ? inComment(word.before) : undefined
      if (found !== undefined) yield { at: backFrom(word, found.index), length: found[2]!.length }
    }
    // Unquoted, the scheme and the token are two arguments.
    const isLong = words.some(({ text }) => text.length >= SHORTEST)
    const [found] = isLong ? textOf(words).matchAll(LITERAL) : []
    const value = directive.args[1]?.text ?? ''
    if (found !== undefined) yield { at: directive.name.at, length: found[2]!.length }
    else if (setsCredential(directive) && OPAQUE.test(value)) yield { at: directive.name.at, length: value.length }
  }
  for (const { path, after, directives } of configuration.files) {
    const found = inComment(after)
    const at = directives.at(-1)?.name.at ?? { file: path, line: 1, column: 1 }
    if (found !== undefined) yield { at, length: found[2]!.length }
  }
}

function textOf(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(' ')
}

/** Prose speaks of bearer authentication, too; a credential has digits in it. */
function inComment(text: string): RegExpExecArray | undefined {
  return [...text.matchAll(LITERAL)].find(([, , token]) => /\d/.test(token!))
}

function setsCredential({ name, args }: Directive): boolean {
  return ['proxy_set_header', 'set'].includes(name.text) && HOLDS_CREDENTIAL.test(args[0]?.text ?? '')
}

/** Where a comment before a word stands. */
function backFrom({ before, at }: Word, index: number): Position {
  const lines = before.slice(index).split('\n').length - 1
  if (lines === 0) return at
  return { file: at.file, line: at.line - lines, column: index - before.lastIndexOf('\n', index - 1) }
}

const literal: Rule = {
  id: 'token-literal',
  title: 'No credential is written in the configuration',
  why: 'Whoever reaches the proxy has the rights of that token, and whoever reads the file, its backups or its history has the token.',
  severity: 'error',
  *judge({ configuration }) {
    for (const { at, length } of literals(configuration))
      yield { at, expected: 'tokens that come from clients', actual: `a credential of ${length} characters` }
  },
}

const LOGGED = /\$\{?http_(?:authorization|cookie)\b/

const logged: Rule = {
  id: 'token-logged',
  title: 'No credential is written to a log or given back',
  why: 'Logs are kept, copied and read by more people than tokens are for.',
  severity: 'error',
  *judge({ configuration }) {
    for (const { directive } of everyDirective(configuration)) {
      if (!['log_format', 'add_header', 'add_trailer', 'return'].includes(directive.name.text)) continue
      const variable = LOGGED.exec(argTexts(directive).join(' '))?.[0]
      if (variable === undefined) continue
      yield {
        at: directive.name.at,
        expected: `${directive.name.text} without it`,
        actual: `${directive.name.text} with ${variable}`,
      }
    }
  },
}

export const credentialRules: readonly Rule[] = [literal, logged]

/** A text with every credential in it replaced, for whatever shows a part of the configuration. */
export function withoutCredentials(text: string): string {
  const masked = text.replaceAll(LITERAL, (_, scheme: string, token: string) => `${scheme} ${'*'.repeat(token.length)}`)
  if (!HOLDS_CREDENTIAL.test(masked)) return masked
  return masked.replaceAll(/[\w.~+/-]{20,}=*/g, word => (OPAQUE.test(word) ? '*'.repeat(word.length) : word))
}
