/** A JSON document whose members pages name, known by a sample of it or by its JSON Schema. */
export interface JsonDocument {
  /** As a page may call it: `status` of `status.json` and of `status.schema.json`. */
  readonly name: string
  readonly form: 'sample' | 'schema'
  readonly value: unknown
}
