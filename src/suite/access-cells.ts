import type { EdgeApi, Refusal } from '../model/edge-api.ts'

export const TOKENS = ['none', 'wrong', 'readonly', 'admin'] as const
export const OPERATIONS = ['read', 'write', 'secret'] as const
export const ORIGINS = ['none', 'loopback', 'foreign', 'public'] as const

/** One way of asking: which token is shown, for what, from which origin. */
export interface Cell {
  readonly token: (typeof TOKENS)[number]
  readonly operation: (typeof OPERATIONS)[number]
  readonly origin: (typeof ORIGINS)[number]
}

/** Whether the daemon itself is asked, or the proxy in front of it. */
export type Way = 'direct' | 'edge'

export interface Expected {
  readonly status: number
  /** Of the answer's document. Undefined: whatever it is. */
  readonly code: string | undefined
}

export const CELLS: readonly Cell[] = TOKENS.flatMap(token =>
  OPERATIONS.flatMap(operation => ORIGINS.map(origin => ({ token, operation, origin }))),
)

/**
 * What a cell has to answer. The daemon takes browsers' requests from loopback only, so a proxy with a page of its own in front
 * of it has to take the name of its own origin away; any other name it passes on, or refuses itself.
 */
export function expectedOf({ token, operation, origin }: Cell, way: Way, refusals: EdgeApi['refusals']): Expected {
  if (origin === 'foreign' || (origin === 'public' && way === 'direct'))
    return way === 'direct' ? refusals.origin : { status: refusals.origin.status, code: undefined }
  return refusalOf(token, operation, refusals) ?? { status: 200, code: undefined }
}

function refusalOf(
  token: Cell['token'],
  operation: Cell['operation'],
  refusals: EdgeApi['refusals'],
): Refusal | undefined {
  if (token === 'none') return refusals.missing
  if (token === 'wrong') return refusals.unknown
  return token === 'readonly' && operation !== 'read' ? refusals.readonly : undefined
}

/** How many attempts of each kind are refused, by the code that the daemon counts them under. */
export function refusedBy(
  cells: readonly Cell[],
  way: Way,
  refusals: EdgeApi['refusals'],
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const cell of cells) {
    const { status, code } = expectedOf(cell, way, refusals)
    if (status === 200) continue
    const counted = code ?? refusals.origin.code
    counts[counted] = (counts[counted] ?? 0) + 1
  }
  return counts
}

export function nameOf({ token, operation, origin }: Cell): string {
  const shown = token === 'none' ? 'no token' : `the ${token === 'wrong' ? 'wrong' : token} token`
  return `${OPERATION_NAMES[operation]} with ${shown} from ${origin === 'none' ? 'no origin' : `${ORIGIN_NAMES[origin]} origin`}`
}

const OPERATION_NAMES = { read: 'a read', write: 'a change', secret: 'a read of secrets' }
const ORIGIN_NAMES = { loopback: 'a loopback', foreign: 'a foreign', public: 'the public' }
