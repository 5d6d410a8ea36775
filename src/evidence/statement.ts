import { canonicalJson } from './canonical.ts'

export const STATEMENT_PAYLOAD_TYPE = 'application/vnd.in-toto+json'
const PREDICATE_TYPE = 'urn:runproof:predicate:run-1'

export interface Subject {
  readonly name: string
  readonly digest: { readonly sha256: string }
}

export interface Statement {
  readonly _type: 'https://in-toto.io/Statement/v1'
  readonly subject: readonly Subject[]
  readonly predicateType: typeof PREDICATE_TYPE
  readonly predicate: { readonly runId: string; readonly outcome: string }
}

/** in-toto Statement v1: every file of the evidence directory but the envelope itself is a subject, sorted by name. */
export function statement(subjects: readonly Subject[], predicate: Statement['predicate']): Buffer {
  const value: Statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [...subjects].sort((a, b) => (a.name < b.name ? -1 : 1)),
    predicateType: PREDICATE_TYPE,
    predicate,
  }
  return Buffer.from(canonicalJson(value))
}
