import { createHash } from 'node:crypto'
import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import type { CaptureAgentView } from '../../model/capture-agents.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import { ask } from '../../suite/ask.ts'
import {
  beat,
  type Enrolment,
  enrol,
  enrolled,
  enrolledAgain,
  enrolledLate,
  freshKey,
  MACHINE,
  PATIENT,
  type Refusal,
  showAll,
  tokensOf,
  upload,
  viewOf,
  wrongRefusal,
} from '../../suite/capture-agents.ts'
import { withoutFaults } from '../daemon/without-faults.ts'
import { withMember } from './capture-views.ts'

/** What a new batch replaced opens nothing any more, from that moment on. */
export const captureOldRefused = defineCheck<readonly Refusal[]>({
  id: 'capture-old-tokens',
  title: 'After a new batch the old heartbeat token and every old upload token are refused with 401',
  probe: context => showAll(context, context.values.get(enrolled)),

  judge(refusals) {
    const wrong = wrongRefusal(refusals)
    if (wrong !== undefined) return failed(wrong)
    return refusals.length >= 3
      ? passed({ expected: 401, actual: refusals.map(({ what }) => what) })
      : failed(`only ${refusals.length} old tokens were shown, there are at least three`)
  },

  counterproofs: [
    {
      id: 'one-forgotten',
      breaks: 'one of the old tokens was not shown',
      because: /only 2 old tokens/,
      observation: observed => observed.slice(1),
    },
    {
      id: 'limited',
      breaks: 'a refusal is the limiter speaking',
      because: /the limiter spoke/,
      observation: ([first, ...rest]) => [{ ...first!, status: 429 }, ...rest],
    },
    {
      id: 'old-upload-accepted',
      breaks: 'an old upload token opens what the new one does',
      because: /an upload to .* gave 200/,
      subject: (context, scope) => {
        const [old, fresh] = [enrolled, enrolledAgain].map(one => context.values.get(one).sources[0]!.uploadToken)
        return withProxy(context, scope, { swapBearer: { from: old!, to: fresh! } })
      },
    },
    {
      id: 'old-tokens-accepted',
      breaks: 'a daemon goes on taking the tokens that a new batch replaced',
      because: /a heartbeat gave 200/,
      unavailable: withoutFaults,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const other = await withBrokenDaemon(context, scope, { extras: { faults: ['old-capture-token-accepted'] } })
        const old = await enrol(other, MACHINE, PATIENT)
        await enrol(other, MACHINE, PATIENT)
        return changed(other, { values: other.values.with(enrolled, old) })
      },
    },
  ],
})

interface Leases {
  readonly view: CaptureAgentView
  readonly batchId: string
  readonly pairs: readonly { readonly sourceId: string; readonly oldId: string; readonly newId: string }[]
}

/** Every old lease is closed and says what replaced it; the new ones are live. */
export const captureSuperseded = defineCheck<Leases>({
  id: 'capture-leases',
  title: 'Every old lease is revoked and names the one that replaced it, and that one is live',

  async probe(context) {
    const [old, fresh] = [context.values.get(enrolled), context.values.get(enrolledAgain)]
    return {
      view: await viewOf(context, fresh.machineId),
      batchId: fresh.batchId,
      pairs: old.sources.map(({ sourceId, leaseId }) => ({
        sourceId,
        oldId: leaseId,
        newId: fresh.sources.find(source => source.sourceId === sourceId)?.leaseId ?? '',
      })),
    }
  },

  judge({ view, batchId, pairs }) {
    if (view.batchId !== batchId) return failed('the machine is not of the new batch')
    if (view.status !== 'active') return failed(`the machine is ${view.status} after its rotation`)
    if (pairs.length === 0) return failed('there was no lease to replace')
    for (const { sourceId, oldId, newId } of pairs) {
      const [old, fresh] = [oldId, newId].map(id => view.leases.find(lease => lease.leaseId === id))
      if (old === undefined || fresh === undefined) return failed(`a lease of ${sourceId} is not shown`)
      if (oldId === newId) return failed(`the lease of ${sourceId} is the old one`)
      if (old.revokedAtMs === undefined) return failed(`the old lease of ${sourceId} is not revoked`)
      if (old.supersededBy !== newId) return failed(`the old lease of ${sourceId} does not name its successor`)
      if (fresh.revokedAtMs !== undefined || fresh.supersededBy !== undefined)
        return failed(`the new lease of ${sourceId} is not live`)
      if (fresh.tokenVersion <= old.tokenVersion) return failed(`the token version of ${sourceId} did not rise`)
    }
    return passed({ actual: { replaced: pairs.length } })
  },

  counterproofs: [
    {
      id: 'nothing-replaced',
      breaks: 'there was no lease',
      because: /no lease to replace/,
      observation: observed => ({ ...observed, pairs: [] }),
    },
    {
      id: 'still-live',
      breaks: 'the old leases are not revoked',
      because: /is not revoked/,
      observation: observed => ({
        ...observed,
        view: { ...observed.view, leases: observed.view.leases.map(lease => ({ ...lease, revokedAtMs: undefined })) },
      }),
    },
    {
      id: 'same-version',
      breaks: 'the new token has the version of the old one',
      because: /did not rise/,
      observation: observed => ({
        ...observed,
        view: { ...observed.view, leases: observed.view.leases.map(lease => ({ ...lease, tokenVersion: 1 })) },
      }),
    },
    {
      id: 'no-successor',
      breaks: 'the old leases do not say what replaced them',
      because: /does not name its successor/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll('"superseded_by"', '"replaced_by"'),
        }),
    },
  ],
})

interface Resumed {
  readonly beat: number
  readonly uploads: readonly number[]
  readonly heartbeat: CaptureAgentView['heartbeat']
}

/** The machine goes on with what it was given. */
export const captureResumes = defineCheck<Resumed>({
  id: 'capture-resumes',
  title: 'With the new tokens heartbeats resume and every source uploads again',

  async probe(context) {
    const fresh = context.values.get(enrolledAgain)
    const sent = await beat(context, fresh, fresh.heartbeatToken)
    const uploads: number[] = []
    for (const { sourceId, uploadToken } of fresh.sources)
      uploads.push((await upload(context, sourceId, uploadToken, freshKey())).status)
    return { beat: sent.status, uploads, heartbeat: (await viewOf(context, fresh.machineId)).heartbeat }
  },

  judge({ beat: status, uploads, heartbeat }) {
    if (status !== 200) return failed(`a heartbeat with the new token gave ${status}`)
    const refused = uploads.find(one => one !== 200)
    if (uploads.length === 0 || refused !== undefined)
      return failed(`an upload with a new token gave ${refused ?? 'nothing: none was tried'}`)
    return heartbeat === 'healthy'
      ? passed({ actual: { heartbeat, uploads: uploads.length } })
      : failed(`after its heartbeat the machine is ${heartbeat}`)
  },

  counterproofs: [
    {
      id: 'still-pending',
      breaks: 'the machine stays pending',
      because: /the machine is pending/,
      observation: observed => ({ ...observed, heartbeat: 'pending' }),
    },
    {
      id: 'no-upload',
      breaks: 'no upload was tried',
      because: /none was tried/,
      observation: observed => ({ ...observed, uploads: [] }),
    },
    {
      id: 'old-token-kept',
      breaks: 'the machine goes on with its old heartbeat token',
      because: /with the new token gave 401/,
      subject: (context, scope) => {
        const [old, fresh] = [enrolled, enrolledAgain].map(one => context.values.get(one).heartbeatToken)
        return withProxy(context, scope, { swapBearer: { from: fresh!, to: old! } })
      },
    },
  ],
})

interface Hidden {
  readonly tokens: number
  readonly views: readonly { readonly path: string; readonly names: boolean; readonly holds: readonly string[] }[]
}

/** No token that was ever issued, and no digest of one, stands in anything an operator is shown. */
export const captureTokensHidden = defineCheck<Hidden>({
  id: 'capture-tokens-hidden',
  title: 'No issued token and no digest of one stands in any view of agents, alerts or uploads',

  async probe(context) {
    const { paths } = context.target.captureAgents
    const machines = [enrolled, enrolledAgain, enrolledLate].map(one => context.values.get(one))
    const needles = machines.flatMap(tokensOf).flatMap((token, index) => formsOf(token.reveal(), index))
    const asked = [paths.agents, ...machines.map(one => paths.agent(one.machineId)), paths.alerts, paths.uploadAudit]
    const views = []
    for (const path of new Set(asked)) {
      const { status, text } = await ask(context, path)
      const holds = needles.filter(({ text: needle }) => text.includes(needle)).map(({ what }) => what)
      views.push({ path, names: status === 200 && text.includes(MACHINE), holds })
    }
    return { tokens: machines.flatMap(tokensOf).length, views }
  },

  judge({ tokens, views }) {
    if (tokens === 0) return failed('no token was looked for')
    const alerts = views.filter(({ names }) => !names)
    if (views.length - alerts.length < 4) return failed('a view says nothing of the machine', { actual: views.length })
    const found = views.find(({ holds }) => holds.length > 0)
    return found === undefined
      ? passed({ actual: { tokens, views: views.length } })
      : failed(`${found.path} shows ${found.holds[0]}`)
  },

  counterproofs: [
    {
      id: 'nothing-looked-for',
      breaks: 'no token was looked for',
      because: /no token was looked for/,
      observation: observed => ({ ...observed, tokens: 0 }),
    },
    {
      id: 'empty-views',
      breaks: 'the views say nothing of the machine',
      because: /says nothing/,
      observation: observed => ({ ...observed, views: observed.views.map(view => ({ ...view, names: false })) }),
    },
    ...(['hex', 'base64url'] as const).map(encoding => ({
      id: `digest-in-${encoding}`,
      breaks: `the list of agents shows the digest of a replaced token in ${encoding}`,
      because: /shows the digest of token 1 /,
      subject: (context: Parameters<typeof withProxy>[0], scope: AsyncDisposableStack) => {
        const { agents } = context.target.captureAgents.paths
        const shown = digest(tokenOf(context.values.get(enrolled)), encoding)
        return withProxy(context, scope, {
          rewriteBody: (path, text) => (path === agents ? withMember(text, shown) : text),
        })
      },
    })),
    {
      id: 'token-shown',
      breaks: 'the audit of uploads shows an upload token',
      because: /audit shows token 1/,
      subject: (context, scope) => {
        const { uploadAudit } = context.target.captureAgents.paths
        const shown = tokenOf(context.values.get(enrolled))
        return withProxy(context, scope, {
          rewriteBody: (path, text) => (path === uploadAudit ? withMember(text, shown) : text),
        })
      },
    },
  ],
})

const digest = (value: string, encoding: 'hex' | 'base64' | 'base64url') =>
  createHash('sha256').update(value).digest(encoding)

const tokenOf = (enrolment: Enrolment) => enrolment.sources[0]!.uploadToken.reveal()

/** What would give the token away, each under a name that can be shown. */
function formsOf(value: string, index: number): readonly { readonly what: string; readonly text: string }[] {
  const encodings = ['hex', 'base64', 'base64url'] as const
  return [
    { what: `token ${index}`, text: value },
    ...encodings.map(encoding => ({
      what: `the digest of token ${index} in ${encoding}`,
      text: digest(value, encoding),
    })),
  ]
}
