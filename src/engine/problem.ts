import type { Problem } from '../evidence/schema.ts'
import type { RunproofError } from '../model/error.ts'

/** An error as evidence holds it. */
export function problemOf({ code, message, hint }: RunproofError): Problem {
  return { code, message, ...(hint === undefined ? {} : { hint }) }
}
