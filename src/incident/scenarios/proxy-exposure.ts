import { join } from 'node:path'
import type { Ran } from '../../daemon/client.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { isolated } from '../../daemon/subjects.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import type { HttpClient, RequestOptions } from '../../model/http.ts'
import type { Interposition } from '../../model/interposer.ts'
import { parseJson } from '../../model/json-answer.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import { diagnoseAs } from '../../suite/diagnose.ts'

const ASK_MS = 10_000

/** The way in from outside. */
export interface PublicDoor {
  readonly door: Pick<HttpClient, 'request'>
  /** Where it is, for people. */
  readonly url: string
}

/** Open as it was in the incident, in a rehearsal. */
export const exposedDoor = capture<PublicDoor>('exposed-door', 'the public route while it was exposed')

/** As it is after the containment. */
export const publicDoor = capture<PublicDoor>('public-door', 'the public route after the containment')

export const ATTACKS = ['preflight', 'foreign-page', 'no-token', 'unknown-token'] as const
type AttackName = (typeof ATTACKS)[number]

/** What one attempt from outside came to. */
export interface Attempt {
  readonly attack: AttackName
  readonly askedAtMs: number
  /** Undefined where nobody answered: the route is closed. */
  readonly status: number | undefined
  /** Why nobody answered; empty where somebody did. */
  readonly closed: string
  /** What a browser is told of who may read the answer; empty where it is told nothing. */
  readonly allowOrigin: string
  /** The daemon itself refused it, which stands in its audit log. */
  readonly byDaemon: boolean
}

/** Kept: asking once more would be refused once more. */
export const attempts = keptCapture<readonly Attempt[]>('attempts', 'what somebody outside is answered now')

/** What a badly written proxy does: hides who asks, lets every page read the answer, and shows a token of its own. */
function exposing(context: CheckContext): Interposition {
  const { readonlyToken } = context.values.get(isolated)
  return {
    dropHeader: 'origin',
    swapBearer: { from: UNKNOWN, to: readonlyToken },
    rewriteHeaders: (_, headers) => ({
      ...headers,
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'authorization,content-type',
    }),
  }
}

/** The proxy as it should be: it passes on what it is given. */
const TIGHT: Interposition = {}

/** Puts a proxy of that kind before the daemon of a rehearsal. It ends with the run. */
export async function putProxy(context: StepContext, kind: 'exposed' | 'tight'): Promise<PublicDoor> {
  const { instance } = context.values.get(isolated)
  const made = await context.tools.interposer.interpose(instance, kind === 'exposed' ? exposing(context) : TIGHT)
  context.run.defer(`the ${kind} proxy`, async () => made[Symbol.asyncDispose]())
  return { door: made, url: made.place.baseUrl }
}

/** A running proxy, through which nothing was asked yet. */
export async function reachProxy(context: StepContext, url: string): Promise<PublicDoor> {
  const caFile = context.params['proxy-ca-file']
  const http = await context.tools.http.connect({ baseUrl: url, ...(caFile === undefined ? {} : { caFile }) })
  context.run.defer('connections to the proxy', () => http.close())
  return { door: http, url }
}

/** A token that nobody gave out. It is the same for all attempts of a run, so that one refusal more is all there is. */
const UNKNOWN: Secret = randomSecret('unknown-token')

/**
 * Asks from outside what must be refused. No token that is good is shown: the route may lead to anybody.
 *
 * @throws RunproofError INTERRUPTED
 */
export async function attack(context: CheckContext, { door }: PublicDoor, origin: string): Promise<readonly Attempt[]> {
  context.protect(UNKNOWN)
  const asked: Readonly<Record<AttackName, RequestOptions>> = {
    preflight: {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    },
    'foreign-page': { headers: { origin } },
    'no-token': {},
    'unknown-token': { bearer: UNKNOWN },
  }
  const made: Attempt[] = []
  for (const name of ATTACKS) made.push(await attempt(context, door, name, asked[name]))
  return made
}

/** A closed door is an answer, too. */
async function attempt(
  context: CheckContext,
  door: PublicDoor['door'],
  name: AttackName,
  options: RequestOptions,
): Promise<Attempt> {
  const timeoutMs = Math.min(context.deadlineMs, ASK_MS)
  const made = { attack: name, askedAtMs: context.tools.clock.now().getTime() }
  try {
    const path = context.target.http.status
    const { status, headers, text } = await door.request(path, { ...options, timeoutMs, signal: context.signal })
    return {
      ...made,
      status,
      closed: '',
      allowOrigin: headers['access-control-allow-origin'] ?? '',
      byDaemon: isRefusal(context, status, text),
    }
  } catch (thrown) {
    const { code, message } = toRunproofError(thrown)
    if (context.signal.aborted) throw new RunproofError('INTERRUPTED', 'asking from outside was interrupted')
    if (!CLOSED.includes(code)) throw thrown
    return { ...made, status: undefined, closed: message, allowOrigin: '', byDaemon: false }
  }
}

/** What asking through a route that was closed comes to. A certificate that we do not trust keeps nobody else out. */
const CLOSED: readonly string[] = ['TARGET_UNREACHABLE', 'TIMEOUT']

/** What nobody can tell where no attempt was answered; undefined where one was. */
export function unsureWhere(seen: readonly Attempt[], url: string): string | undefined {
  if (seen.some(({ status }) => status !== undefined)) return undefined
  return `whether ${url} is the route that was exposed: nobody answers there (${seen[0]?.closed}), and from here a closed route, an address that is misspelt and a network that is down look the same`
}

function isRefusal({ target }: CheckContext, status: number, text: string): boolean {
  if (status !== 401 && status !== 403) return false
  try {
    return target.runs.read.problem(parseJson(text, 'the refusal is')).status === status
  } catch {
    return false
  }
}

/** Why an attempt was not shut out; undefined where it was. */
export function letIn({ attack: name, status, allowOrigin }: Attempt, origin: string): string | undefined {
  if (allowOrigin === '*' || allowOrigin === origin || allowOrigin === 'null')
    return `${name}: a page of ${allowOrigin === '*' ? 'any origin' : allowOrigin} may read the answer`
  // A preflight is answered to everybody; what it allows is said in its headers.
  if (name !== 'preflight' && status !== undefined && status < 400) return `${name}: it was answered with ${status}`
  return undefined
}

/** What the doctor says of an origin: whether its pages may use the daemon itself, without any proxy. */
export function originAllowed(context: CheckContext, origin: string): Promise<Ran<boolean | undefined>> {
  return diagnoseAs(context, ['doctor', '--cors-origin', origin], context.target.incident.read.originAllowed)
}

/** Writes down what was seen from outside. */
export async function keepAttempts(context: StepContext, name: string, seen: readonly Attempt[]): Promise<void> {
  await context.tools.files.write(join(context.run.artifactsDir, name), `${JSON.stringify(seen, null, 2)}\n`)
}
