import { type Accepted, dayOf, readAccepted } from '../findings/accepted.ts'
import type { Json } from '../model/check.ts'
import type { EdgeApi } from '../model/edge-api.ts'
import { RunproofError } from '../model/error.ts'
import { RULES } from './rules/all.ts'

/** A rule that somebody chose not to keep, where, why and until when. */
export interface Waiver extends Accepted {
  readonly rule: string
  /** Id of a path of the daemon. */
  readonly path?: string
  /** The end of the name of a configuration file, and a line in it where one is given: `edge.conf`, `edge.conf:12`. */
  readonly location?: string
}

export interface Waivers {
  readonly file: string
  readonly list: readonly Waiver[]
  /** The day of today, in UTC, as `2027-01-31`. */
  readonly today: string
}

/** Ids that may be named. */
interface Known {
  readonly rules: readonly string[]
  readonly paths: readonly string[]
}

/**
 * @param text - a list of waivers, as JSON
 * @throws RunproofError WAIVERS_INVALID naming the entry
 */
export function readWaivers(file: string, text: string, edge: EdgeApi, now: Date): Waivers {
  const known = { rules: RULES.map(({ id }) => id), paths: edge.paths.map(({ id }) => id) }
  const document = parse(file, text)
  if (!Array.isArray(document)) throw invalid(file, 'it is no list')
  const list = document.map((entry, index) => readWaiver(entry, `entry ${index + 1}`, file, known))
  return { file, list, today: dayOf(now) }
}

function parse(file: string, text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    throw new RunproofError('WAIVERS_INVALID', `${file} is not JSON`, { cause })
  }
}

function readWaiver(entry: Json, which: string, file: string, known: Known): Waiver {
  const refuse = (problem: string) => invalid(file, `${which} ${problem}`)
  const waiver = readAccepted(entry, { required: ['rule'], optional: ['path', 'location'] }, refuse)
  const { rule, path } = waiver
  if (!known.rules.includes(rule)) throw invalid(file, `${which}: there is no rule ${rule}`)
  if (path !== undefined && !known.paths.includes(path)) throw invalid(file, `${which}: there is no path ${path}`)
  return waiver
}

function invalid(file: string, problem: string): RunproofError {
  return new RunproofError('WAIVERS_INVALID', `${file}: ${problem}`, {
    hint: '[{"rule": "stream-http2", "path": "events-stream", "location": "edge.conf:12", "reason": "…", "expires": "2027-01-31"}]; path and location may be left out',
  })
}
