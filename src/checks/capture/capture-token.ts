import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { withBrokenDaemon, withProxy } from '../../daemon/break.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { daemon } from '../../daemon/subjects.ts'
import type { CaptureAgentView, CaptureLease } from '../../model/capture-agents.ts'
import { type CheckContext, changed, defineCheck, failed, type Json, passed } from '../../model/check.ts'
import {
  isLive,
  lookAtMachine,
  type MachineBefore,
  machineBefore,
  makeMachine,
  type OpenedBefore,
  oldAgentTokens,
  openedAfter,
  openedBefore,
  outDirOf,
  playAgent,
  rotated,
  rotateMachine,
} from '../../rotation/capture/capture-token.ts'
import { waitUntil, withinMsOf } from '../../rotation/wait-until.ts'
import { type Refusal, showAll, viewOf, wrongRefusal } from '../../suite/capture-agents.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

/** Of a token that never opened anything nothing could be proven afterwards. */
export const oldTokensOpen = defineCheck<OpenedBefore>({
  id: 'old-tokens-open',
  title: 'Every token that is to be replaced opens what it is meant for, before anything is replaced',
  probe: async context => context.values.get(openedBefore),

  judge({ heartbeat, uploads }) {
    if (heartbeat !== 200) return failed(`a heartbeat gave ${heartbeat}, expected 200`)
    const refused = uploads.find(status => status !== 200)
    return uploads.length === 0 || refused !== undefined
      ? failed(`an upload gave ${refused ?? 'nothing: none was tried'}`)
      : passed({ actual: { heartbeat, uploads: [...uploads] } })
  },

  counterproofs: [
    {
      id: 'no-upload',
      breaks: 'no upload was tried',
      because: /none was tried/,
      observation: observed => ({ ...observed, uploads: [] }),
    },
    {
      id: 'never-good',
      breaks: 'the heartbeat token is one that was never issued',
      because: /a heartbeat gave 401/,
      async subject(context) {
        const tokens = { ...context.values.get(oldAgentTokens), heartbeatToken: randomSecret('never-issued') }
        return changed(context, { values: context.values.with(openedBefore, await playAgent(context, tokens)) })
      },
    },
  ],
})

interface Place {
  readonly path: string
  readonly type: string
  /** Permission bits. */
  readonly mode: number
  readonly written: boolean
}

/** The new tokens are told once: where they go is found before they are issued. */
export const outDirFits = defineCheck<Place>({
  id: 'out-dir-fits',
  title: 'The directory for the new file is there, is private, and takes a file',

  async probe(context) {
    const { files } = context.tools
    const path = outDirOf(context)
    const facts = await files.facts(path)
    const place = { path, type: facts?.type ?? 'nothing', mode: facts?.mode ?? 0 }
    if (place.type !== 'directory' || (place.mode & 0o077) !== 0) return { ...place, written: false }
    const trial = join(path, `.runproof-${randomBytes(6).toString('hex')}`)
    try {
      await files.write(trial, 'a trial')
      return { ...place, written: true }
    } catch {
      return { ...place, written: false }
    } finally {
      await files.remove(trial)
    }
  },

  judge({ path, type, mode, written }) {
    if (type !== 'directory')
      return failed(`${path} is ${type === 'nothing' ? 'not there' : `a ${type}`}; nothing was replaced`)
    if ((mode & 0o077) !== 0)
      return failed(
        `others than its owner may look into ${path}: mode ${(mode & 0o777).toString(8)}; nothing was replaced`,
      )
    return written ? passed({ actual: { path } }) : failed(`${path} takes no file; nothing was replaced`)
  },

  counterproofs: [
    {
      id: 'not-there',
      breaks: 'there is no such directory',
      because: /is not there/,
      observation: observed => ({ ...observed, type: 'nothing' }),
    },
    {
      id: 'full',
      breaks: 'nothing can be written there',
      because: /takes no file/,
      observation: observed => ({ ...observed, written: false }),
    },
    {
      id: 'not-private',
      breaks: 'the file would go where everybody may look',
      because: /others than its owner/,
      subject: async context => changed(context, { params: { ...context.params, 'out-dir': '/tmp' } }),
    },
  ],
})

interface OldFile {
  readonly machineId: string
  readonly batchId: string
  readonly expected: { readonly machineId: string; readonly batchId: string }
  readonly sources: number
}

/** A file of another batch holds tokens that are dead already: that they are refused would prove nothing. */
export const oldFileFits = defineCheck<OldFile>({
  id: 'old-file-fits',
  title: 'old-file= is the file of that machine and of the batch that it has now',

  async probe({ values }) {
    const { machineId, batchId, sources } = values.get(oldAgentTokens)
    const before = values.get(machineBefore)
    return {
      machineId,
      batchId,
      sources: sources.length,
      expected: { machineId: before.machineId, batchId: before.batchId },
    }
  },

  judge({ machineId, batchId, expected, sources }) {
    if (machineId !== expected.machineId) return failed(`it is the file of ${machineId}; nothing was replaced`)
    if (batchId !== expected.batchId)
      return failed('it is of another batch, so its tokens are not those of now; nothing was replaced', {
        expected: expected.batchId,
        actual: batchId,
      })
    return sources > 0 ? passed({ actual: { batchId, sources } }) : failed('it has no source')
  },

  counterproofs: [
    {
      id: 'older',
      breaks: 'it is the file of the batch before',
      because: /another batch/,
      observation: observed => ({ ...observed, batchId: 'the-one-before' }),
    },
    {
      id: 'of-another',
      breaks: 'it is the file of another machine',
      because: /the file of another/,
      observation: observed => ({ ...observed, machineId: 'another' }),
    },
  ],
})

interface Leases {
  readonly before: MachineBefore
  readonly batchId: string
  readonly view: CaptureAgentView
}

/** Every old lease is closed and leads to a live one; and the machine is what it was otherwise. */
export const machineRotated = defineCheck<Leases>({
  id: 'machine-rotated',
  title:
    'Every old lease is revoked and leads to a live one of the same source, and the machine is as it was otherwise',

  async probe(context) {
    const before = context.values.get(machineBefore)
    const { batchId } = context.values.get(rotated)
    return { before, batchId, view: await viewOf(context, before.machineId) }
  },

  judge({ before, batchId, view }) {
    if (view.batchId !== batchId) return failed('the machine is of another batch than the new one')
    if (view.status !== 'active') return failed(`the machine is ${view.status} after its rotation`)
    if (before.live.length === 0) return failed('there was no live lease to replace')
    if (view.sourceIds.toSorted().join() !== before.sourceIds.toSorted().join())
      return failed('the machine has other sources than before', {
        expected: [...before.sourceIds],
        actual: [...view.sourceIds],
      })
    const settings = ({ osProfile, intervalMs, graceMs }: typeof before) => ({ osProfile, intervalMs, graceMs })
    const [expected, actual] = [settings(before), settings({ ...before, ...view })]
    if (JSON.stringify(expected) !== JSON.stringify(actual))
      return failed('the machine has other settings than before', { expected, actual })
    if (view.tokenVersion <= before.tokenVersion) return failed('the version of the heartbeat token did not rise')
    for (const { leaseId, sourceId, tokenVersion } of before.live) {
      const old = view.leases.find(lease => lease.leaseId === leaseId)
      if (old === undefined) return failed(`the old lease of ${sourceId} is not shown`)
      if (old.revokedAtMs === undefined) return failed(`the old lease of ${sourceId} is not revoked`)
      const fresh = successorOf(old, view.leases)
      if (fresh === undefined || fresh.sourceId !== sourceId)
        return failed(`the old lease of ${sourceId} does not lead to a live one`)
      if (fresh.tokenVersion <= tokenVersion) return failed(`the token version of ${sourceId} did not rise`)
    }
    return passed({ actual: { replaced: before.live.length, sources: [...view.sourceIds] } })
  },

  counterproofs: [
    {
      id: 'nothing-replaced',
      breaks: 'there was no lease',
      because: /no live lease/,
      observation: observed => ({ ...observed, before: { ...observed.before, live: [] } }),
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
      id: 'same-heartbeat-token',
      breaks: 'the heartbeat token has the version it had',
      because: /version of the heartbeat token/,
      observation: observed => ({
        ...observed,
        view: { ...observed.view, tokenVersion: observed.before.tokenVersion },
      }),
    },
    {
      id: 'slower',
      breaks: 'the machine may be silent for longer than before',
      because: /other settings/,
      observation: observed => ({ ...observed, view: { ...observed.view, graceMs: observed.before.graceMs + 1 } }),
    },
    {
      id: 'no-successor',
      breaks: 'the old leases do not say what replaced them',
      because: /does not lead to a live one/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_path, text) => text.replaceAll('"superseded_by"', '"replaced_by"'),
        }),
    },
    {
      id: 'by-defaults',
      breaks: 'another machine is provisioned again without a look at what it had',
      because: /other sources than before/,
      subject: context => rotatedOther(context, { sources: { screen: true } }),
    },
  ],
})

/** A rotation that broke off and was run again leaves a batch in between. */
function successorOf(old: CaptureLease, leases: readonly CaptureLease[]): CaptureLease | undefined {
  let lease: CaptureLease | undefined = old
  for (let step = 0; lease !== undefined && step < leases.length; step += 1) {
    if (isLive(lease)) return lease
    const { supersededBy }: CaptureLease = lease
    lease = leases.find(one => one.leaseId === supersededBy)
  }
  return lease !== undefined && isLive(lease) ? lease : undefined
}

/** Another machine of the rehearsal, rotated in a way of its own, stands in for the one under test. */
async function rotatedOther(context: CheckContext, also: Readonly<Record<string, Json>>): Promise<CheckContext> {
  const tokens = await makeMachine(context, `runproof-other-${randomBytes(4).toString('hex')}`)
  const before = await lookAtMachine(context, tokens.machineId)
  const agentUrl = context.values.get(daemon).instance.place.baseUrl
  const outDir = outDirOf(context)
  const made = await rotateMachine(context, before, { outDir, agentUrl, also })
  await context.tools.files.remove(made.file)
  const values = context.values.with(machineBefore, before).with(rotated, made)
  return changed(context, { values: values.with(oldAgentTokens, tokens) })
}

interface Refused {
  readonly refusals: readonly Refusal[]
  /** One for the heartbeat, and one for each source. */
  readonly expected: number
}

/** What a new batch replaced opens nothing any more, from that moment on. */
export const oldAgentRefused = defineCheck<Refused>({
  id: 'old-agent-tokens-refused',
  title: 'The old heartbeat token and every old upload token are refused with 401, at once and in the same words',
  untested: ({ values }) =>
    values.find(oldAgentTokens) === undefined
      ? 'the old tokens are known to the machine alone: old-file= is the file that it has now'
      : undefined,

  async probe(context) {
    const tokens = context.values.get(oldAgentTokens)
    return { refusals: await showAll(context, tokens), expected: tokens.sources.length + 1 }
  },

  judge({ refusals, expected }) {
    const wrong = wrongRefusal(refusals)
    if (wrong !== undefined) return failed(wrong)
    return refusals.length === expected && expected > 1
      ? passed({ expected: 401, actual: refusals.map(({ what }) => what) })
      : failed(`${refusals.length} old tokens were shown, there are ${expected}`)
  },

  counterproofs: [
    {
      id: 'one-forgotten',
      breaks: 'one of the old tokens was not shown',
      because: /old tokens were shown/,
      observation: observed => ({ ...observed, refusals: observed.refusals.slice(1) }),
    },
    {
      id: 'limited',
      breaks: 'a refusal is the limiter speaking',
      because: /the limiter spoke/,
      observation: observed => ({ ...observed, refusals: observed.refusals.map(one => ({ ...one, status: 429 })) }),
    },
    {
      id: 'still-taken',
      breaks: 'a daemon goes on taking the tokens that a new batch replaced',
      because: /a heartbeat gave 200/,
      unavailable: withoutFaults,
      cost: { instances: 1 },
      async subject(context, scope) {
        const other = await withBrokenDaemon(context, scope, { extras: { faults: ['old-capture-token-accepted'] } })
        await other.tools.files.makeDirectory(outDirOf(other))
        return rotatedOther(other, {})
      },
    },
  ],
})

interface Resumed {
  /** What the tokens in the new file opened; undefined where the machine is not the rehearsal’s own. */
  readonly opened: OpenedBefore | undefined
  readonly heartbeat: CaptureAgentView['heartbeat']
  readonly lastHeartbeatAtMs: number | undefined
  readonly issuedAtMs: number
}

/** The machine is heard again: with a new token, where the old ones are refused, which is a check of its own. */
export const agentResumes = defineCheck<Resumed>({
  id: 'agent-resumes',
  title: 'The machine has reported since the rotation, and is healthy',

  async probe(context) {
    const { machineId } = context.values.get(machineBefore)
    const { issuedAtMs } = context.values.get(rotated)
    const own = context.values.get(daemon).reached === 'isolated'
    const isBack = ({ lastHeartbeatAtMs }: CaptureAgentView) => (lastHeartbeatAtMs ?? 0) > issuedAtMs
    const view = await waitUntil(context, own ? 0 : withinMsOf(context), () => viewOf(context, machineId), isBack)
    const { heartbeat, lastHeartbeatAtMs } = view
    return { opened: context.values.find(openedAfter), heartbeat, lastHeartbeatAtMs, issuedAtMs }
  },

  judge({ opened, heartbeat, lastHeartbeatAtMs, issuedAtMs }) {
    if (opened !== undefined) {
      const refused = [opened.heartbeat, ...opened.uploads].find(status => status !== 200)
      if (refused !== undefined || opened.uploads.length === 0)
        return failed(`with what it was brought the machine gets ${refused ?? 'nothing: it has no source'}`)
    }
    if (lastHeartbeatAtMs === undefined || lastHeartbeatAtMs <= issuedAtMs)
      return failed('the machine has not reported since the rotation', { actual: lastHeartbeatAtMs ?? null })
    return heartbeat === 'healthy'
      ? passed({ actual: { heartbeat, afterMs: lastHeartbeatAtMs - issuedAtMs } })
      : failed(`the machine has reported, and is ${heartbeat}`)
  },

  counterproofs: [
    {
      id: 'silent',
      breaks: 'the last heartbeat is from before the rotation',
      because: /has not reported/,
      observation: observed => ({ ...observed, lastHeartbeatAtMs: observed.issuedAtMs - 1 }),
    },
    {
      id: 'missing',
      breaks: 'it is missing again',
      because: /and is missing/,
      observation: observed => ({ ...observed, heartbeat: 'missing' }),
    },
    {
      id: 'file-not-brought',
      breaks: 'another machine is rotated, and goes on with the file it had',
      because: /the machine gets 401/,
      async subject(context) {
        const other = await rotatedOther(context, {})
        const opened = await playAgent(other, other.values.get(oldAgentTokens))
        return changed(other, { values: other.values.with(openedAfter, opened) })
      },
    },
  ],
})
