import { createHash } from 'node:crypto'
import path from 'node:path'
import { readOrdinaryFile } from '../../adapters/ordinary-file.ts'
import { findConfig, readOwnFile } from '../../adapters/own-config.ts'
import { shownPath } from '../../adapters/shown-path.ts'
import { readMembers } from '../../model/config-members.ts'
import { RunproofError } from '../../model/error.ts'
import { readPolicy } from '../../policy/read-policy.ts'
import type { Rule, RuleInUse } from '../../policy/rule.ts'

/** The rules that decide beside the default policy. */
export interface PolicyInUse {
  readonly rules: readonly RuleInUse[]
  /** Which files they are of, for evidence. */
  readonly facts: Readonly<Record<string, string>>
}

interface PolicyFile {
  /** As it is shown. */
  readonly file: string
  readonly place: string
  readonly bytes: Uint8Array
  readonly sha256: string
}

const LARGEST_BYTES = 1 << 20
const LIMITS = { maxBytes: LARGEST_BYTES, limit: `at most ${LARGEST_BYTES} are read of it` }

/**
 * The policy that a flag names, and the one that the configuration at or above a directory names. Both count, and only the first
 * may loosen anything; when they are the same, it was named.
 *
 * @throws RunproofError USAGE for a named file that cannot be read; POLICY_INVALID for one with anything wrong in it, with file,
 *   line, rule and member; CONFIG_INVALID, FILE_UNREADABLE for a configuration or its policy that cannot be trusted or read
 */
export function policyInUse(named: string | undefined, directory: string): PolicyInUse {
  const given = named === undefined ? undefined : readNamedPolicy(named, directory)
  const found = foundPolicy(directory, given?.place)
  const beside = found?.sha256 === given?.sha256 ? undefined : found
  const rules = [
    ...(given === undefined ? [] : rulesOf(given).map(rule => ({ ...rule, mayLoosen: true }))),
    ...(beside === undefined ? [] : rulesOf(beside).map(rule => ({ ...rule, mayLoosen: false }))),
  ]
  refuseTwins(rules, given, beside)
  const first = given ?? beside
  return {
    rules,
    facts: {
      ...(first === undefined ? {} : { 'policy.sha256': first.sha256 }),
      ...(given === undefined || beside === undefined ? {} : { 'policy.configured.sha256': beside.sha256 }),
    },
  }
}

/** @throws RunproofError USAGE */
export function readNamedPolicy(file: string, directory: string): PolicyFile {
  try {
    const place = path.resolve(directory, file)
    return digested(file, place, readOrdinaryFile(place, { ...LIMITS, name: file }))
  } catch (thrown) {
    if (!(thrown instanceof RunproofError)) throw thrown
    throw new RunproofError('USAGE', thrown.message, { hint: 'name a policy file', cause: thrown })
  }
}

/** Undefined also for the one that was named, which is taken as it is. */
function foundPolicy(directory: string, given: string | undefined): PolicyFile | undefined {
  const config = findConfig(directory, () => 'start from another directory')
  const named = config === undefined ? undefined : policyMember(config.file, config.text)
  if (named === undefined) return undefined
  const file = path.resolve(path.dirname(config!.file), named)
  return file === given ? undefined : digested(shownPath(file), file, readOwnFile(file, LIMITS))
}

/** A member that was mistyped must not leave a run without its policy. */
function policyMember(file: string, text: string): string | undefined {
  const refuse = (problem: string) =>
    new RunproofError('CONFIG_INVALID', `${shownPath(file)}: ${problem}`, { hint: '{"policy": "policy.json"}' })
  const named = readMembers(text, refuse)['policy']
  if (named === undefined) return undefined
  if (typeof named === 'string' && named.trim() !== '') return named
  throw refuse('policy is no path of a file')
}

function digested(file: string, place: string, bytes: Uint8Array): PolicyFile {
  return { file, place, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function rulesOf({ file, bytes }: PolicyFile): readonly Rule[] {
  const { rules, problems } = readPolicy(textOf(bytes))
  const [first, ...more] = problems
  if (first === undefined) return rules.map(({ rule }) => rule)
  const where = [first.rule, first.member].filter(part => part !== undefined).join(': ')
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`
  throw new RunproofError(
    'POLICY_INVALID',
    `${file}:${first.line}: ${where === '' ? '' : `${where}: `}${first.message}${others}`,
    { hint: `runproof policy check ${file}` },
  )
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** Evidence names a rule by its id alone. */
function refuseTwins(rules: readonly Rule[], given: PolicyFile | undefined, beside: PolicyFile | undefined): void {
  const ids = rules.map(({ id }) => id)
  const twin = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twin === undefined) return
  throw new RunproofError('POLICY_INVALID', `${given?.file} and ${beside?.file} both have a rule ${twin}`, {
    hint: 'call one of them otherwise: evidence names the rule that decided',
  })
}
