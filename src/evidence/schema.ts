/**
 * Evidence, in the versions there are: the one source of its type, its published JSON Schemas and their validators. Closed
 * everywhere: a new member is a new version, and what a version once was stays as it is. Version 2 is written; it has all of
 * version 1, so a reader of version 2 reads both. Loaded only by the generator; at run time nothing but the types of this file is
 * used.
 */
import { type Static, type TSchema, Type } from 'typebox'

const closed = <Members extends Record<string, TSchema>>(members: Members) =>
  Type.Object(members, { additionalProperties: false })

const Instant = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' })
const DurationMs = Type.Number({ minimum: 0 })
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
const Text = Type.String({ minLength: 1 })
const AnyJson = Type.Unknown()

const outcomes = [
  Type.Literal('passed'),
  Type.Literal('skipped'),
  Type.Literal('unproven'),
  Type.Literal('failed'),
  Type.Literal('errored'),
  Type.Literal('denied'),
  Type.Literal('interrupted'),
] as const
const Outcome = Type.Union([...outcomes])
/** Of steps and runs since version 2. A check is never attested. */
const Outcome2 = Type.Union([...outcomes, Type.Literal('attested')])

const Problem = closed({ code: Text, message: Type.String(), hint: Type.Optional(Type.String()) })

const CounterproofRecord = closed({
  id: Text,
  breaks: Text,
  on: Type.Union([Type.Literal('observation'), Type.Literal('subject')]),
  /** `errored`: it gave neither red nor green, so its check is unproven. */
  outcome: Type.Union([Type.Literal('red'), Type.Literal('green'), Type.Literal('not-run'), Type.Literal('errored')]),
  said: Type.String(),
  durationMs: DurationMs,
  deadlineMs: Type.Optional(DurationMs),
})

const CheckRecord = closed({
  id: Text,
  title: Text,
  outcome: Outcome,
  reason: Type.Optional(Type.String()),
  expected: Type.Optional(AnyJson),
  actual: Type.Optional(AnyJson),
  error: Type.Optional(Problem),
  durationMs: DurationMs,
  counterproofs: Type.Array(CounterproofRecord, { minItems: 1 }),
})

const decision = {
  verdict: Type.Union([Type.Literal('allow'), Type.Literal('deny')]),
  rule: Text,
  approvedBy: Type.Optional(Text),
  how: Type.Optional(Text),
}

const step = {
  id: Text,
  title: Text,
  effect: Type.Union([Type.Literal('read'), Type.Literal('write'), Type.Literal('destroy')]),
  outcome: Outcome,
  reason: Type.Optional(Type.String()),
  error: Type.Optional(Problem),
  docs: Type.Optional(closed({ page: Text, command: Type.Optional(Text) })),
  commands: Type.Array(
    closed({ command: Text, exitCode: Type.Union([Type.Integer(), Type.Null()]), durationMs: DurationMs }),
  ),
  decision: Type.Optional(closed(decision)),
  startedAt: Type.Optional(Instant),
  durationMs: DurationMs,
  counterproofsMs: DurationMs,
  phase: Type.Optional(Text),
  checks: Type.Array(CheckRecord),
}

/** Who did something, in which role if in one, and when. */
const act = { by: Text, role: Type.Optional(Text), at: Instant }

const StepRecord2 = closed({
  ...step,
  outcome: Outcome2,
  /** Who is in charge of it. */
  role: Type.Optional(Text),
  decision: Type.Optional(
    closed({
      ...decision,
      /** In which role it was approved, or would have been. */
      role: Type.Optional(Text),
      /** Why, in the words of whoever approved. */
      reason: Type.Optional(Text),
      askedAt: Type.Optional(Instant),
      deadlineAt: Type.Optional(Instant),
      answeredAt: Type.Optional(Instant),
    }),
  ),
  /** A person confirmed what nothing else can tell. */
  attestation: Type.Optional(
    closed({ ...act, statement: Text, attachment: Type.Optional(closed({ path: Text, sha256: Sha256 })) }),
  ),
  /** A person left it out, or went on without it after it had failed. */
  skippedBy: Type.Optional(closed({ ...act, reason: Text })),
  /** What became of it before a person had it tried again. */
  attempts: Type.Optional(
    Type.Array(closed({ at: Type.Optional(Instant), outcome: Outcome2, reason: Type.Optional(Type.String()) })),
  ),
  /** A person took it back afterwards. */
  undone: Type.Optional(closed(act)),
  /** The run that it was done in, where this one went on with another that broke off. */
  carriedFrom: Type.Optional(Text),
})

const release = {
  what: Text,
  kind: Type.Union([Type.Literal('tear-down'), Type.Literal('undo')]),
  /** `offered`: an undo that a person decides on, because the step was left half done or the runbook contains damage. */
  outcome: Type.Union([Type.Literal('done'), Type.Literal('errored'), Type.Literal('offered')]),
  error: Type.Optional(Problem),
}

const ReleaseRecord2 = closed({ ...release, by: Type.Optional(Text) })

const Phase = closed({
  id: Text,
  durationMs: DurationMs,
  waits: Type.Optional(Type.Array(closed({ id: Text, durationMs: DurationMs }))),
})

const run = {
  schema: Type.Literal('runproof-evidence-1'),
  runId: Text,
  tool: closed({ name: Type.Literal('runproof'), version: Text, node: Text }),
  runbook: closed({ id: Text, title: Text, purpose: Text, sha256: Sha256 }),
  target: closed({ id: Text, title: Text, real: Type.Boolean(), binarySha256: Type.Optional(Sha256) }),
  operator: closed({ user: Text, host: Text, role: Type.Optional(Text) }),
  machine: closed({ platform: Text, kernel: Text, cpus: Type.Integer(), barrier: Text }),
  params: Type.Record(Type.String(), Type.String()),
  secretNames: Type.Array(Text),
  counterproofs: Type.Union([Type.Literal('all'), Type.Literal('observation')]),
  outcome: Outcome,
  startedAt: Instant,
  endedAt: Instant,
  durationMs: DurationMs,
  steps: Type.Array(closed(step), { minItems: 1 }),
  released: Type.Array(closed(release)),
  allowedSkips: Type.Array(closed({ id: Text, reason: Text })),
  rto: Type.Optional(closed({ totalMs: DurationMs, phases: Type.Array(Phase, { minItems: 1 }) })),
  rpoMs: Type.Optional(DurationMs),
  rpoBasis: Type.Optional(Text),
  facts: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  artifacts: Type.Array(closed({ path: Text, sha256: Sha256, sizeBytes: Type.Integer({ minimum: 0 }) })),
  journal: closed({ sha256: Sha256, records: Type.Integer({ minimum: 1 }), lastHash: Sha256 }),
  leakScan: closed({
    secretNames: Type.Array(Text),
    searchedForms: Type.Integer({ minimum: 0 }),
    searchedFiles: Type.Integer({ minimum: 0 }),
    searchedBytes: Type.Integer({ minimum: 0 }),
    canaryFound: Type.Boolean(),
    unsearched: Type.Array(closed({ path: Text, reason: Text })),
    notCovered: Type.Array(Text),
  }),
  signer: closed({ keyId: Text, publicKeyPem: Text }),
  notTested: Type.Array(Text),
  assumptions: Type.Array(Text),
}

export const EvidenceSchema1 = Type.Object(run, {
  $id: 'urn:runproof:schema:evidence-1',
  title: 'runproof evidence, version 1',
  additionalProperties: false,
})

/** `run-broken` of a journal: where a run broke off, and who went on with it. */
const Break = closed({ at: Instant, runId: Text, kind: Text, resumedAt: Instant, resumedBy: Text })

export const EvidenceSchema2 = Type.Object(
  {
    ...run,
    schema: Type.Literal('runproof-evidence-2'),
    operator: closed({
      user: Text,
      host: Text,
      role: Type.Optional(Text),
      /** As the operator was named, where that is not the name of the account. */
      name: Type.Optional(Text),
    }),
    outcome: Outcome2,
    steps: Type.Array(StepRecord2, { minItems: 1 }),
    released: Type.Array(ReleaseRecord2),
    /** Who holds which role at the end; handovers say who did before. */
    roles: Type.Optional(Type.Record(Type.String(), Text)),
    notes: Type.Optional(Type.Array(closed({ ...act, text: Text }))),
    handovers: Type.Optional(Type.Array(closed({ at: Instant, from: Text, to: Text, role: Type.Optional(Text) }))),
    /** Evidence that a person had collected in between. */
    snapshots: Type.Optional(
      Type.Array(closed({ ...act, path: Text, outcome: Type.Union([Type.Literal('done'), Type.Literal('errored')]) })),
    ),
    breaks: Type.Optional(Type.Array(Break)),
  },
  {
    $id: 'urn:runproof:schema:evidence-2',
    title: 'runproof evidence, version 2',
    additionalProperties: false,
  },
)

/** One line of `journal.jsonl`. `prev` is the SHA-256 of the line before, without its newline; 64 zeros on the first. */
export const JournalRecordSchema = Type.Object(
  {
    seq: Type.Integer({ minimum: 0 }),
    at: Instant,
    monotonicMs: Type.Number(),
    type: Text,
    data: Type.Record(Type.String(), AnyJson),
    prev: Sha256,
  },
  {
    $id: 'urn:runproof:schema:journal-record-1',
    title: 'runproof journal record, version 1',
    additionalProperties: false,
  },
)

type Evidence2 = Static<typeof EvidenceSchema2>

/** What is written, and what is read back of either version: version 1 lacks members that are optional in version 2. */
export type Evidence = Omit<Evidence2, 'schema'> & {
  readonly schema: Static<typeof EvidenceSchema1>['schema'] | Evidence2['schema']
}
export type StepRecord = Static<typeof StepRecord2>
export type CheckRecord = Static<typeof CheckRecord>
export type CounterproofRecord = Static<typeof CounterproofRecord>
export type ReleaseRecord = Static<typeof ReleaseRecord2>
export type Problem = Static<typeof Problem>
export type JournalRecord = Static<typeof JournalRecordSchema>
