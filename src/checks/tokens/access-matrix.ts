import { withProxy } from '../../daemon/break.ts'
import { daemon, isolated } from '../../daemon/subjects.ts'
import {
  type Check,
  type CheckContext,
  defineCheck,
  failed,
  type Judgement,
  type Need,
  passed,
  type SubjectCounterproof,
} from '../../model/check.ts'
import type { EdgeApi } from '../../model/edge-api.ts'
import { RunproofError } from '../../model/error.ts'
import type { Interposition } from '../../model/interposer.ts'
import type { Secret } from '../../model/secret.ts'
import { CELLS, type Cell, expectedOf, nameOf, refusedBy, type Way } from '../../suite/access-cells.ts'
import { jsonOf } from '../../suite/ask.ts'

/** Below what the daemon's limiter allows in a minute, by enough for whatever else is refused meanwhile. */
const MOST_REFUSALS = 50
const FOREIGN = 'https://foreign.example'
const LOOPBACK = 'http://localhost:3000'

/** What a cell answered. */
interface Answered extends Cell {
  readonly status: number
  readonly code: string | undefined
  /** The origin whose pages may read the answer. */
  readonly readableBy: string | undefined
}

export interface MatrixObserved {
  readonly way: Way
  readonly due: readonly Cell[]
  readonly answered: readonly Answered[]
  readonly origins: Origins
  readonly refusals: EdgeApi['refusals']
}

type Origins = Readonly<Record<Cell['origin'], string | undefined>>

/** How the matrix is asked: the daemon itself, or the proxy in front of it. */
export interface MatrixSubject {
  readonly way: Way
  readonly needs?: readonly Need[]
  /** What else breaks it. */
  readonly more?: readonly SubjectCounterproof[]
  /** The origin of pages that the proxy itself would serve. */
  publicOrigin(context: CheckContext): string
  /** The same daemon, asked this way; a context that is so already, unchanged. */
  reach(context: CheckContext): CheckContext
  /** Another daemon of the same kind asked this way, so that its limiter has counted nothing yet. */
  fresh(context: CheckContext, scope: AsyncDisposableStack): Promise<CheckContext>
}

/**
 * Every token with every kind of request from every kind of origin: what is to be let in is, and what is refused is refused for
 * the reason there is. No answer may be read by pages of another origin than the one that asked. Of a daemon that somebody runs
 * only what it lets in and what changes nothing is asked.
 */
export function accessMatrix({
  way,
  needs,
  more = [],
  publicOrigin,
  reach,
  fresh,
}: MatrixSubject): Check<MatrixObserved> {
  const broken = (id: string, breaks: string, because: RegExp, how: (context: CheckContext) => Interposition) =>
    brokenSubject({ id: `access-${way}-${id}`, breaks, because }, fresh, how)
  return defineCheck<MatrixObserved>({
    id: `access-${way}`,
    ...(needs === undefined ? {} : { needs }),
    title: `${way === 'direct' ? 'The daemon' : 'The proxy'} lets in, of all tokens, requests and origins, whom it should`,

    async probe(context) {
      const { refusals } = context.target.edge
      const due = CELLS.filter(cell => mayBeAsked(context, cell, way))
      refuseTooMany(refusedBy(due, way, refusals))
      const origins = { none: undefined, loopback: LOOPBACK, foreign: FOREIGN, public: publicOrigin(context) }
      const subject = reach(context)
      const answered: Answered[] = []
      for (const cell of due) answered.push(await ask(subject, cell, origins[cell.origin]))
      return { way, due, answered, origins, refusals }
    },

    judge,

    counterproofs: [
      {
        id: `access-${way}-refused`,
        breaks: 'a token that may read is refused',
        because: /a read with the readonly token from no origin answered 401/,
        observation: observed => ({ ...observed, answered: [{ ...READ, status: 401 }, ...observed.answered] }),
      },
      {
        id: `access-${way}-foreign`,
        breaks: 'a foreign origin is let in',
        because: /from a foreign origin answered 200/,
        observation: observed => ({ ...observed, answered: [{ ...READ, origin: 'foreign' }, ...observed.answered] }),
      },
      {
        id: `access-${way}-other-code`,
        breaks: 'a missing token is refused without saying so',
        because: /with no token from no origin answered 401 unauthorized/,
        observation: observed => ({
          ...observed,
          answered: [{ ...READ, token: 'none', status: 401, code: 'unauthorized' }, ...observed.answered],
        }),
      },
      {
        id: `access-${way}-limited`,
        breaks: 'a refusal is the limiter speaking',
        because: /the limiter/,
        observation: observed => ({
          ...observed,
          answered: observed.answered.map((one, index) => (index === 0 ? { ...one, status: 429 } : one)),
        }),
      },
      {
        id: `access-${way}-unasked`,
        breaks: 'one way was not asked',
        because: /was not asked/,
        observation: observed => ({ ...observed, answered: observed.answered.slice(1) }),
      },
      {
        id: `access-${way}-readable`,
        breaks: 'an answer may be read by every page',
        because: /may be read by pages of \*/,
        observation: observed => ({
          ...observed,
          answered: observed.answered.map((one, index) => (index === 0 ? { ...one, readableBy: '*' } : one)),
        }),
      },
      broken(
        'no-origin',
        'something in between takes the name of the origin away',
        /from a foreign origin answered 401/,
        () => ({
          dropHeader: 'origin',
        }),
      ),
      broken('no-token', 'something in between takes the token away', /answered 401 missing_token, expected/, () => ({
        dropHeader: 'authorization',
      })),
      broken(
        'readonly-writes',
        'the read-only token is as good as the other one',
        /the readonly token .* answered 200/,
        context => {
          const { readonlyToken, adminToken } = context.values.get(isolated)
          return { swapBearer: { from: readonlyToken, to: adminToken } }
        },
      ),
      broken('wildcard', 'something in between lets pages of every origin read', /may be read by pages of \*/, () => ({
        rewriteHeaders: (_, headers) => ({ ...headers, 'access-control-allow-origin': '*' }),
      })),
      ...more,
    ],
  })
}

const READ: Answered = {
  token: 'readonly',
  operation: 'read',
  origin: 'none',
  status: 200,
  code: undefined,
  readableBy: undefined,
}

/** A refusal stands in the audit log of a daemon that somebody runs, and a change is a change. */
function mayBeAsked({ target, values }: CheckContext, cell: Cell, way: Way): boolean {
  const { reached, adminToken, readonlyToken } = values.get(daemon)
  if (reached === 'isolated') return true
  if (cell.operation === 'write' || expectedOf(cell, way, target.edge.refusals).status !== 200) return false
  return (cell.token === 'admin' ? adminToken : readonlyToken) !== undefined
}

function refuseTooMany(refused: Readonly<Record<string, number>>): void {
  const [code, count] = Object.entries(refused).find(([, many]) => many > MOST_REFUSALS) ?? []
  if (count === undefined) return
  throw new RunproofError('INTERNAL', `${count} attempts would be refused as ${code}, and the limiter would speak`)
}

async function ask(context: CheckContext, cell: Cell, origin: string | undefined): Promise<Answered> {
  const { target, values, deadlineMs, signal } = context
  const { method = 'GET', path, body } = requestOf(context, cell)
  const bearer = tokenOf(context, cell)
  const { status, headers, text } = await values.get(daemon).instance.request(path, {
    method,
    timeoutMs: Math.min(deadlineMs, 10_000),
    signal,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(origin === undefined ? {} : { origin }),
    },
    ...(body === undefined ? {} : { body }),
    ...(bearer === undefined ? {} : { bearer }),
  })
  const isProblem = status >= 400 && headers['content-type']?.startsWith('application/problem+json') === true
  return {
    ...cell,
    status,
    code: isProblem ? target.runs.read.problem(jsonOf(path, text)).code : undefined,
    readableBy: headers['access-control-allow-origin'],
  }
}

function requestOf({ target }: CheckContext, { operation }: Cell): { method?: string; path: string; body?: string } {
  if (operation === 'write') return { method: 'POST', ...target.http.refusedMutation }
  return { path: operation === 'read' ? target.runs.paths.runtime : target.http.secrets }
}

function tokenOf({ values }: CheckContext, { token }: Cell): Secret | undefined {
  const { adminToken, readonlyToken } = values.get(daemon)
  if (token === 'none') return undefined
  // One that was good once: only one that is looked at is refused.
  if (token === 'wrong') return values.get(isolated).replacedToken
  return token === 'admin' ? adminToken : readonlyToken
}

function judge({ way, due, answered, origins, refusals }: MatrixObserved): Judgement {
  const [limited] = answered.filter(({ status }) => status === 429)
  if (limited !== undefined) return failed(`the limiter spoke: ${nameOf(limited)} answered 429`)
  const unasked = due.find(cell => !answered.some(one => nameOf(one) === nameOf(cell)))
  if (due.length === 0 || unasked !== undefined)
    return failed(`${unasked === undefined ? 'not one way' : nameOf(unasked)} was not asked`)
  const wrong = [
    ...answered.flatMap(one => wrongAnswer(one, way, refusals) ?? []),
    ...answered.flatMap(one => wrongReader(one, way, origins[one.origin], refusals) ?? []),
  ]
  const actual = { asked: answered.length, refused: refusedBy(due, way, refusals), wrong: wrong.slice(0, 10) }
  if (wrong[0] === undefined) return passed({ actual })
  return failed(wrong.length === 1 ? wrong[0] : `${wrong[0]}, and ${wrong.length - 1} more`, { actual })
}

function wrongAnswer(one: Answered, way: Way, refusals: EdgeApi['refusals']): string | undefined {
  const { status, code } = expectedOf(one, way, refusals)
  if (one.status === status && (code === undefined || one.code === code)) return undefined
  const answered = `${one.status}${one.code === undefined ? '' : ` ${one.code}`}`
  const said = `${nameOf(one)} answered ${answered}, expected ${status}${code === undefined ? '' : ` ${code}`}`
  const isOwn = way === 'edge' && one.origin === 'public' && one.code === refusals.origin.code
  return isOwn ? `${said} (the proxy has to take its own origin away)` : said
}

function wrongReader(
  one: Answered,
  way: Way,
  origin: string | undefined,
  refusals: EdgeApi['refusals'],
): string | undefined {
  const { readableBy } = one
  const allowed = expectedOf(one, way, refusals).status === 200 || one.origin === 'loopback' ? origin : undefined
  if (readableBy !== undefined && readableBy !== allowed) return `${nameOf(one)} may be read by pages of ${readableBy}`
  // The daemon itself tells a browser that its own origin may read; behind a proxy pages of the proxy's need no leave.
  return one.origin === 'loopback' && readableBy === undefined
    ? `${nameOf(one)} may not be read by the page that asked`
    : undefined
}

/** Another daemon with something in between. */
function brokenSubject(
  { id, breaks, because }: { readonly id: string; readonly breaks: string; readonly because: RegExp },
  fresh: MatrixSubject['fresh'],
  how: (context: CheckContext) => Interposition,
): SubjectCounterproof {
  return {
    id,
    breaks,
    because,
    cost: { instances: 1 },
    subject: async (context, scope) => {
      const reached = await fresh(context, scope)
      return withProxy(reached, scope, how(reached))
    },
  }
}
