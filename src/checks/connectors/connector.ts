import { withProxy } from '../../daemon/break.ts'
import { changed, defineCheck, failed, type Json, passed, type SubjectCounterproof } from '../../model/check.ts'
import type { ConnectorView } from '../../model/connectors-api.ts'
import { Secret } from '../../model/secret.ts'
import {
  type ConnectorBefore,
  connectorBefore,
  connectorDoor,
  lookAtConnector,
} from '../../rotation/connectors/connector.ts'
import { newSecret } from '../../rotation/new-secret.ts'
import { whyNoKey } from '../../rotation/slots/key-rules.ts'
import { whyGuessable } from '../../rotation/tokens/token-rules.ts'

/** The connector is there, its secret lies in a slot, and it may still get leases: only then can it be rotated. */
export const connectorFound = defineCheck<ConnectorBefore>({
  id: 'connector-found',
  title: 'The connector is there, its secret lies in a slot that is there, and it is not revoked',

  probe: async ({ values }) => values.get(connectorBefore),

  judge({ name, view, slot, status, subject }) {
    if (view === undefined) return failed(`there is no connector ${name}; nothing was written`)
    if (slot === undefined)
      return failed(`the secret of ${name} lies in no slot: it is replaced where it is kept; nothing was written`)
    if (status === undefined || status.id !== slot) return failed(`there is no slot ${slot}; nothing was written`)
    if (status.provider !== 'generic')
      return failed(`the slot ${slot} is of ${status.provider}, and a connector takes generic ones`)
    if (subject?.revoked === true)
      return failed(`connector:${name} was revoked, for ever: give it another name; nothing was written`)
    return passed({ actual: { name, slot, ownProcess: view.ownProcess } })
  },

  counterproofs: [
    {
      id: 'no-connector',
      breaks: 'there is no such connector',
      because: /there is no connector/,
      observation: seen => ({ ...seen, view: undefined }),
    },
    {
      id: 'no-slot',
      breaks: 'its secret is given in another way than by a slot',
      because: /lies in no slot/,
      observation: seen => ({ ...seen, slot: undefined }),
    },
    {
      id: 'slot-missing',
      breaks: 'there is no such slot',
      because: /there is no slot/,
      observation: seen => ({ ...seen, status: undefined }),
    },
    {
      id: 'revoked-for-ever',
      breaks: 'the connector was revoked, and gets no lease any more',
      because: /for ever/,
      observation: seen => ({ ...seen, subject: { epoch: 1, revoked: true } }),
    },
  ],
})

interface Fits {
  readonly unfit: string | undefined
  /** Made here, where somebody else has to have it and gets it from nobody. */
  readonly nobodyKnows: boolean
}

/** The daemon hands it to its own process; a process that somebody runs elsewhere has to be given it. */
export const newTokenFits = defineCheck<Fits>({
  id: 'new-token-fits',
  title:
    'The new token is one word of enough characters, not the old one where that is known, and who needs it can have it',

  async probe({ values, params }) {
    const next = values.get(newSecret)
    const { view } = values.get(connectorBefore)
    return {
      unfit: whyNoKey(next, values.get(connectorDoor).sharedToken) ?? whyGuessable(next),
      nobodyKnows: next.generated && view?.ownProcess !== true && params['deliver-command'] === undefined,
    }
  },

  judge({ unfit, nobodyKnows }) {
    if (unfit !== undefined) return failed(`the new token is refused: ${unfit}; it was not set`)
    return nobodyKnows
      ? failed(
          'the new token was generated here, and the process runs elsewhere: hand it over by deliver-command=; it was not set',
        )
      : passed()
  },

  counterproofs: [
    {
      id: 'nobody-knows',
      breaks: 'the process runs elsewhere, and nobody gives it the token',
      because: /runs elsewhere/,
      observation: seen => ({ ...seen, nobodyKnows: true }),
    },
    {
      id: 'two-lines',
      breaks: 'the new token has a line break in it',
      because: /line break/,
      subject: async context =>
        changed(context, { values: context.values.with(newSecret, new Secret('new', 'two\nlines-of-a-file')) }),
    },
    {
      id: 'short',
      breaks: 'the new token is so short that it can be guessed',
      because: /it has 9 characters, at least 16 are wanted/,
      subject: async context =>
        changed(context, { values: context.values.with(newSecret, new Secret('new', 'guessable')) }),
    },
    {
      id: 'same-token',
      breaks: 'the new token is the old one',
      because: /it is to replace/,
      subject: async context =>
        changed(context, { values: context.values.with(newSecret, context.values.get(connectorDoor).sharedToken!) }),
    },
  ],
})

interface Kept {
  readonly before: ConnectorBefore
  readonly now: ConnectorBefore
  /** A variable that may be there now and was not before. */
  readonly marker: string | undefined
}

/** A rotation is no containment: the connector is as it was, and so is who it is. */
/** @param mayAdd - whether a variable may have been added that has the process started anew */
export function connectorKept(mayAdd = false, broken: readonly SubjectCounterproof[] = []) {
  return defineCheck<Kept>({
    id: 'connector-kept',
    title: 'The connector is still there with the same configuration, and is not revoked',

    async probe(context) {
      const before = context.values.get(connectorBefore)
      return {
        before,
        now: await lookAtConnector(context, before.name, () => before.slot),
        marker: mayAdd ? context.target.connectors.marker : undefined,
      }
    },

    judge({ before, now, marker }) {
      if (now.view === undefined) return failed(`the connector ${before.name} is gone`)
      if (now.subject?.revoked === true || now.subject?.epoch !== before.subject?.epoch)
        return failed('the connector was revoked, which is for ever', { actual: { ...now.subject } })
      const [was, is] = [shapeOf(before.view!, marker), shapeOf(now.view, marker)]
      return was === is
        ? passed({ actual: { name: before.name, epoch: now.subject?.epoch ?? null } })
        : failed('the connector has another configuration than before', { expected: was, actual: is })
    },

    counterproofs: [
      {
        id: 'connector-revoked',
        breaks: 'the connector was revoked as a subject',
        because: /for ever/,
        observation: ({ now, ...rest }) => ({ ...rest, now: { ...now, subject: { epoch: 1, revoked: true } } }),
      },
      {
        id: 'connector-changed',
        breaks: 'the connector listens elsewhere',
        because: /another configuration/,
        subject: (context, scope) =>
          withProxy(context, scope, {
            rewriteBody: (_, text) => text.replace('"base_url":"http://', '"base_url":"http://x'),
          }),
      },
      {
        id: 'connector-gone',
        breaks: 'there is no such connector any more',
        because: /is gone/,
        subject: (context, scope) => {
          const { name } = context.values.get(connectorBefore)
          return withProxy(context, scope, {
            answer: {
              status: 404,
              headers: { 'content-type': 'application/json' },
              body: '{}',
              paths: [context.target.connectors.paths.connector(name)],
            },
          })
        },
      },
      ...broken,
    ],
  })
}

/** The view without the variable that was added to have the process started anew; a list that held nothing else was not there. */
function shapeOf({ text }: ConnectorView, marker: string | undefined): string {
  return JSON.stringify(marker === undefined ? JSON.parse(text) : without(JSON.parse(text), marker))
}

function without(value: Json | undefined, name: string): Json | undefined {
  if (Array.isArray(value)) return value.filter(item => item !== name).map(item => without(item, name) ?? null)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([member, inner]) => [member, without(inner, name)] as const)
  return Object.fromEntries(members.filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0)))
}
