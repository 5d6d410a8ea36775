// Generated from journal-record-1 by npm run generate.
import type { ErrorObject } from 'ajv'
import type { JournalRecord } from '../schema.ts'

declare const validate: {
  (document: unknown): document is JournalRecord
  errors?: readonly ErrorObject[] | null
}
export default validate
