import validate1 from './generated/evidence-1.js'
import validate2 from './generated/evidence-2.js'

const VALIDATORS: ReadonlyMap<unknown, typeof validate1> = new Map([
  ['runproof-evidence-1', validate1],
  ['runproof-evidence-2', validate2],
])

/** Why a document is not evidence of the version that it says, as `path: problem` lines; empty when it is. */
export function evidenceProblems(document: unknown): readonly string[] {
  const validate = VALIDATORS.get((document as { readonly schema?: unknown } | null)?.schema)
  if (validate === undefined) return [`/schema: it is none of ${[...VALIDATORS.keys()].join(', ')}`]
  if (validate(document)) return []
  return (validate.errors ?? []).map(error => `${error.instancePath || '/'}: ${error.message ?? 'is wrong'}`)
}
