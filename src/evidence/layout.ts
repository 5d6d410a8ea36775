/** File names inside a sealed evidence directory. */
export const EVIDENCE_FILE = 'evidence.json'
export const ENVELOPE_FILE = 'evidence.dsse.json'
export const JOURNAL_FILE = 'journal.jsonl'
export const ARTIFACTS_DIR = 'artifacts'

/** Directories of runs that are not sealed: still going, or abandoned by a crash. */
export const UNSEALED_PREFIX = '.run-'

/** Directories of runs in which a secret was found. */
export const QUARANTINED_SUFFIX = '.quarantined'

/** One rendering of evidence, made from it alone; `file` is its name inside the evidence directory. */
export interface Report {
  readonly file: string
  readonly render: (evidence: import('./schema.ts').Evidence) => string
  /** Several runs in one, and those that were asked for and have no evidence; absent where the form holds one only. */
  readonly together?: (runs: readonly import('./schema.ts').Evidence[], without: readonly WithoutEvidence[]) => string
}

/** A run that was asked for and left no evidence: it was skipped, or could not be sealed. */
export interface WithoutEvidence {
  readonly id: string
  /** Whether somebody allowed it to be skipped; else nothing is said to be well. */
  readonly outcome: 'skipped' | 'allowed' | 'errored' | 'interrupted'
  readonly reason: string
}
