import type { Unjudged } from '../command.ts'
import type { Finding } from '../finding.ts'

/** What came of holding the references of a page against what they name. */
export interface References {
  /** How many were held against something; those that are wrong are among them. */
  readonly judged: number
  readonly findings: readonly Finding[]
  readonly unjudged: readonly Unjudged[]
}
