import type { Check, Counterproof, NonEmpty } from '../../model/check.ts'
import { throughEdge } from '../../suite/at-edge.ts'

/** The same question, asked through the proxy in front of the daemon. What breaks it stands before the proxy. */
export function behindProxy<Observed>(check: Check<Observed>): Check<Observed> {
  const { untested } = check
  return {
    ...check,
    id: `edge-${check.id}`,
    title: `Through the proxy: ${check.title}`,
    needs: [...(check.needs ?? []), 'local-nginx'],
    ...(untested === undefined ? {} : { untested: context => untested(throughEdge(context)) }),
    probe: context => check.probe(throughEdge(context)),
    counterproofs: check.counterproofs.map(one => before(one)) as unknown as NonEmpty<Counterproof<Observed>>,
  }
}

function before<Observed>(one: Counterproof<Observed>): Counterproof<Observed> {
  const id = `edge-${one.id}`
  return 'subject' in one
    ? { ...one, id, subject: (context, scope) => one.subject(throughEdge(context), scope) }
    : { ...one, id }
}
