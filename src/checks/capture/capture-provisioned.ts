import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { daemon, isolated } from '../../daemon/subjects.ts'
import type { CaptureAgentView } from '../../model/capture-agents.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import type { Secret } from '../../model/secret.ts'
import { ask } from '../../suite/ask.ts'
import {
  beat,
  type Enrolment,
  enrol,
  enrolled,
  enrolledLate,
  freshKey,
  LATE_MACHINE,
  MACHINE,
  PATIENT,
  protectTokens,
  type Refusal,
  refusalOf,
  tokensOf,
  upload,
  viewOf,
  wrongRefusal,
} from '../../suite/capture-agents.ts'

/** The daemon may take a moment between two readings of its clock. */
const CLOCK_SLACK_MS = 1_000

interface Provisioned {
  readonly view: CaptureAgentView
  readonly told: Pick<Enrolment, 'batchId' | 'deadlineMs' | 'intervalMs' | 'graceMs' | 'expiresAtMs'> & {
    readonly sources: readonly { readonly sourceId: string; readonly leaseId: string; readonly expiresAtMs: number }[]
  }
  readonly tokens: { readonly given: number; readonly different: number; readonly wellFormed: number }
  readonly configComplete: boolean
}

/** A provisioned machine has a lease and a token for each source, a heartbeat token, and a first deadline. */
export const captureProvisioned = defineCheck<Provisioned>({
  id: 'capture-provisioned',
  title: 'A provisioned machine has a live lease and a token of its own for every source, and a first deadline',

  async probe(context) {
    const enrolment = context.values.get(enrolled)
    const { heartbeatToken: _token, sources, configComplete, ...told } = enrolment
    const values = tokensOf(enrolment).map(token => token.reveal())
    const whole = new RegExp(`^(?:${context.target.captureAgents.token.source})$`)
    return {
      view: await viewOf(context, enrolment.machineId),
      told: {
        ...told,
        sources: sources.map(({ sourceId, leaseId, expiresAtMs }) => ({ sourceId, leaseId, expiresAtMs })),
      },
      tokens: {
        given: values.length,
        different: new Set(values).size,
        wellFormed: values.filter(value => whole.test(value)).length,
      },
      configComplete,
    }
  },

  judge({ view, told, tokens, configComplete }) {
    if (view.status !== 'active' || view.heartbeat !== 'pending')
      return failed(`the machine is ${view.status} and ${view.heartbeat}, not active and pending`)
    if (view.batchId !== told.batchId) return failed('the machine is of another batch')
    if (told.sources.length < 2) return failed(`it has ${told.sources.length} sources, two were asked for`)
    const ids = told.sources.map(source => source.sourceId)
    if (ids.join() !== view.sourceIds.join())
      return failed('it has other sources than it was told', { expected: ids, actual: [...view.sourceIds] })
    for (const { sourceId, leaseId, expiresAtMs } of told.sources) {
      const lease = view.leases.find(one => one.leaseId === leaseId)
      if (lease === undefined) return failed(`the lease of ${sourceId} is not shown`)
      const live = lease.revokedAtMs === undefined && lease.supersededBy === undefined
      if (!live || lease.sourceId !== sourceId) return failed(`the lease of ${sourceId} is not a live one of its own`)
      if (lease.expiresAtMs !== expiresAtMs || expiresAtMs <= lease.issuedAtMs)
        return failed(`the lease of ${sourceId} ends at another instant than it was told`)
      const late = view.deadlineMs - lease.issuedAtMs - told.intervalMs - told.graceMs
      if (Math.abs(late) > CLOCK_SLACK_MS)
        return failed('the first deadline is not one interval and the grace after issue', { actual: late })
    }
    if (view.deadlineMs !== told.deadlineMs) return failed('the deadline is another one than it was told')
    if (tokens.different !== tokens.given || tokens.given !== told.sources.length + 1)
      return failed('tokens are missing or used twice', { actual: tokens })
    if (tokens.wellFormed !== tokens.given) return failed('a token has another form', { actual: tokens })
    if (!configComplete) return failed('the configuration file lacks a token')
    return passed({ actual: { sources: ids, ...tokens } })
  },

  counterproofs: [
    {
      id: 'token-twice',
      breaks: 'two sources share a token',
      because: /used twice/,
      observation: observed => ({ ...observed, tokens: { ...observed.tokens, different: observed.tokens.given - 1 } }),
    },
    {
      id: 'config-incomplete',
      breaks: 'the configuration file lacks a token',
      because: /lacks a token/,
      observation: observed => ({ ...observed, configComplete: false }),
    },
    {
      id: 'deadline-later',
      breaks: 'the first deadline lies a minute later',
      because: /not one interval/,
      observation: observed => ({
        ...observed,
        view: { ...observed.view, deadlineMs: observed.view.deadlineMs + 60_000 },
      }),
    },
    {
      id: 'other-lease',
      breaks: 'another lease is shown in the place of the one it was told',
      because: /is not shown/,
      subject: (context, scope) => {
        const { sources } = context.values.get(enrolled)
        return withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll(sources[0]!.leaseId, `${sources[0]!.leaseId}x`),
        })
      },
    },
  ],
})

/** Each token opens one door only, and every refusal reads the same. */
export const captureTokenKinds = defineCheck<readonly Refusal[]>({
  id: 'capture-token-kinds',
  title:
    'An upload token sends no heartbeat, a heartbeat token no upload, and neither another machine’s nor the operator’s opens them',

  async probe(context) {
    const [agent, stranger] = [context.values.get(enrolled), context.values.get(enrolledLate)]
    const { adminToken } = context.values.get(daemon)
    const [{ sourceId, uploadToken }, other] = agent.sources as [Enrolment['sources'][0], Enrolment['sources'][0]]
    const uploads = async (what: string, bearer: typeof uploadToken) =>
      refusalOf(context, what, await upload(context, sourceId, bearer, freshKey()))
    return [
      refusalOf(context, 'a heartbeat with an upload token', await beat(context, agent, uploadToken)),
      refusalOf(context, 'a heartbeat with the admin token', await beat(context, agent, adminToken!)),
      refusalOf(
        context,
        'a heartbeat with that of another machine',
        await beat(context, agent, stranger.heartbeatToken),
      ),
      await uploads('an upload with the heartbeat token', agent.heartbeatToken),
      await uploads('an upload with the token of another source', other.uploadToken),
      await uploads('an upload with the token of another machine', stranger.sources[0]!.uploadToken),
    ]
  },

  judge(refusals) {
    const wrong = wrongRefusal(refusals)
    return wrong === undefined ? passed({ actual: refusals.map(({ what }) => what) }) : failed(wrong)
  },

  counterproofs: [
    {
      id: 'nothing-tried',
      breaks: 'nothing was tried',
      because: /nothing was tried/,
      observation: () => [],
    },
    {
      id: 'limited',
      breaks: 'a refusal is the limiter speaking',
      because: /the limiter spoke/,
      observation: observed => observed.map(one => ({ ...one, status: 429 })),
    },
    {
      id: 'telling',
      breaks: 'one refusal says more than the others',
      because: /in other words/,
      observation: ([first, ...rest]) => [...rest, { ...first!, said: 'that is a token of another kind' }],
    },
    {
      id: 'any-machine',
      breaks: 'the heartbeat token of another machine is taken for its own',
      because: /a heartbeat with that of another machine gave 200/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const other = await withBrokenDaemon(context, scope, {})
        const [agent, stranger] = [await enrol(other, MACHINE, PATIENT), await enrol(other, LATE_MACHINE, PATIENT)]
        const swapped = await withProxy(other, scope, {
          swapBearer: { from: stranger.heartbeatToken, to: agent.heartbeatToken },
        })
        const values = swapped.values.with(enrolled, agent)
        return changed(swapped, { values: values.with(enrolledLate, stranger) })
      },
    },
    {
      // The other way round the machine would get its first heartbeat.
      id: 'one-for-all',
      breaks: 'the heartbeat token is taken for an upload token',
      because: /an upload with the heartbeat token gave 200/,
      subject: (context, scope) => {
        const { sources, heartbeatToken } = context.values.get(enrolled)
        return withProxy(context, scope, { swapBearer: { from: heartbeatToken, to: sources[0]!.uploadToken } })
      },
    },
  ],
})

interface Refused {
  readonly sameBatch: number
  readonly nobody: number
  /** Undefined where no token is known to be a weaker one. */
  readonly readonly: number | undefined
}

/** Tokens are issued once for a batch, and by an administrator. */
export const captureBatchOnce = defineCheck<Refused>({
  id: 'capture-batch-once',
  title: 'A batch is provisioned once, and by an administrator only',

  async probe(context) {
    const enrolment = context.values.get(enrolled)
    const { reached, readonlyToken } = context.values.get(daemon)
    const again = (bearer?: Secret | 'none') => provisionAgain(context, enrolment, bearer)
    return {
      sameBatch: await again(),
      nobody: await again('none'),
      // On a running daemon either file may hold an admin token.
      readonly: reached === 'isolated' ? await again(readonlyToken) : undefined,
    }
  },

  judge({ sameBatch, nobody, readonly }) {
    if (sameBatch !== 409) return failed(`the same batch a second time gave ${sameBatch}, expected 409`)
    if (nobody !== 401) return failed(`provisioning without a token gave ${nobody}, expected 401`)
    if (readonly !== undefined && readonly !== 403)
      return failed(`provisioning with the read-only token gave ${readonly}, expected 403`)
    return passed({ actual: { sameBatch, nobody, readonly } })
  },

  counterproofs: [
    {
      id: 'batch-twice',
      breaks: 'the same batch is provisioned a second time',
      because: /a second time gave 200/,
      observation: observed => ({ ...observed, sameBatch: 200 }),
    },
    {
      id: 'nobody-asked',
      breaks: 'nobody asks for a token',
      because: /without a token gave 409/,
      observation: observed => ({ ...observed, nobody: 409 }),
    },
    {
      id: 'readonly-provisions',
      breaks: 'the read-only token may provision',
      because: /read-only token gave 409/,
      subject: (context, scope) => {
        const { readonlyToken, adminToken } = context.values.get(isolated)
        return withProxy(context, scope, { swapBearer: { from: readonlyToken, to: adminToken } })
      },
    },
  ],
})

async function provisionAgain(
  context: CheckContext,
  { batchId, machineId, intervalMs, graceMs }: Enrolment,
  bearer?: Secret | 'none',
): Promise<number> {
  const { paths, provision } = context.target.captureAgents
  const { instance } = context.values.get(daemon)
  const body = provision({ batchId, machineId, intervalMs, graceMs, daemonBaseUrl: instance.place.baseUrl })
  const answer = await ask(context, paths.provisions, { body, ...(bearer === undefined ? {} : { bearer }) })
  protectTokens(context, answer.text)
  return answer.status
}
