import type { Json } from './check.ts'
import { didYouMean } from './closest.ts'

export type Members = Readonly<Record<string, Json>>
/** Makes the error of what is wrong, which names the file. */
export type Refuse = (problem: string) => Error

/** What `runproof.config.json` may hold at its top. */
const MEMBERS = ['$schema', 'docs', 'policy']

/** What `runproof.config.json` holds at its top; each reader takes its own member, and all of them refuse what nobody knows. */
export function readMembers(text: string, refuse: Refuse): Members {
  const whole = objectOf(parse(text, refuse), 'the file', refuse)
  refuseUnknown(whole, MEMBERS, '', refuse)
  return whole
}

function parse(text: string, refuse: Refuse): Json {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as Json
  } catch {
    throw refuse('it is not JSON')
  }
}

export function objectOf(value: Json | undefined, where: string, refuse: Refuse): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members
  throw refuse(`${where} is no object`)
}

export function refuseUnknown(members: Members, known: readonly string[], prefix: string, refuse: Refuse): void {
  const unknown = Object.keys(members).find(name => !known.includes(name))
  if (unknown !== undefined) throw refuse(`there is no member ${prefix}${unknown}${didYouMean(unknown, known)}`)
}
