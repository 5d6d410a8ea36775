import { withBrokenDaemon } from '../../daemon/break.ts'
import { client } from '../../daemon/client.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import { connectorBefore, connectorDoor, lookAtConnector } from '../../rotation/connectors/connector.ts'
import {
  connectorSetup,
  putOnLine,
  restartProcess,
  setCredential,
  signatures,
  tryWebhook,
  type WebhookAnswer,
} from '../../rotation/connectors/connector-credential.ts'
import { newSecret } from '../../rotation/new-secret.ts'
import { CONNECTOR, ROUTES_SLOT, sidecar, sidecarSetup, startSidecar } from '../../suite/sidecar.ts'

interface Whole {
  readonly slot: string
  readonly changeable: boolean
  readonly slots: readonly string[]
  readonly given: { readonly env: readonly string[]; readonly credentials: readonly string[] }
  readonly there: { readonly env: readonly string[]; readonly credentials: readonly string[] }
}

/** Putting a configuration replaces all of the process's: one that is not whole would take something away. */
export const configurationWhole = defineCheck<Whole>({
  id: 'configuration-whole',
  title: 'The configuration that will be put names the slot, and every variable and credential that the daemon has',

  async probe({ values, target }) {
    const { slot, view } = values.get(connectorBefore)
    const { slots, envKeys, credentialKeys } = values.get(connectorSetup)
    const { marker } = target.connectors
    const others = (names: readonly string[]) => names.filter(name => name !== marker).sort()
    return {
      slot: slot!,
      changeable: view!.changeable,
      slots,
      given: { env: others(envKeys), credentials: others(credentialKeys) },
      there: { env: others(view!.envKeys), credentials: others(view!.credentialKeys) },
    }
  },

  judge({ slot, changeable, slots, given, there }) {
    if (!changeable)
      return failed(
        'the connector stands in a file that the daemon was started with, and cannot be put: set the slot and start the daemon again; nothing was written',
      )
    if (!slots.includes(slot))
      return failed(`the configuration does not name the slot ${slot}; nothing was written`, { actual: [...slots] })
    for (const what of ['env', 'credentials'] as const) {
      if (given[what].join('\n') !== there[what].join('\n'))
        return failed(`the configuration has other ${what} than the daemon; nothing was written`, {
          expected: [...there[what]],
          actual: [...given[what]],
        })
    }
    return passed({ actual: { slot, env: [...there.env], credentials: [...there.credentials] } })
  },

  counterproofs: [
    {
      id: 'other-slot-named',
      breaks: 'it names another slot',
      because: /does not name the slot/,
      observation: seen => ({ ...seen, slots: ['another.slot'] }),
    },
    {
      id: 'in-a-file',
      breaks: 'the connector stands in a file of the daemon',
      because: /cannot be put/,
      observation: seen => ({ ...seen, changeable: false }),
    },
    {
      id: 'variable-left-out',
      breaks: 'a variable that the daemon has is left out',
      because: /other env/,
      observation: seen => ({ ...seen, there: { ...seen.there, env: [...seen.there.env, 'REGION'] } }),
    },
    {
      id: 'credential-left-out',
      breaks: 'a credential that the daemon has is left out',
      because: /other credentials/,
      observation: seen => ({ ...seen, given: { ...seen.given, credentials: [] } }),
    },
  ],
})

interface ValueSeen {
  readonly blank: boolean
  readonly same: boolean
  readonly nobodyKnows: boolean
}

/** A connector's credential is what somebody outside has, too. */
export const newValueFits = defineCheck<ValueSeen>({
  id: 'new-value-fits',
  title: 'The new value is not blank, and who needs it outside can have it',

  async probe({ values, params }) {
    const next = values.get(newSecret)
    const { now, before } = values.get(signatures)
    return {
      blank: next.reveal().trim() === '',
      same: now !== undefined && now.signing.secret === before?.signing.secret,
      nobodyKnows: next.generated && params['deliver-command'] === undefined,
    }
  },

  judge({ blank, same, nobodyKnows }) {
    if (blank) return failed('the new value is blank; it was not set')
    if (same) return failed('webhooks are signed with the same secret as before; it was not set')
    return nobodyKnows
      ? failed(
          'the new value was generated here, and whoever signs or logs in with it does not have it; it was not set',
        )
      : passed()
  },

  counterproofs: [
    {
      id: 'blank',
      breaks: 'the new value is blank',
      because: /is blank/,
      observation: seen => ({ ...seen, blank: true }),
    },
    {
      id: 'generated',
      breaks: 'the new value was generated here, and handed over to nobody',
      because: /does not have it/,
      observation: seen => ({ ...seen, nobodyKnows: true }),
    },
    {
      id: 'same-secret',
      breaks: 'the new value signs as the old one did',
      because: /the same secret/,
      subject: async context => {
        const { before } = context.values.get(signatures)
        return changed(context, { values: context.values.with(signatures, { now: before, before }) })
      },
    },
  ],
})

const outOfReach = ({ values }: CheckContext) =>
  values.get(connectorDoor).door === undefined
    ? 'the process listens on a machine that is not this one'
    : values.get(signatures).now === undefined
      ? 'the new value holds no webhook route that is signed'
      : undefined

/** A webhook that is signed with the new secret is taken, and nothing comes of it: its event is not among those that count. */
export const newSignatureTaken = defineCheck<WebhookAnswer & { readonly ignored: string }>({
  id: 'new-signature-taken',
  title: 'A webhook that is signed with the new secret is taken, and makes no run',

  untested: context =>
    outOfReach(context) ??
    (context.values.get(signatures).now?.signing.takesNoneOfOurs
      ? undefined
      : 'the route takes every event, so that a webhook of ours would make a run'),

  async probe(context) {
    const { now } = context.values.get(signatures)
    return { ...(await tryWebhook(context, now!)), ignored: context.target.connectors.ignored }
  },

  judge({ status, verdict, ignored }) {
    const details = { expected: { status: 200, verdict: ignored }, actual: { status, verdict } }
    return status === 200 && verdict === ignored
      ? passed(details)
      : failed('a webhook with the new signature was refused', details)
  },

  counterproofs: [
    {
      id: 'run-made',
      breaks: 'the webhook is taken for an event that counts',
      because: /was refused/,
      observation: seen => ({ ...seen, verdict: 'accepted' }),
    },
    {
      id: 'signed-by-nobody',
      breaks: 'the webhook is signed with a secret that nobody has set',
      because: /was refused/,
      subject: async context => {
        const { now, before } = context.values.get(signatures)
        const other = { ...now!, secret: randomSecret('secret-of-nobody') }
        return changed(context, { values: context.values.with(signatures, { now: other, before }) })
      },
    },
  ],
})

const withoutOld = (context: CheckContext) =>
  outOfReach(context) ??
  (context.values.get(signatures).before === undefined
    ? '--secret old= was not given, or has no such route, and no daemon shows what it was'
    : undefined)

/** Of a secret that never was, a refusal afterwards would prove nothing. */
export const oldSignatureGood = defineCheck<WebhookAnswer & { readonly ignored: string }>({
  id: 'old-signature-good',
  title: 'A webhook that is signed with the secret that is to be proven dead is taken, before anything is set',

  untested(context) {
    const lost = withoutOld(context)
    if (lost !== undefined) return lost
    if (context.values.get(connectorDoor).mayBeSet) return 'the run broke off, and the slot may have been set before'
    return context.values.get(signatures).before!.signing.takesNoneOfOurs
      ? undefined
      : 'the route takes every event, so that a webhook of ours would make a run'
  },

  async probe(context) {
    const { before } = context.values.get(signatures)
    return { ...(await tryWebhook(context, before!)), ignored: context.target.connectors.ignored }
  },

  judge({ status, verdict, ignored }) {
    const details = { expected: { status: 200, verdict: ignored }, actual: { status, verdict } }
    return status === 200 && verdict === ignored
      ? passed(details)
      : failed(
          'the process refuses what --secret old= signs, so it is not the value of now; nothing was written',
          details,
        )
  },

  counterproofs: [
    {
      id: 'nobody-answers',
      breaks: 'nothing listens',
      because: /not the value of now/,
      observation: seen => ({ ...seen, status: 0, verdict: 'nothing listens' }),
    },
    {
      id: 'never-was',
      breaks: 'a secret is called the old one that never was',
      because: /not the value of now/,
      subject: async context => {
        const { now, before } = context.values.get(signatures)
        const other = { ...before!, secret: randomSecret('secret-of-nobody') }
        return changed(context, { values: context.values.with(signatures, { now, before: other }) })
      },
    },
  ],
})

/** The old signature is refused in so many words: no answer at all would be as good for somebody who lost the connector. */
export const oldSignatureRefused = defineCheck<WebhookAnswer & { readonly invalid: string }>({
  id: 'old-signature-refused',
  title: 'A webhook that is signed with the old secret is refused for its signature',

  untested: withoutOld,

  async probe(context) {
    const { before } = context.values.get(signatures)
    return { ...(await tryWebhook(context, before!)), invalid: context.target.connectors.invalidSignature }
  },

  judge({ status, verdict, invalid }) {
    const details = { expected: { status: 401, verdict: invalid }, actual: { status, verdict } }
    if (status === 0) return failed('nobody answers webhooks any more', details)
    if (status === 200) return failed('a webhook with the old signature was taken', details)
    return status === 401 && verdict === invalid
      ? passed(details)
      : failed('a webhook with the old signature was refused for another reason', details)
  },

  counterproofs: [
    {
      id: 'refused-otherwise',
      breaks: 'the process refuses everything while it drains',
      because: /another reason/,
      observation: seen => ({ ...seen, status: 503, verdict: 'draining' }),
    },
    {
      id: 'not-put-again',
      breaks: 'on another daemon the slot is set, and the connector is not put again',
      because: /old signature was taken/,
      cost: { instances: 1 },
      subject: (context, scope) =>
        rotatedOn(context, scope, async broken => {
          await setCredential(broken)
        }),
    },
    {
      id: 'revoked-afterwards',
      breaks: 'on another daemon the slot is revoked after it was set, as the vendor’s order for routes has it',
      because: /nobody answers webhooks any more/,
      cost: { instances: 1 },
      subject: (context, scope) =>
        rotatedOn(context, scope, async broken => {
          await setCredential(broken)
          await restartProcess(broken, putOnLine(broken))
          await client(broken, ['runtime', 'auth', 'revoke-slot', ROUTES_SLOT], broken.target.read.slotRevocation)
        }),
    },
  ],
})

/** Another daemon with a connector of the same kind, to which something is done. */
async function rotatedOn(
  context: CheckContext,
  scope: AsyncDisposableStack,
  act: (broken: CheckContext) => Promise<void>,
): Promise<CheckContext> {
  const broken = await withBrokenDaemon(context, scope, {})
  const made = await startSidecar(broken)
  const { now, before } = context.values.get(signatures)
  const setup = context.target.connectors.restarting(sidecarSetup(context, made.port, 'first'), 'second')
  const there = broken.values
    .with(sidecar, made)
    .with(connectorDoor, { door: made.door, sharedToken: made.sharedToken, mayBeSet: false })
    .with(connectorSetup, setup)
    .with(signatures, { now, before: before === undefined ? undefined : { ...before, secret: made.secret } })
  const seen = await lookAtConnector(changed(broken, { values: there }), CONNECTOR, () => ROUTES_SLOT)
  const ready = changed(broken, { values: there.with(connectorBefore, seen) })
  await act(ready)
  return ready
}
