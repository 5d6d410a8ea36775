import { client } from '../../daemon/client.ts'
import { daemon } from '../../daemon/subjects.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { OAuthAccount } from '../../model/mcp.ts'
import type { PlanInput, StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import { ask, askFor, jsonOf } from '../../suite/ask.ts'
import { callByModel } from '../../suite/mcp-calls.ts'
import { issuedByOAuth, OAUTH_SERVER, oauthEvents, orderOAuth } from '../../suite/mcp-site.ts'
import { type Login, logIn } from '../../suite/oauth-login.ts'
import { asAdmin, readSubject } from '../../suite/revocations.ts'
import { passTime } from '../../suite/token-rotation.ts'
import { goodLeases, slotChangedAtMs } from '../slots/slot.ts'

const MODEL_MS = 20_000
/** A daemon that has refreshed an account does nothing for so long when it is told to do it again. */
const REFRESHED_FOR_MS = 5_000
/** The clock of the daemon need not be ours. */
const BESIDES_MS = 500

/** What of an account is to be the same afterwards, and by what it is seen to be another one. */
export interface AccountUse {
  readonly server: string
  readonly slot: string
  readonly resource: string
  readonly scopes: readonly string[]
  readonly updatedAtMs: number
  readonly expiresAtMs: number | undefined
  /** Leases that give access to the slot, good at that moment; only known in a rehearsal. */
  readonly leases: readonly string[]
  /** How much the authorization server had logged; zero where it is not the rehearsal's own. */
  readonly eventsBefore: number
}
export const accountUse = keptCapture<AccountUse>('account-use', 'the account before it is replaced')

/** The tokens that are replaced: known in a rehearsal only, since the daemon shows them to nobody. */
export interface AccountTokens {
  readonly access: Secret
  readonly refresh: Secret
  readonly clientId: string
}
export const oldTokens = capture<AccountTokens>('old-tokens', 'the tokens that are replaced')
/** In whose name the account was used before. */
export const oldAgent = capture<string>('old-agent', 'the agent that used the account before')

export interface Ended {
  readonly accepted: boolean
}
export const loggedOut = keptCapture<Ended>('logged-out', 'how the account was forgotten')

export interface Renewed {
  readonly exitCode: number | null
  readonly said: OAuthAccount | undefined
  /** When it was renewed last before that. */
  readonly lastBeforeMs: number | undefined
  /** Kinds of what the authorization server handed out for it; undefined where it is not the rehearsal's own. */
  readonly issued: readonly string[] | undefined
}
export const renewed = keptCapture<Renewed>('renewed', 'how the tokens were renewed')

export interface AccountRun {
  readonly said: boolean
  /** How much the authorization server had logged before it. */
  readonly eventsBefore: number
}
export const accountRun = capture<AccountRun>('account-run', 'a run that used the account afterwards')

export const serverOfAccount = ({ params }: Pick<PlanInput, 'params'>): string => params['server'] ?? OAUTH_SERVER

/** Where a login that is not told otherwise stores it. */
export function slotOfAccount({ params, target }: PlanInput): string {
  return target.mcp.accountSlot(serverOfAccount({ params }))
}

const isOwn = ({ values }: CheckContext): boolean => values.get(daemon).reached === 'isolated'

/** The account, or undefined where there is none. @throws RunproofError ANSWER_MALFORMED */
export async function accountNow(context: CheckContext, slot: string): Promise<OAuthAccount | undefined> {
  const { paths, read } = context.target.mcp
  const answer = await ask(context, paths.account(slot), asAdmin(context))
  return answer.status === 404 ? undefined : read.account(jsonOf(paths.account(slot), answer.text))
}

/** Slots of all accounts. */
export async function accountsNow(context: CheckContext): Promise<readonly string[]> {
  const { paths, read } = context.target.mcp
  return (await askFor(context, paths.accounts, read.accounts, asAdmin(context))).map(({ slot }) => slot)
}

/** @throws RunproofError PARAM_INVALID where there is no such account */
export async function lookAtAccount(context: CheckContext): Promise<AccountUse> {
  const slot = slotOfAccount(context)
  const known = await accountsNow(context)
  const account = known.includes(slot) ? await accountNow(context, slot) : undefined
  if (account === undefined)
    throw new RunproofError('PARAM_INVALID', `the daemon has no account in ${slot}`, {
      hint: known.length === 0 ? 'it has none at all' : `it has ${known.join(', ')}`,
    })
  const { resource, scopes, expiresAtMs } = account
  return {
    server: serverOfAccount(context),
    slot,
    resource,
    scopes,
    expiresAtMs,
    updatedAtMs: (await slotChangedAtMs(context, slot)) ?? 0,
    leases: isOwn(context) ? await leasesOn(context, slot) : [],
    eventsBefore: isOwn(context) ? (await oauthEvents(context)).length : 0,
  }
}

async function leasesOn(context: CheckContext, slot: string): Promise<readonly string[]> {
  const agent = context.values.find(oldAgent)
  if (agent === undefined) return []
  const { leases } = await readSubject(context, context.target.access.agentSubject(agent))
  return goodLeases(context, leases.mcp, slot)
}

/** The tokens that were handed out last. @throws RunproofError ANSWER_MALFORMED where none were */
export async function newestTokens(context: CheckContext, clientId: string): Promise<AccountTokens> {
  const issued = await issuedByOAuth(context)
  const newest = (kind: string) => {
    const found = issued.findLast(one => one.kind === kind)
    if (found === undefined)
      throw new RunproofError('ANSWER_MALFORMED', `the authorization server has handed out no ${kind} token`)
    return found.value
  }
  return { access: newest('access'), refresh: newest('refresh'), clientId }
}

/** Makes the account that is then rotated, and has a run use it, so that there are leases on it. */
export async function makeAccount(context: StepContext): Promise<Login> {
  const made = await logIn(context, OAUTH_SERVER)
  if (made.account === undefined) throw new RunproofError('COMMAND_FAILED', 'the login stored no account')
  const { agentId } = await callByModel(context, OAUTH_SERVER, MODEL_MS)
  context.set(oldAgent, agentId)
  context.set(oldTokens, await newestTokens(context, made.account.clientId))
  return made
}

/** Forgets the account, by the daemon's own client. @throws RunproofError COMMAND_FAILED */
export async function logOut(context: CheckContext): Promise<Ended> {
  const words = ['mcp', 'oauth', 'logout', serverOfAccount(context)]
  const { exitCode, view } = await client(context, words, context.target.mcp.read.accepted)
  if (exitCode !== 0 || view === undefined)
    throw new RunproofError('COMMAND_FAILED', `${words.join(' ')} ended with exit ${exitCode}`, {
      hint: 'runtime auth accounts list shows whether the account is there',
    })
  return { accepted: view }
}

/** Has the authorization server beside the daemon take none of its tokens any longer, as a person does at a real one. */
export function revokeGrant(context: CheckContext): Promise<void> {
  return orderOAuth(context, { revoke: 'all' })
}

/** Waits while the daemon would do nothing: a run that broke off may have had it refresh the account a moment ago. */
export async function waitUntilRefreshable(context: CheckContext): Promise<void> {
  const lastMs = (await accountNow(context, slotOfAccount(context)))?.lastRefreshAtMs
  const sinceMs = lastMs === undefined ? Number.POSITIVE_INFINITY : context.tools.clock.now().getTime() - lastMs
  if (sinceMs < REFRESHED_FOR_MS + BESIDES_MS)
    await passTime(context, REFRESHED_FOR_MS + BESIDES_MS - Math.max(0, sinceMs))
}

/** Has the daemon get new tokens now, by its own client. What a step does, and a counterproof on another daemon. */
export async function renew(context: CheckContext): Promise<Renewed> {
  const own = isOwn(context)
  const slot = slotOfAccount(context)
  const handedOut = async () => (own ? (await issuedByOAuth(context)).map(({ kind }) => kind) : [])
  const before = await handedOut()
  const lastBeforeMs = (await accountNow(context, slot))?.lastRefreshAtMs
  const words = ['mcp', 'oauth', 'refresh', serverOfAccount(context)]
  const { exitCode, view } = await client(context, words, context.target.mcp.read.account)
  const issued = (await handedOut()).slice(before.length)
  return { exitCode, said: view, lastBeforeMs, issued: own ? issued : undefined }
}

/** Has the model beside the daemon use the account. */
export async function useAccountAgain(context: StepContext): Promise<void> {
  const eventsBefore = (await oauthEvents(context)).length
  const { said } = await callByModel(context, OAUTH_SERVER, MODEL_MS)
  await issuedByOAuth(context)
  context.set(accountRun, { said, eventsBefore })
}
