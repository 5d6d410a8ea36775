import type { Json } from './check.ts'

/** What acts again by itself, lets somebody in, or changes what is allowed: an intruder who held a token may have left it. */
export const PERSISTENCE_KINDS = [
  'connector',
  'hook',
  'settings',
  'revision',
  'schedule',
  'mcp-server',
  'capture-agent',
  'slot',
] as const
export type PersistenceKind = (typeof PERSISTENCE_KINDS)[number]

/** One such thing, as the daemon tells it. */
export interface Lasting {
  readonly id: string
  /** When it was last changed, in milliseconds of the epoch; null where the daemon keeps no such time. */
  readonly changedAtMs: number | null
  /** What must not change by itself: counters, errors and times of use are left out. */
  readonly view: Json
  /** Of the view what neither the daemon changes by itself nor a first containment sets; absent where that is all of it. */
  readonly steady?: Json
  /** It acts no more: it was cancelled or revoked, or came to its end. */
  readonly ended?: true
}

/** A request that makes one: how a rehearsal leaves something behind. */
export interface Planting {
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body: Json
}

/** Where a daemon lists what lasts, and strict readers of it. */
export interface PersistenceApi {
  readonly paths: Readonly<Record<PersistenceKind, string>>
  read(kind: PersistenceKind, document: Json): readonly Lasting[]
  /** Words of the client that show one, and that take it away. */
  look(kind: PersistenceKind, id: string): string
  remove(kind: PersistenceKind, id: string): string
  readonly plant: {
    connector(name: string): Planting
    hook(name: string): Planting
    /** Fires in a hundred years. */
    schedule(name: string, sessionId: string): Planting
    /** Runs without asking anybody. */
    permission(): Planting
  }
}
