import validate from './generated/evidence-1.js'

/** Why a document is not evidence version 1, as `path: problem` lines; empty when it is. */
export function evidenceProblems(document: unknown): readonly string[] {
  if (validate(document)) return []
  return (validate.errors ?? []).map(error => `${error.instancePath || '/'}: ${error.message ?? 'is wrong'}`)
}
