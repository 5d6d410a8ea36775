import type { Standing } from '../../engine/people.ts'
import { RunproofError } from '../../model/error.ts'
import { ROLES, type Role } from '../../model/runbook.ts'
import { operatorName } from '../operator.ts'
import { parsePairs } from '../options.ts'

/** The flags that say who is there. */
export interface PeopleFlags {
  readonly operator?: string
  readonly role?: readonly string[]
}

/** Evidence calls what was approved by a flag so: nobody may have that name. */
const RESERVED = ['flag', 'unnamed']

/** @throws RunproofError USAGE for a role that there is not, or a name that is none */
export function standingOf({ operator = operatorName(), role = [] }: PeopleFlags): Standing {
  refuseName('--operator', operator)
  const pairs = Object.entries(parsePairs('--role', role))
  for (const [one, name] of pairs) {
    if (!ROLES.includes(one as Role))
      throw new RunproofError('USAGE', `--role ${one}: there is no such role`, { hint: `one of ${ROLES.join(', ')}` })
    refuseName(`--role ${one}`, name)
  }
  return { operator, roles: Object.fromEntries(pairs) }
}

function refuseName(flag: string, name: string): void {
  const problem = nameProblem(name)
  if (problem !== undefined) throw new RunproofError('USAGE', `${flag} ${JSON.stringify(name)}: ${problem}`)
}

/** Why a text can't be the name of a person, or undefined. It has to be typed again, exactly so. */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'a name is needed'
  if (name !== name.trim() || name.length > 64 || /\p{C}/u.test(name))
    return 'a name has up to 64 characters that can be seen and typed'
  if (name.toLowerCase() === 'no') return 'who is asked for a name refuses by this word'
  return RESERVED.includes(name) ? 'evidence uses this word for itself' : undefined
}
