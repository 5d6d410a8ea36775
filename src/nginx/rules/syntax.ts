import type { Configuration } from '../ast.ts'
import { checkSyntax, type SyntaxFinding } from '../syntax.ts'
import type { Found, Rule, Subject } from './rule.ts'

const checked = new WeakMap<Configuration, readonly SyntaxFinding[]>()

function* found({ configuration }: Subject, wanted: SyntaxFinding['severity'], expected: string): Generator<Found> {
  const all = checked.get(configuration) ?? checkSyntax(configuration)
  checked.set(configuration, all)
  for (const { severity, at, text } of all) if (severity === wanted) yield { at, expected, actual: text }
}

const accepted: Rule = {
  id: 'syntax',
  title: 'nginx accepts every directive where it stands',
  why: 'nginx does not start with it, and keeps the old configuration when it is told to reload.',
  severity: 'error',
  judge: subject => found(subject, 'error', 'what nginx -t accepts'),
}

const known: Rule = {
  id: 'directive-unknown',
  title: 'Every directive is one that nginx brings',
  why: 'Without the module that brings it nginx does not start; what it does to requests is not known here.',
  severity: 'warning',
  judge: subject => found(subject, 'warning', 'a directive of nginx itself'),
}

export const syntaxRules: readonly Rule[] = [accepted, known]
