import type { Json } from '../model/check.ts'

/** Findings that somebody accepts, why and until when. */
export interface Accepted {
  readonly reason: string
  /** The last day on which it holds, in UTC, as `2027-01-31`. */
  readonly expires: string
}

/** Which members an entry has besides its reason and its end, all of them texts. */
interface Members<Required extends string, Optional extends string> {
  readonly required: readonly Required[]
  readonly optional: readonly Optional[]
}

/**
 * One entry of a list of what is accepted.
 *
 * @param refuse - makes the error of what is wrong with the entry
 */
export function readAccepted<Required extends string, Optional extends string>(
  entry: Json,
  { required, optional }: Members<Required, Optional>,
  refuse: (problem: string) => Error,
): Accepted & Readonly<Record<Required, string>> & Readonly<Partial<Record<Optional, string>>> {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw refuse('is no object')
  const members = entry as Readonly<Record<string, Json>>
  const needed = [...required, 'reason', 'expires']
  const unknown = Object.keys(members).find(name => ![...needed, ...optional].includes(name))
  if (unknown !== undefined) throw refuse(`has the unknown member ${unknown}`)
  const read: Record<string, string> = {}
  for (const name of [...needed, ...optional.filter(one => members[one] !== undefined)]) {
    const value = members[name]
    if (typeof value !== 'string' || value.trim() === '') throw refuse(`has no text as its ${name}`)
    read[name] = value
  }
  if (!isDay(read['expires']!)) throw refuse(`expires on ${read['expires']}, which is no day`)
  return read as ReturnType<typeof readAccepted<Required, Optional>>
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text
}

/** The day of an instant, in UTC, as `2027-01-31`. */
export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10)
}
