import path from 'node:path'
import type { Accepted } from '../findings/accepted.ts'
import type { CheckedFinding } from './checked.ts'
import type { Place } from './place.ts'

/** Findings that somebody accepts. What is left out holds for all. */
export interface Ignore extends Accepted {
  readonly rule?: string
  /** A pattern of file names, from the directory of the configuration: `docs/old/**`. */
  readonly page?: string
  /** First words of a command, as it is written. */
  readonly command?: string
  readonly at: Place
}

export interface Ignores {
  readonly list: readonly Ignore[]
  /** The day of today, in UTC, as `2027-01-31`. */
  readonly today: string
  /** A page as its pattern would name it: from the directory of the configuration. */
  readonly named: (file: string) => string
}

/**
 * Marks what is accepted, and adds what is to be said of the entries themselves: that one has expired, or excuses nothing.
 * Those come last, so that no entry can excuse them.
 */
export function applyIgnores(findings: readonly CheckedFinding[], ignores: Ignores | undefined): CheckedFinding[] {
  if (ignores === undefined) return [...findings]
  const { list, today } = ignores
  const valid = list.filter(({ expires }) => expires >= today)
  const used = new Set<Ignore>()
  const marked = findings.map(finding => {
    const ignore = valid.find(one => excuses(one, finding, ignores))
    if (ignore === undefined) return finding
    used.add(ignore)
    return { ...finding, ignored: { reason: ignore.reason, expires: ignore.expires } }
  })
  return [...marked, ...list.flatMap(ignore => aboutEntry(ignore, valid.includes(ignore), used.has(ignore)))]
}

function excuses({ rule, page, command }: Ignore, finding: CheckedFinding, { named }: Ignores): boolean {
  if (rule !== undefined && rule !== finding.rule) return false
  if (page !== undefined && !path.posix.matchesGlob(named(finding.at.file), page)) return false
  return command === undefined || beginsWith(finding.command, command)
}

/** By words, however they are spaced or broken into lines. */
function beginsWith(command: string | undefined, beginning: string): boolean {
  if (command === undefined) return false
  const words = (text: string) =>
    `${text
      .replaceAll(/\\\r?\n|\s+/g, ' ')
      .replaceAll(/ +/g, ' ')
      .trim()} `
  return words(command).startsWith(words(beginning))
}

function aboutEntry(ignore: Ignore, valid: boolean, used: boolean): readonly CheckedFinding[] {
  if (valid && used) return []
  const { rule, page, command, reason, expires, at } = ignore
  const what = [rule, page, command].filter(one => one !== undefined).join(', ')
  const rest = { at, command: undefined, ignored: undefined }
  return valid
    ? [
        {
          ...rest,
          rule: 'ignore-unused',
          severity: 'warning',
          message: `the entry for ${what} (${reason}) excuses nothing`,
        },
      ]
    : [
        {
          ...rest,
          rule: 'ignore-expired',
          severity: 'error',
          message: `the entry for ${what} (${reason}) held until ${expires}`,
        },
      ]
}
