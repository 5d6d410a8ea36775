// Generated from evidence-2 by npm run generate.
import type { ErrorObject } from 'ajv'
import type { Evidence } from '../schema.ts'

declare const validate: {
  (document: unknown): document is Evidence
  errors?: readonly ErrorObject[] | null
}
export default validate
