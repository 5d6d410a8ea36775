import { withBrokenDaemon } from '../../daemon/break.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import {
  askProcess,
  connectorBefore,
  connectorDoor,
  handInNothing,
  lookAtConnector,
  setSharedToken,
  tokenSet,
} from '../../rotation/connectors/connector.ts'
import { newSecret } from '../../rotation/new-secret.ts'
import { CONNECTOR, sidecar, startSidecar } from '../../suite/sidecar.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

/** HTTP status of each way in; undefined where it is out of reach. */
interface Ways {
  readonly process: number | undefined
  readonly daemon: number
}

interface Taken extends Ways {
  /** The daemon's ingress, with a token that nobody has set. */
  readonly stranger: number
}

/** Both sides of the connector take the new token: the process that the daemon asks, and the daemon that it hands events to. */
export const newTokenTaken = defineCheck<Taken>({
  id: 'new-token-taken',
  title:
    'The daemon’s ingress takes the new token and not just any, and so does the connector’s process where it is in reach',

  async probe(context) {
    const stranger = await handInNothing(context, randomSecret('token-of-nobody'))
    return { ...(await askBoth(context, 'new')), stranger }
  },

  judge({ process, daemon, stranger }) {
    if (stranger !== 401) return failed('the daemon’s ingress takes any token', { expected: 401, actual: stranger })
    if (daemon !== 200) return failed('the daemon’s ingress refuses the new token', { expected: 200, actual: daemon })
    return process === undefined || process === 200
      ? passed({ actual: { process: process ?? null, daemon } })
      : failed('the process refuses the new token', { expected: 200, actual: process })
  },

  counterproofs: [
    {
      id: 'process-refuses',
      breaks: 'the process refuses it',
      because: /process refuses/,
      observation: seen => ({ ...seen, process: 401 }),
    },
    {
      id: 'any-token',
      breaks: 'the ingress of the daemon takes a token that nobody has set',
      because: /takes any token/,
      observation: seen => ({ ...seen, stranger: 200 }),
    },
    {
      id: 'another-token',
      breaks: 'a token is shown that nobody has set',
      because: /ingress refuses/,
      subject: async context =>
        changed(context, { values: context.values.with(newSecret, randomSecret('token-of-nobody')) }),
    },
  ],
})

const withoutOld = ({ values }: CheckContext) =>
  values.get(connectorDoor).sharedToken === undefined
    ? '--secret old= was not given, and no daemon shows what it was'
    : undefined

/** Of a token that never was, a refusal afterwards would prove nothing. */
export const oldTokenGood = defineCheck<Ways>({
  id: 'old-token-good',
  title: 'The token that is to be proven dead is good before anything is set',

  untested: context =>
    withoutOld(context) ??
    (context.values.get(connectorDoor).mayBeSet
      ? 'the run broke off, and the slot may have been set before'
      : undefined),

  probe: context => askBoth(context, 'old'),

  judge({ process, daemon }) {
    if (daemon !== 200)
      return failed(
        'the daemon’s ingress refuses the value of --secret old=, so it is not the token of now; nothing was written',
        { expected: 200, actual: daemon },
      )
    return process === undefined || process === 200
      ? passed({ actual: { process: process ?? null, daemon } })
      : failed('the process refuses the token of now; nothing was written', { expected: 200, actual: process })
  },

  counterproofs: [
    {
      id: 'process-behind',
      breaks: 'the process goes by another token than the daemon',
      because: /process refuses/,
      observation: seen => ({ ...seen, process: 401 }),
    },
    {
      id: 'never-was',
      breaks: 'a token is called the old one that never was',
      because: /not the token of now/,
      subject: async context => {
        const door = { ...context.values.get(connectorDoor), sharedToken: randomSecret('token-of-nobody') }
        return changed(context, { values: context.values.with(connectorDoor, door) })
      },
    },
  ],
})

/** Neither side takes the old token any more. */
export const oldTokenRefused = defineCheck<Ways>({
  id: 'old-token-refused',
  title: 'The daemon’s ingress refuses the old token, and so does the connector’s process where it is in reach',

  untested: withoutOld,

  probe: context => askBoth(context, 'old'),

  judge({ process, daemon }) {
    if (daemon !== 401) return failed('the daemon’s ingress takes the old token', { expected: 401, actual: daemon })
    return process === undefined || process === 401
      ? passed({ actual: { process: process ?? null, daemon } })
      : failed('the process takes the old token', { expected: 401, actual: process })
  },

  counterproofs: [
    {
      id: 'ingress-takes',
      breaks: 'the ingress of the daemon takes it',
      because: /ingress takes/,
      observation: seen => ({ ...seen, daemon: 200 }),
    },
    {
      id: 'not-restarted',
      breaks: 'another daemon keeps the process of before, which goes by the old token',
      because: /the process takes the old token/,
      cost: { instances: 1 },
      deadlineMs: 1_500,
      unavailable: withoutFaults,
      subject: (context, scope) => rotatedOn(context, scope, ['sidecar-not-restarted']),
    },
  ],
})

async function askBoth(context: CheckContext, which: 'old' | 'new'): Promise<Ways> {
  const token = which === 'new' ? context.values.get(newSecret) : context.values.get(connectorDoor).sharedToken!
  return { process: await askProcess(context, token), daemon: await handInNothing(context, token) }
}

/** Another daemon with a connector of the same kind, on which the same was done. */
async function rotatedOn(
  context: CheckContext,
  scope: AsyncDisposableStack,
  faults: readonly string[],
): Promise<CheckContext> {
  const patient = changed(context, { deadlineMs: 15_000 })
  const broken = await withBrokenDaemon(patient, scope, { extras: { faults } })
  const made = await startSidecar(broken)
  const door = { door: made.door, sharedToken: made.sharedToken, mayBeSet: false }
  const there = broken.values.with(sidecar, made).with(connectorDoor, door)
  const before = await lookAtConnector(changed(broken, { values: there }), CONNECTOR, view => view.sharedSlot)
  const ready = changed(broken, { values: there.with(connectorBefore, before), deadlineMs: context.deadlineMs })
  return changed(ready, { values: ready.values.with(tokenSet, await setSharedToken(ready)) })
}
