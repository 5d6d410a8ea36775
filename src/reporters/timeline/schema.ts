/**
 * The document of `evidence timeline`, version 1: the one source of its type and its published JSON Schema. Closed everywhere: a
 * new member is a new version. Loaded only by the generator; at run time nothing but the types of this file is used.
 */
import { type Static, type TSchema, Type } from 'typebox'

const closed = <Members extends Record<string, TSchema>>(members: Members) =>
  Type.Object(members, { additionalProperties: false })

const Text = Type.String({ minLength: 1 })
/** As the journal says it, whatever a clock made of it. */
const Instant = Text
const Count = Type.Integer({ minimum: 0 })

const TimelineEntry = closed({
  /** Number of its journal record. Of what was left out: of the first one. */
  record: Count,
  at: Instant,
  /** Type of the journal record; `left-out` stands for several. */
  type: Text,
  step: Type.Optional(Text),
  /** The person who acted, where one did. */
  by: Type.Optional(Text),
  role: Type.Optional(Text),
  /** Who held the run at that time. */
  operator: Type.Optional(Text),
  /** In one line; cut where it was longer than a timeline can hold. */
  text: Type.String(),
  /** The wall clock said less than it had said before, by so much. */
  clockBackMs: Type.Optional(Type.Integer({ minimum: 1 })),
})

export const TimelineSchema = closed({
  schema: Type.Literal('runproof-timeline-1'),
  /** The last one, where a run was gone on with. */
  runId: Text,
  runbook: Text,
  target: Text,
  /** `unsealed`: it still goes on, or was abandoned. `quarantined`: a secret was found in what would have been published. */
  state: Type.Union([Type.Literal('sealed'), Type.Literal('unsealed'), Type.Literal('quarantined')]),
  /** Of sealed evidence. */
  signer: Type.Optional(closed({ keyId: Text, trusted: Type.Boolean() })),
  outcome: Type.Optional(Text),
  startedAt: Instant,
  lastRecordAt: Instant,
  journal: closed({
    records: Count,
    lastHash: Text,
    /** What a crash left of a record that was being written. */
    tornBytes: Count,
  }),
  /** How often the wall clock went back between two records. */
  clockWentBack: Count,
  /** Whether texts are kept back: the run is in quarantine, and nobody said which values to take out. */
  textsWithheld: Type.Boolean(),
  entries: Type.Array(TimelineEntry),
})

export type Timeline = Static<typeof TimelineSchema>
export type TimelineEntry = Static<typeof TimelineEntry>
