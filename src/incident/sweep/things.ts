import { daemon } from '../../daemon/subjects.ts'
import type { CheckContext } from '../../model/check.ts'
import { toRunproofError } from '../../model/error.ts'
import { jsonAnswer } from '../../model/json-answer.ts'
import { PERSISTENCE_KINDS, type PersistenceKind } from '../../model/persistence-api.ts'
import { ask } from '../../suite/ask.ts'
import { digestOf } from '../digest.ts'

/** Something that lasts, without what it says: digests can be kept and compared, and hold no secret of a hook or a schedule. */
export interface Thing {
  readonly kind: PersistenceKind
  readonly id: string
  readonly changedAtMs: number | null
  readonly sha256: string
  /** Of what changes only where somebody changes it; absent where that is all of it. */
  readonly steadySha256?: string
  /** It acts no more. */
  readonly ended?: true
}

/** Everything that lasts in a daemon, and which kinds were not to be had, with the reason. */
export interface Inventory {
  readonly takenAtMs: number
  /** Kinds that answered. */
  readonly kinds: readonly PersistenceKind[]
  readonly unread: readonly { readonly kind: PersistenceKind; readonly why: string }[]
  readonly things: readonly Thing[]
}

/**
 * Lists everything that lasts, with the admin token of now. A kind that cannot be read keeps nobody from reading the others.
 *
 * @throws RunproofError INTERRUPTED
 */
export async function readThings(context: CheckContext): Promise<Inventory> {
  const { persistence } = context.target
  const { adminToken } = context.values.get(daemon)
  const asked = { bearer: adminToken! }
  const takenAtMs = context.tools.clock.now().getTime()
  const read = async (kind: PersistenceKind) => {
    const path = persistence.paths[kind]
    try {
      const document = jsonAnswer(path, await ask(context, path, asked))
      const things = persistence.read(kind, document).map(({ view, steady, ...thing }) => ({
        kind,
        ...thing,
        sha256: digestOf(view),
        ...(steady === undefined ? {} : { steadySha256: digestOf(steady) }),
      }))
      return { kind, things, why: undefined }
    } catch (thrown) {
      const { code, message } = toRunproofError(thrown)
      if (code === 'INTERRUPTED') throw thrown
      return { kind, things: [], why: `${code}: ${message}` }
    }
  }
  const all = await Promise.all(PERSISTENCE_KINDS.map(read))
  return {
    takenAtMs,
    kinds: all.flatMap(({ kind, why }) => (why === undefined ? [kind] : [])),
    unread: all.flatMap(({ kind, why }) => (why === undefined ? [] : [{ kind, why }])),
    things: all.flatMap(({ things }) => things),
  }
}
