import { client } from '../../daemon/client.ts'
import type { Recipe } from '../../daemon/subjects.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import type { CheckContext, Json } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { jsonAnswer, parseJson } from '../../model/json-answer.ts'
import type { Params, PlanInput, StepContext } from '../../model/runbook.ts'
import { Secret } from '../../model/secret.ts'
import { ask, askFor } from '../../suite/ask.ts'
import { SIDECAR } from '../../suite/live-recipe.ts'
import { type OwnSite, recipeWithProvider } from '../../suite/own-recipe.ts'
import { isIsolated } from '../../suite/params.ts'
import { activeRoute, freshMarker, openSession, promptFor, submitRun } from '../../suite/probe-run.ts'
import { switchProvider } from '../../suite/provider.ts'
import { asAdmin } from '../../suite/revocations.ts'
import type { Sidecar } from '../../suite/sidecar.ts'
import { digestOf } from '../digest.ts'

/** In the order in which they are stopped: what takes a typed word comes last, since a denial ends the run. */
export const KINDS = ['session', 'run', 'task', 'hooks', 'connector'] as const
/** What acts, and can be stopped by itself. */
export type Kind = (typeof KINDS)[number]

/** What is to be stopped. What was not named is absent. */
export interface Activity {
  readonly sessionId?: string
  readonly runId?: string
  readonly connector?: { readonly kind: string; readonly name: string }
  /** The settings' revision before the hooks are replaced, and the digest that they are to have then. */
  readonly hooks?: { readonly revision: number; readonly sha256: string }
}
export const activity = keptCapture<Activity>('activity', 'what is to be stopped')

/** The sidecar of a rehearsal, whose end can be seen. */
export const rehearsedSidecar = capture<Sidecar>('rehearsed-sidecar', 'the process of the connector that is deleted')

/** What is asked of a person who reviewed hooks: no hooks at all are reviewed, too. */
const NO_HOOKS = '{"hooks":{}}'
const MOST_HOOKS_BYTES = 1024 * 1024

/** Which kinds are stopped: all of them in a rehearsal, else those that are named. */
export function kindsOf(input: PlanInput): readonly Kind[] {
  if (isIsolated(input)) return KINDS
  return KINDS.filter(kind => input.params[paramOf(kind)] !== undefined)
}

export function paramOf(kind: Kind): string {
  return kind === 'hooks' ? 'hooks-file' : kind
}

/** `KIND/NAME`, or the name of one of the usual kind. */
export function connectorOf(text: string, usual: string): { readonly kind: string; readonly name: string } {
  const slash = text.indexOf('/')
  return slash < 0 ? { kind: usual, name: text } : { kind: text.slice(0, slash), name: text.slice(slash + 1) }
}

/** `SESSION/TASK`; a session's id may have slashes, a task's has none. */
export function taskIn(text: string): { readonly sessionId: string; readonly taskId: string } {
  const slash = text.lastIndexOf('/')
  return { sessionId: text.slice(0, slash), taskId: text.slice(slash + 1) }
}

/** A daemon with a way to its sidecar, beside a provider. */
export function recipeWithSidecar(context: StepContext, own: OwnSite): Recipe {
  const recipe = recipeWithProvider(context, own)
  return { ...recipe, tunnels: [...(recipe.tunnels ?? []), SIDECAR] }
}

/** Has two sessions of a rehearsal run for ever: their provider takes what it is asked, and never answers. */
export async function keepBusy(context: CheckContext): Promise<{ readonly sessionId: string; readonly runId: string }> {
  await switchProvider(context, { behavior: 'stall' })
  const route = await activeRoute(context)
  const begun = async (sessionId: string): Promise<string> => {
    await openSession(context, sessionId)
    return submitRun(context, sessionId, context.target.runs.submission(promptFor(freshMarker()), route.id))
  }
  await begun('runproof-busy')
  return { sessionId: 'runproof-busy', runId: await begun('runproof-busy-run') }
}

/** Leaves a hook behind that calls a stranger, as an intruder would. @throws RunproofError COMMAND_FAILED */
export async function leaveHook(context: CheckContext): Promise<void> {
  const { method, path, body } = context.target.persistence.plant.hook('runproof-hook')
  const { status } = await ask(context, path, { method, body })
  if (status !== 200) throw new RunproofError('COMMAND_FAILED', `${method} ${path} answered ${status}`)
}

/** What of an activity is named, without its hooks. @param usual - kind of a connector that is named without one */
export function namedIn({ connector, run, session }: Params, usual: string): Activity {
  return {
    ...(session === undefined ? {} : { sessionId: session }),
    ...(run === undefined ? {} : { runId: run }),
    ...(connector === undefined ? {} : { connector: connectorOf(connector, usual) }),
  }
}

/** What of an activity is named, with what has to be known of it before it is stopped. */
export async function lookAt(context: CheckContext, params: Params, inRehearsal?: Activity): Promise<Activity> {
  const named = inRehearsal ?? namedIn(params, context.target.connectors.kind)
  if (inRehearsal === undefined && params['hooks-file'] === undefined) return named
  const { paths, read } = context.target.runs
  const { revision } = await askFor(context, paths.runtime, read.runtime)
  return { ...named, hooks: { revision, sha256: digestOf(await reviewedHooks(context)) } }
}

/** The reviewed configuration; that of a rehearsal has no hooks at all. @throws RunproofError FILE_UNREADABLE, ANSWER_MALFORMED */
async function reviewedHooks(context: CheckContext): Promise<Json> {
  return context.target.incident.read.hooks(parseJson(await reviewedText(context), 'the reviewed hooks file has'))
}

function reviewedText(context: CheckContext): string | Promise<string> {
  const file = context.params['hooks-file']
  return file === undefined ? NO_HOOKS : context.tools.files.readText(file, MOST_HOOKS_BYTES)
}

/** Replaces the hooks by what was reviewed, by the daemon's own client. @throws RunproofError COMMAND_FAILED */
export async function replaceHooks(context: CheckContext): Promise<void> {
  // On standard input: a file would have to lie where the daemon is, and a reviewed hook may show a credential.
  const stdin = new Secret('reviewed-hooks', await reviewedText(context))
  await succeed(context, ['runtime', 'hooks', 'set', '--stdin'], stdin)
}

/** Puts the settings of an earlier revision in force, hooks among them. @throws RunproofError COMMAND_FAILED */
export async function rollBack(context: CheckContext, revision: number): Promise<void> {
  await succeed(context, ['runtime', 'rollback', String(revision)])
}

/** Digest of the hooks the daemon has. */
export async function hooksDigest(context: CheckContext): Promise<string> {
  const { paths, read } = context.target.incident
  return digestOf(await askFor(context, paths.hooks, read.hooks, asAdmin(context)))
}

/** Runs one of the client's words. @throws RunproofError COMMAND_FAILED */
export async function succeed(context: CheckContext, words: readonly string[], stdin?: Secret): Promise<Json> {
  const { exitCode, view } = await client(context, words, document => document, stdin === undefined ? {} : { stdin })
  if (exitCode !== 0) throw new RunproofError('COMMAND_FAILED', `${words.join(' ')} ended with exit ${exitCode}`)
  return view ?? null
}

/** The connector as the daemon shows it, which is without its secrets; undefined where there is none. */
export async function shownConnector(
  context: CheckContext,
  { kind, name }: { readonly kind: string; readonly name: string },
): Promise<Json | undefined> {
  const path = context.target.incident.paths.connector(kind, name)
  const answer = await ask(context, path, asAdmin(context))
  return answer.status === 404 ? undefined : jsonAnswer(path, answer)
}

/** Values that a hook sends along are left out: names, targets and events tell enough. */
export function withoutValues(document: Json): Json {
  if (Array.isArray(document)) return document.map(withoutValues)
  if (typeof document !== 'object' || document === null) return document
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => [
      name,
      /header|authorization|token|secret|passw|credential|api_?key|\benv\b|^env$/i.test(name)
        ? '[left out]'
        : withoutValues(value!),
    ]),
  )
}

/** What the snapshots are about. */
export function aboutActivity({ values, target }: StepContext) {
  const { sessionId, runId, connector } = values.find(activity) ?? {}
  return {
    ...(sessionId === undefined ? {} : { sessions: [sessionId] }),
    ...(runId === undefined ? {} : { runs: [runId] }),
    ...(connector === undefined ? {} : { subjects: [target.access.connectorSubject(connector.name)] }),
  }
}
