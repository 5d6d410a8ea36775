import type { PlanInput } from '../model/runbook.ts'
import { reachOf } from '../suite/params.ts'

/** A command line of runproof that asks the same daemon again: the suite of that id, and its parameters besides. */
export function smokeLine(
  input: PlanInput,
  suite: string,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  const { params, target } = input
  const where = (): Readonly<Record<string, string | undefined>> => ({
    'base-url': params['base-url'],
    'token-file': params['readonly-token-file'],
    'admin-token-file': params['admin-token-file'],
    'state-root': params['state-root'],
    binary: params.binary,
    'ca-file': params['ca-file'],
    ...more,
  })
  const given = Object.entries(reachOf(input) === 'running' ? where() : more)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quoted(value!)}`)
  return [
    `bin/runproof smoke ${suite} --target ${target.id}`,
    ...(given.length === 0 ? [] : [`--param ${given.join(' ')}`]),
  ].join(' ')
}

/** One word for a shell. */
function quoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}
