import { HOLDS_CREDENTIAL, LITERAL, OPAQUE } from '../../findings/credentials.ts'
import type { Configuration, Position } from '../ast.ts'
import { argsOf } from '../directive.ts'
import { printConfig } from '../print.ts'
import { directivesNamed } from '../walk.ts'
import { madeOf } from './made-of.ts'
import type { Rule } from './rule.ts'

interface Literal {
  readonly at: Position
  readonly length: number
}

function* literals(configuration: Configuration): Generator<Literal> {
  for (const file of configuration.files) {
    const text = Buffer.from(printConfig(file)).toString(file.encoding)
    for (const { index, 2: token = '' } of text.matchAll(LITERAL)) {
      const before = text.slice(text.lastIndexOf('\n', index) + 1, index)
      // Prose speaks of bearer authentication, too; a credential has digits in it.
      if (/(?:^|\s)#/.test(before) && !/\d/.test(token)) continue
      const line = text.slice(0, index).split('\n').length
      yield { at: { file: file.path, line, column: before.length + 1 }, length: token.length }
    }
  }
  for (const { directive } of directivesNamed(configuration, 'set', 'proxy_set_header', 'grpc_set_header')) {
    const [name = '', value = ''] = argsOf(directive)
    if (HOLDS_CREDENTIAL.test(name) && OPAQUE.test(value)) yield { at: directive.name.at, length: value.length }
  }
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

/** Secrets are set by bodies. */
const LOGGED = /^(?:http_(?:authorization|cookie)|request_body)$/

const logged: Rule = {
  id: 'token-logged',
  title: 'No credential is written to a log or given back',
  why: 'Logs are kept, copied and read by more people than tokens are for.',
  severity: 'error',
  *judge({ configuration }) {
    for (const { directive } of directivesNamed(configuration, 'log_format', 'add_header', 'add_trailer', 'return')) {
      const variable = madeOf(configuration, argsOf(directive).join(' '), LOGGED)
      if (variable === undefined) continue
      yield {
        at: directive.name.at,
        expected: `${directive.name.text} without it`,
        actual: `${directive.name.text} with $${variable}`,
      }
    }
  },
}

export const credentialRules: readonly Rule[] = [literal, logged]
