import { plural, wrap } from '../../findings/wrap.ts'
import { type KnownNames, type Linted, lintPolicy } from '../../policy/lint.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import { planRunbooks } from '../planned-runbooks.ts'
import { idsOf, TARGETS } from '../registry.ts'
import { readNamedPolicy, textOf } from './policy-in-use.ts'

const WIDTH = 80

/**
 * Prints what is wrong with policy files.
 *
 * @returns the exit code: 1 when anything was found
 * @throws RunproofError USAGE for a file that cannot be read
 */
export async function checkPolicies(files: readonly string[], json: boolean): Promise<number> {
  const { text, exitCode } = await policiesResult(files, json, process.cwd())
  process.stdout.write(text)
  return exitCode
}

interface LintedFile extends Linted {
  readonly file: string
  readonly sha256: string
}

/** What would be printed. @param cwd - where the names of files begin */
export async function policiesResult(
  files: readonly string[],
  json: boolean,
  cwd: string,
): Promise<{ readonly text: string; readonly exitCode: 0 | 1 }> {
  const read = files.map(file => readNamedPolicy(file, cwd))
  const known = await knownNames()
  const linted = read.map(
    ({ file, bytes, sha256 }): LintedFile => ({ file, sha256, ...lintPolicy(textOf(bytes), known) }),
  )
  const exitCode = linted.some(({ problems }) => problems.length > 0) ? 1 : 0
  const text = json
    ? `${JSON.stringify({ schema: 'runproof-policy-check-1', files: linted, exitCode }, null, 2)}\n`
    : linted
        .flatMap(lines)
        .map(line => `${terminalLine(line)}\n`)
        .join('')
  return { text, exitCode }
}

/** Of a runbook the steps of every way to run it that its page shows. */
async function knownNames(): Promise<KnownNames> {
  const planned = await planRunbooks()
  return {
    targets: idsOf(TARGETS),
    steps: new Map(
      planned.map(({ runbook, ways }) => [
        runbook.id,
        [...new Set(ways.flatMap(({ plan }) => plan.steps.map(({ id }) => id)))],
      ]),
    ),
    zones: [...Intl.supportedValuesOf('timeZone'), 'UTC'],
  }
}

function lines({ file, ruleCount, problems }: LintedFile): readonly string[] {
  if (problems.length === 0) return [`${file}: ${plural(ruleCount, 'rule')}, nothing found`]
  return [
    ...problems.flatMap(({ kind, line, rule, member, message }) => {
      const subject = [rule, member].filter(part => part !== undefined).join(': ')
      return [`${file}:${line}: ${kind}`, ...wrap(subject === '' ? message : `${subject}: ${message}`, WIDTH, '  ')]
    }),
    `${file}: ${plural(problems.length, 'problem')}`,
  ]
}
