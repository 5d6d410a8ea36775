import { client, type Ran } from '../daemon/client.ts'
import { daemon } from '../daemon/subjects.ts'
import type { LeaseView, SubjectView } from '../model/access-api.ts'
import { capture } from '../model/capture.ts'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { Secret } from '../model/secret.ts'
import { ask, askFor } from './ask.ts'
import { activeRoute, freshMarker, openSession, promptFor, runPrompt } from './probe-run.ts'

/** Somebody who holds leases, as the daemon tells it. */
export interface Holder {
  readonly subject: SubjectView
  readonly sessionId: string
}

/** A revocation: who held leases before it, and what the client said of it. */
export interface SubjectRevocation extends Holder {
  readonly printed: Ran<SubjectView>
}

export interface SlotRevocation extends Holder {
  readonly slot: string
  /** Leases on routes that any agent held before. */
  readonly held: number
  readonly printed: Ran<{ readonly slotId: string; readonly revokedLeases: number }>
}

export const subjectRevocation = capture<SubjectRevocation>('subject-revocation', 'how an agent was revoked')
export const slotRevocation = capture<SlotRevocation>('slot-revocation', 'how the slot of the route was revoked')

/**
 * Has a session's agent take leases by a run of its own.
 *
 * @throws RunproofError COMMAND_FAILED when that run does not end well
 */
export async function holdLeases(context: CheckContext, sessionId: string, timeoutMs: number): Promise<Holder> {
  const { agentId } = await openSession(context, sessionId)
  const { id: route } = await activeRoute(context)
  const run = await runPrompt(context, sessionId, promptFor(freshMarker()), route, timeoutMs)
  if (run.status !== 'completed')
    throw new RunproofError('COMMAND_FAILED', `run ${run.id}, which was to take a lease, ended ${run.status}`)
  return { subject: await readSubject(context, context.target.access.agentSubject(agentId)), sessionId }
}

export async function revokeSubject(context: CheckContext, holder: Holder): Promise<SubjectRevocation> {
  const words = ['runtime', 'auth', 'revoke-subject', holder.subject.id]
  return { ...holder, printed: await client(context, words, context.target.access.read.subject) }
}

export async function revokeSlot(context: CheckContext, holder: Holder, slot: string): Promise<SlotRevocation> {
  const words = ['runtime', 'auth', 'revoke-slot', slot]
  const held = await routeLeases(context)
  return { ...holder, slot, held, printed: await client(context, words, context.target.read.slotRevocation) }
}

/** How many leases on routes all agents of the isolated daemon hold. */
async function routeLeases(context: CheckContext): Promise<number> {
  const { runs, access } = context.target
  const sessions = await askFor(context, runs.paths.sessions, runs.read.sessionIds)
  const agents = await Promise.all(sessions.map(id => askFor(context, runs.paths.session(id), runs.read.session)))
  const ids = [...new Set(agents.map(({ agentId }) => access.agentSubject(agentId)))]
  const answers = await Promise.all(ids.map(id => ask(context, access.paths.subject(id), asAdmin(context))))
  // Nobody knows a subject that never asked for anything.
  const known = ids.filter((_, index) => answers[index]!.status !== 404)
  const subjects = await Promise.all(known.map(id => readSubject(context, id)))
  return subjects.reduce((sum, subject) => sum + subject.leases.route.length, 0)
}

export function readSubject(context: CheckContext, id: string): Promise<SubjectView> {
  const { paths, read } = context.target.access
  return askFor(context, paths.subject(id), read.subject, asAdmin(context))
}

export function readLeases(context: CheckContext, ids: readonly string[]): Promise<readonly LeaseView[]> {
  const { paths, read } = context.target.access
  return Promise.all(ids.map(id => askFor(context, paths.lease(id), read.lease, asAdmin(context))))
}

/** What may be read with the admin token only. @throws RunproofError INTERNAL where there is none */
export function asAdmin({ values }: CheckContext): { readonly bearer: Secret } {
  const { adminToken } = values.get(daemon)
  if (adminToken === undefined)
    throw new RunproofError('INTERNAL', 'what only an admin may read is asked without a token')
  return { bearer: adminToken }
}
