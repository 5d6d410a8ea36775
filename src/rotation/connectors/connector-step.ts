import type { AnyCheck, NonEmpty } from '../../model/check.ts'
import type { PlanInput, Step } from '../../model/runbook.ts'
import { reachOf } from '../../suite/params.ts'
import { sidecar, startSidecar } from '../../suite/sidecar.ts'

const SET = 'secrets set <slot> --provider generic --stdin'
const PUT = 'connectors put-external <name> --json <json>'

/** The step that makes a connector to rotate, on a daemon of its own; a running one has its own connectors. */
export function connectorStep(input: PlanInput, verify: NonEmpty<AnyCheck>): readonly Step[] {
  if (reachOf(input) === 'running') return []
  return [
    {
      id: 'connector',
      title: 'Have the daemon start a connector with a shared token and a credential',
      effect: 'write',
      docs: { page: 'production-runbooks', command: PUT },
      timeoutMs: 90_000,
      resume: 'once',
      irreversible: 'the connector ends with the daemon that it was made on',
      yields: [sidecar],
      run: {
        describe: 'store a token and a webhook secret, put the connector, wait until it is ready and holds one lease',
        commands: [SET, PUT].map(words => `${input.target.program} ${words}`),
        execute: async context => context.set(sidecar, await startSidecar(context)),
      },
      verify,
    },
  ]
}
