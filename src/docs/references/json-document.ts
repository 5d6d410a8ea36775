/** A JSON document whose members pages name, known by a sample of it or by its JSON Schema. */
export interface JsonDocument {
  /** As a page may call it: `status` of `status.json` and of `status.schema.json`. */
  readonly name: string
  readonly form: 'sample' | 'schema'
  readonly value: unknown
}

/** One part of a path: a member by its name, or the items of a list (`[]`, `[0]`, `[1:]`). */
export type Step = { readonly member: string } | { readonly items: true }

/** Where one step from a place in a document leads. */
export type Stepped =
  | { readonly to: View }
  /** The document does not say what is there, so anything may be. */
  | 'open'
  /** There is no such thing: the members that there are, or what is there instead. */
  | { readonly members: readonly string[]; readonly list: boolean; readonly scalar: boolean }

/** A place in a document, all that may stand there. */
export interface View {
  step(step: Step): Stepped
}
