/**
 * The document of `docs check`, version 1: the one source of its type and its published JSON Schema. Closed everywhere: a new
 * member is a new version. Loaded only by the generator; at run time nothing but the types of this file is used.
 */
import { type Static, type TSchema, Type } from 'typebox'

const closed = <Members extends Record<string, TSchema>>(members: Members) =>
  Type.Object(members, { additionalProperties: false })
const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

const Text = Type.String({ minLength: 1 })
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
const Count = Type.Integer({ minimum: 0 })
const FromOne = Type.Integer({ minimum: 1 })
const Severity = Type.Union([Type.Literal('error'), Type.Literal('warning')])
const Place = closed({ file: Text, line: FromOne, column: FromOne, endLine: FromOne, endColumn: FromOne })
const Share = closed({ covered: Count, of: Count })

const PageRecord = closed({
  file: Text,
  form: Type.Union([Type.Literal('markdown'), Type.Literal('mdx'), Type.Literal('text')]),
  sha256: Sha256,
  /** Which programs code in its prose was read as of, and who says so. */
  programs: Type.Array(Text),
  programsFrom: Type.Union([
    Type.Literal('option'),
    Type.Literal('front-matter'),
    Type.Literal('page'),
    Type.Literal('none'),
  ]),
  commands: Count,
  judged: Count,
})

const ProgramRecord = closed({
  program: Text,
  version: nullable(Type.String()),
  sha256: nullable(Sha256),
  tree: nullable(Text),
  binary: nullable(
    closed({
      path: Text,
      sandbox: Type.Union([Type.Literal('bubblewrap'), Type.Literal('namespaces'), Type.Literal('none')]),
      cached: Type.Boolean(),
      sideEffects: Type.Array(Text),
    }),
  ),
  unread: Type.Array(closed({ path: Type.Array(Text), why: Text })),
})

const FindingRecord = closed({
  rule: Text,
  severity: Severity,
  at: Place,
  message: Text,
  suggestion: nullable(Type.String()),
  command: nullable(Type.String()),
  ignored: nullable(closed({ reason: Text, expires: Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\d$' }) })),
})

export const DocsCheckSchema = Type.Object(
  {
    schema: Type.Literal('runproof-docs-check-1'),
    failOn: Severity,
    exitCode: Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(3)]),
    pages: Type.Array(PageRecord),
    programs: Type.Array(ProgramRecord),
    findings: Type.Array(FindingRecord),
    commands: Type.Array(
      closed({
        source: Type.String(),
        at: Place,
        judged: nullable(closed({ program: Text, path: Type.Array(Text), options: Type.Array(Text) })),
      }),
    ),
    unjudged: Type.Array(closed({ source: Type.String(), why: Text, partly: Type.Boolean(), at: Place })),
    references: Count,
    coverage: nullable(
      Type.Array(closed({ program: Text, commands: Share, flags: Share, exercised: nullable(Share) })),
    ),
  },
  {
    $id: 'urn:runproof:schema:docs-check-1',
    title: 'result of runproof docs check, version 1',
    additionalProperties: false,
  },
)

export type CheckedDocument = Static<typeof DocsCheckSchema>
