import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'

/** A rule that somebody chose not to keep, where, why and until when. */
export interface Waiver {
  readonly rule: string
  /** Id of a path of the daemon. */
  readonly path?: string
  /** The end of the name of a configuration file, and a line in it where one is given: `edge.conf`, `edge.conf:12`. */
  readonly location?: string
  readonly reason: string
  /** The last day on which it holds, in UTC, as `2027-01-31`. */
  readonly expires: string
}

const MEMBERS = ['rule', 'path', 'location', 'reason', 'expires']

/**
 * @param document - a list of waivers
 * @param known - ids that rules and paths have
 * @throws RunproofError WAIVERS_INVALID naming the entry
 */
export function readWaivers(
  document: Json,
  file: string,
  known: { readonly rules: readonly string[]; readonly paths: readonly string[] },
): readonly Waiver[] {
  if (!Array.isArray(document)) throw invalid(file, 'it is no list')
  return document.map((entry, index) => readWaiver(entry, `entry ${index + 1}`, file, known))
}

function readWaiver(
  entry: Json,
  which: string,
  file: string,
  known: { readonly rules: readonly string[]; readonly paths: readonly string[] },
): Waiver {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw invalid(file, `${which} is no object`)
  const members = entry as Readonly<Record<string, Json>>
  const unknown = Object.keys(members).find(name => !MEMBERS.includes(name))
  if (unknown !== undefined) throw invalid(file, `${which} has the unknown member ${unknown}`)
  const text = (name: string): string => {
    const value = members[name]
    if (typeof value === 'string' && value.trim() !== '') return value
    throw invalid(file, `${which} has no text as its ${name}`)
  }
  const optional = (name: 'path' | 'location') => (members[name] === undefined ? {} : { [name]: text(name) })
  const rule = text('rule')
  if (!known.rules.includes(rule)) throw invalid(file, `${which}: there is no rule ${rule}`)
  const { path } = optional('path')
  if (path !== undefined && !known.paths.includes(path)) throw invalid(file, `${which}: there is no path ${path}`)
  const expires = text('expires')
  if (!isDay(expires)) throw invalid(file, `${which}: ${expires} is no day`)
  return { rule, ...optional('path'), ...optional('location'), reason: text('reason'), expires }
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text
}

function invalid(file: string, problem: string): RunproofError {
  return new RunproofError('WAIVERS_INVALID', `${file}: ${problem}`, {
    hint: '[{"rule": "stream-http2", "path": "events-stream", "location": "edge.conf:12", "reason": "…", "expires": "2027-01-31"}]; path and location may be left out',
  })
}
