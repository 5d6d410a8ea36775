import { capture, keptCapture } from '../../model/capture.ts'
import type { AnyCheck } from '../../model/check.ts'
import { type CheckContext, changed } from '../../model/check.ts'
import type { Step, StepContext } from '../../model/runbook.ts'
import { ask } from '../../suite/ask.ts'
import { passTime } from '../../suite/token-rotation.ts'
import { type Held, holdStream } from './held-stream.ts'
import { Load, type LoadReport } from './load.ts'
import { type Exchange, exchange } from './subjects.ts'

const PAGE = 'production-runbooks'
/** Before and after the replacement: on a stand-in so many more would only make the rehearsal slow. */
const MOST_AT_REST = 20
/** Before and after the replacement it is asked for so long, or until so many requests would have gone out. */
const LEAD_MS = 500
const LEAD_REQUESTS = 10

/** Clients of both roles, and one that holds an event stream open. */
export interface Clients {
  readonly load: Load
  /** Opened with the old token; undefined where nobody has that any more. */
  readonly held: Held | undefined
  readonly rates: { readonly atSwap: number; readonly atRest: number }
  /** Lets go of everything at once. */
  end(): Promise<LoadReport>
}
/** They end with the process, and others begin to ask after a break. */
export const clients = capture<Clients>(
  'clients',
  'clients of both roles, which ask the daemon through the whole rotation',
)

/** What the clients saw from before the new token was handed over to after the last verification. */
export interface Throughout {
  readonly load: LoadReport
  readonly maxGapMs: number
}
export const throughout = keptCapture<Throughout>('throughout', 'what clients saw through the whole rotation')

/** @throws RunproofError INTERRUPTED */
export async function startClients(
  context: CheckContext,
  { role, from: old, replaced, to, other }: Exchange,
  ratePerSecond: number,
): Promise<Clients> {
  const { http } = context.target
  const from = replaced ? undefined : old
  const over = new AbortController()
  const asking = changed(context, { signal: AbortSignal.any([context.signal, over.signal]) })
  const held = from === undefined ? undefined : await holdStream(context, from)
  const rates = { atSwap: ratePerSecond, atRest: Math.min(ratePerSecond, MOST_AT_REST) }
  const load = new Load({
    clock: context.tools.clock,
    ratePerSecond: rates.atRest,
    rotated: role === 'admin' ? [http.secrets, http.cheap] : [http.cheap],
    unrotated: role === 'admin' ? [http.cheap] : [http.secrets],
    from,
    to,
    other,
    ask: async (path, bearer) => (await ask(asking, path, { bearer })).status,
  })
  return {
    load,
    held,
    rates,
    async end() {
      held?.close()
      over.abort()
      return load.stop()
    },
  }
}

/** Gives clients that ask at this rate the time to see how it is. @throws RunproofError INTERRUPTED */
export async function letThemAsk(context: CheckContext, ratePerSecond: number): Promise<void> {
  await passTime(context, Math.max(LEAD_MS, (LEAD_REQUESTS * 1000) / ratePerSecond))
}

/** From here on it is asked: before anything is handed over. After a break it is run again, since clients end with their process. */
export const clientsStep = (ratePerSecond: number, letIn: AnyCheck): Step => ({
  id: 'clients',
  title: 'Let clients of both roles ask from now on, to the end of the rotation',
  effect: 'read',
  docs: { page: PAGE },
  timeoutMs: 60_000,
  yields: [clients],
  run: {
    describe: `hold an event stream open with the old token; ask for cheap things with the valid tokens of both roles, ${Math.min(ratePerSecond, MOST_AT_REST)} times a second, around the replacement ${ratePerSecond} times`,
    async execute(context) {
      const started = await startClients(context, context.values.get(exchange), ratePerSecond)
      context.run.defer('the clients of both roles', async () => {
        await started.end()
      })
      context.set(clients, started)
      await letThemAsk(context, started.rates.atRest)
    },
  },
  verify: [letIn],
})

/** After the last verification. Also where something before it failed: what they saw by then is told. */
export const clientsEndStep = (
  maxGapMs: number,
  nobodyShutOut: AnyCheck,
  tell: (context: StepContext, seen: LoadReport) => void,
): Step => ({
  id: 'clients-end',
  title: 'End the clients, and see that nobody was shut out in the whole time',
  effect: 'read',
  docs: { page: PAGE },
  timeoutMs: 60_000,
  afterFailure: [clients],
  yields: [throughout],
  run: {
    describe: 'let the clients ask a moment longer, then end them',
    async execute(context) {
      const { run, values } = context
      const { load, held, rates } = values.get(clients)
      await letThemAsk(context, rates.atRest)
      const seen = await load.stop()
      if (held !== undefined) run.fact('rotation.heldStream', held.state())
      held?.close()
      run.fact('throughout.requests', seen.requests)
      run.fact('throughout.tookMs', seen.tookMs)
      run.fact('throughout.neither', seen.neither)
      run.fact('throughout.gapMs', seen.gapMs)
      tell(context, seen)
      context.set(throughout, { load: seen, maxGapMs })
    },
  },
  verify: [nobodyShutOut],
})
