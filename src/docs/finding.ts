import type { Place } from './place.ts'

/** What can be wrong. Closed: `src/docs/rules.ts` says of each what holds when it is kept. */
export type RuleId =
  // the page
  | 'page-unreadable'
  | 'page-not-text'
  | 'page-syntax'
  | 'fence-unclosed'
  | 'shell-syntax'
  | 'no-command'
  | 'forbidden-fragment'
  // its commands, held against the program
  | 'unknown-program'
  | 'unknown-command'
  | 'unknown-flag'
  | 'flag-value-unknown'
  | 'flag-value-missing'
  | 'flag-value-unexpected'
  | 'flag-repeated'
  | 'flag-missing'
  | 'flags-exclusive'
  | 'argument-missing'
  | 'argument-unexpected'
  | 'argument-value-unknown'
  // what they refer to
  | 'file-missing'
  | 'script-broken'
  | 'json-path-unknown'
  // coverage, in the other direction
  | 'command-undocumented'
  | 'flag-undocumented'
  | 'command-unexercised'
  | 'runbook-undocumented'
  // citations of runbooks
  | 'citation-page'
  | 'citation-command'
  | 'citation-argv'
  // the configuration
  | 'ignore-expired'
  | 'ignore-unused'

export type Severity = 'error' | 'warning'

export interface Finding {
  readonly rule: RuleId
  readonly severity: Severity
  readonly at: Place
  /** One sentence without a full stop that names the value: what is so. */
  readonly message: string
  /** What `at` could be replaced by to make it right, as it would be written. */
  readonly suggestion?: string
}
