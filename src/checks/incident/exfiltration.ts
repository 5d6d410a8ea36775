import { join } from 'node:path'
import { withDaemon, withProxy } from '../../daemon/break.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { startBroken } from '../../daemon/start-isolated.ts'
import { isolated } from '../../daemon/subjects.ts'
import { deployment } from '../../drill/backup-subjects.ts'
import { withDamagedTree } from '../../drill/break.ts'
import { baseline, source } from '../../drill/subjects.ts'
import { preserved, stolenTree } from '../../incident/stolen-state/preserve.ts'
import { replacedTokens } from '../../incident/stolen-state/replace-tokens.ts'
import {
  MASTER_KEY_STAYS,
  type Rotated,
  readRestored,
  rotatedSlots,
  servedSlots,
} from '../../incident/stolen-state/rotate-restored.ts'
import { MOST_LEASES, openStore, theft } from '../../incident/stolen-state/stolen-state.ts'
import { type CheckContext, changed, defineCheck, failed, type Judgement, passed } from '../../model/check.ts'
import type { SlotView } from '../../model/target.ts'

interface StolenOpened {
  readonly withKey: boolean
  readonly withoutKey: boolean
  readonly slots: readonly string[]
}

/** Why everything has to be rotated: a copy and its key are all that it takes. */
export const stolenOpens = defineCheck<StolenOpened>({
  id: 'stolen-opens',
  title: 'The stolen copy opens with the stolen master key, and not without it',

  async probe(context) {
    const { copy } = context.values.get(theft)
    const { binary, masterKeyFile } = context.values.get(source)
    const { scratchDir } = context.values.get(deployment)
    const opened = (key: string | undefined) =>
      openStore(context, copy, binary, key, join(scratchDir, `thief-${crypto.randomUUID()}`))
    const { opens, slots } = await opened(masterKeyFile)
    return { withKey: opens, withoutKey: (await opened(undefined)).opens, slots: slots.map(({ id }) => id) }
  },

  judge({ withKey, withoutKey, slots }) {
    if (withoutKey) return failed('the copy opens without a key: the slots are not encrypted at all')
    if (!withKey) return failed('the copy does not open with the key that was stolen with it')
    return slots.length === 0
      ? failed('there was nothing in it to be stolen')
      : passed({ actual: { slots: [...slots] } })
  },

  counterproofs: [
    {
      id: 'empty',
      breaks: 'the stolen store holds no slot',
      because: /nothing in it/,
      observation: seen => ({ ...seen, slots: [] }),
    },
    {
      id: 'in-clear',
      breaks: 'the store lies there in clear',
      because: /not encrypted at all/,
      observation: seen => ({ ...seen, withoutKey: true }),
    },
    {
      id: 'other-key',
      breaks: 'the thief has another key',
      because: /does not open with the key/,
      subject: async (context, scope) => {
        const { files } = context.tools
        const masterKeyFile = join(context.values.get(deployment).scratchDir, 'other-key')
        scope.defer(() => files.remove(masterKeyFile))
        await files.write(masterKeyFile, randomSecret('other-key').reveal().slice(0, 32))
        const subject = context.values.get(source)
        return changed(context, { values: context.values.with(source, { ...subject, masterKeyFile }) })
      },
    },
  ],
})

interface Kept {
  readonly listed: number
  readonly there: number
  readonly differing: readonly string[]
}

/** The list of files is the state root as it lies there: what an investigation is held against later. */
export const stolenListed = defineCheck<Kept>({
  id: 'stolen-listed',
  title: 'Every file of the stolen state root is listed with its digest, and has it',

  async probe(context) {
    const { stateRoot } = context.values.get(preserved)
    const tree = context.values.get(stolenTree)
    const now = await context.tools.archives.describeTree(stateRoot, context.signal)
    const digests = new Map(now.entries.map(one => [one.path, one.sha256]))
    return {
      listed: tree.entries.length,
      there: now.entries.length,
      differing: tree.entries.filter(one => digests.get(one.path) !== one.sha256).map(({ path }) => path),
    }
  },

  judge({ listed, there, differing }) {
    if (listed === 0) return failed('nothing is listed')
    if (differing.length > 0)
      return failed(`${differing.length} files are other than listed: somebody still writes to it`, {
        actual: differing.slice(0, 20),
      })
    return listed === there
      ? passed({ actual: { files: listed } })
      : failed(`${there} files are there, ${listed} are listed`)
  },

  counterproofs: [
    {
      id: 'one-more',
      breaks: 'a file is there that is not listed',
      because: /are there/,
      observation: seen => ({ ...seen, there: seen.there + 1 }),
    },
    {
      id: 'one-changed',
      breaks: 'the audit key is another one in a copy of the state root',
      because: /other than listed/,
      subject: async (context, scope) => {
        const { archives, files } = context.tools
        const kept = context.values.get(preserved)
        const copy = join(context.values.get(deployment).scratchDir, 'stolen-changed')
        scope.defer(() => files.remove(copy))
        await archives.linkedCopy(kept.stateRoot, copy)
        await archives.replaceFile(copy, context.target.layout.auditKeyFile, Buffer.from('another key\n'))
        return changed(context, { values: context.values.with(preserved, { ...kept, stateRoot: copy }) })
      },
    },
  ],
})

/** A backup from during the incident may hold what the thief left behind. */
export const backupBefore = (sinceOf: (context: CheckContext) => number) =>
  defineCheck<{ readonly takenAtMs: number | undefined; readonly sinceMs: number }>({
    id: 'backup-before',
    title: 'The backup is older than the incident',
    untested: ({ values }) =>
      values.find(baseline) === undefined ? 'no facts= say when the backup was taken' : undefined,

    async probe(context) {
      const facts = context.values.find(baseline)
      return { takenAtMs: facts && Date.parse(facts.takenAt), sinceMs: sinceOf(context) }
    },

    judge({ takenAtMs, sinceMs }) {
      const actual = takenAtMs === undefined ? null : new Date(takenAtMs).toISOString()
      if (takenAtMs === undefined) return failed('nothing says when the backup was taken')
      return takenAtMs < sinceMs
        ? passed({ expected: `before ${new Date(sinceMs).toISOString()}`, actual })
        : failed('the backup was taken during the incident', { actual })
    },

    counterproofs: [
      {
        id: 'too-young',
        breaks: 'the backup was taken when the incident began',
        because: /during the incident/,
        observation: seen => ({ ...seen, takenAtMs: seen.sinceMs }),
      },
    ],
  })

interface Slots {
  readonly rotated: Pick<Rotated, 'sinceMs' | 'slots'>
  readonly now: readonly SlotView[]
}

/** Every slot that the backup brought back is newer than the incident, read from the restored tree without a daemon. */
export const everySlotNewer = defineCheck<Slots>({
  id: 'every-slot-newer',
  title: 'Every credential that the backup brought back was replaced since the incident',

  probe: async context => ({
    rotated: context.values.get(rotatedSlots),
    now: (await readRestored(context)).slots,
  }),

  judge: judgeSlots,

  counterproofs: [
    {
      id: 'none-restored',
      breaks: 'the backup held no slot at all',
      because: /no slot/,
      observation: seen => ({ ...seen, now: [], rotated: { ...seen.rotated, slots: [] } }),
    },
    {
      id: 'one-lost',
      breaks: 'a slot is gone instead of replaced',
      because: /is gone/,
      observation: seen => ({ ...seen, now: seen.now.slice(1) }),
    },
    {
      id: 'set-by-others',
      breaks: 'the slots are newer than the incident, and have the time that they were restored with',
      because: /is as it was restored/,
      observation: ({ now, rotated }) => ({
        now: now.map(one => ({ ...one, updatedAtMs: rotated.sinceMs + 1 })),
        rotated: {
          ...rotated,
          slots: rotated.slots.map(one => ({ ...one, restoredAtMs: rotated.sinceMs + 1 })),
        },
      }),
    },
    {
      id: 'one-left',
      breaks: 'one slot is left as it was restored, in a copy of the tree',
      because: /is as it was restored/,
      subject: (context, scope) =>
        withDamagedTree(context, scope, 'state', async root => {
          const { archives, files } = context.tools
          const { oneLeftFile } = context.values.get(rotatedSlots)
          await archives.replaceFile(
            root,
            context.target.layout.slotStoreFile,
            Buffer.from(await files.readBytes(oneLeftFile)),
          )
        }),
    },
  ],
})

/** The same as the restored daemon tells it: it is the daemon that uses them. */
export const servedSlotsNewer = defineCheck<Slots>({
  id: 'served-slots-newer',
  title: 'The restored daemon goes by no credential of before the incident',

  probe: async context => ({ rotated: context.values.get(rotatedSlots), now: await servedSlots(context) }),

  judge: judgeSlots,

  counterproofs: [
    {
      id: 'served-one-left',
      breaks: 'another daemon is started on the tree with one slot left as it was restored',
      because: /is as it was restored/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const { oneLeftFile } = context.values.get(rotatedSlots)
        const store = context.target.layout.slotStoreFile
        const text = await context.tools.files.readText(oneLeftFile)
        const other = await startBroken(context, scope, {
          beforeStart: async (inside, { stateRoot }) => {
            const file = join(stateRoot, store)
            await inside.run({ argv: ['sh', '-c', 'printf %s "$1" > "$2"', 'sh', text, file] }, { timeoutMs: 5_000 })
          },
        })
        return withDaemon(context, other)
      },
    },
    {
      id: 'served-old-times',
      breaks: 'the daemon tells of times before the incident',
      because: /is as it was restored/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          rewriteBody: (_, text) => text.replace(/"updated_at_ms":\d+/, '"updated_at_ms":1'),
        }),
    },
  ],
})

function judgeSlots({ rotated: { sinceMs, slots }, now }: Slots): Judgement {
  const since = new Date(sinceMs).toISOString()
  if (slots.length === 0) return failed('the backup held no slot, so nothing of it could be replaced')
  const lost = slots.find(({ id }) => !now.some(one => one.id === id))
  if (lost !== undefined) return failed(`slot ${lost.id} is gone: what needs it fails`)
  const old = now.filter(slot => slot.updatedAtMs <= sinceMs || isAsRestored(slot, slots))
  if (old.length === 0)
    return passed({ expected: `all since ${since}`, actual: { slots: now.length, masterKey: MASTER_KEY_STAYS } })
  const whyLeft = (id: string) => slots.find(one => one.id === id)?.why
  return failed(
    old
      .map(({ id }) => `slot ${id} is as it was restored${whyLeft(id) === undefined ? '' : `: ${whyLeft(id)}`}`)
      .join('; '),
    { expected: `all since ${since}`, actual: old.map(({ id }) => id) },
  )
}

/** Somebody may have set it between the beginning of the incident and the backup: newer, and stolen all the same. */
function isAsRestored({ id, updatedAtMs }: SlotView, slots: Slots['rotated']['slots']): boolean {
  return slots.some(one => one.id === id && (one.why !== undefined || one.restoredAtMs === updatedAtMs))
}

interface Held {
  /** What each file holds is one of the stolen tokens. */
  readonly stolen: readonly string[]
  readonly files: number
  readonly distinct: boolean
}

/** No daemon can start with the stolen tokens again. */
export const tokenFilesReplaced = defineCheck<Held>({
  id: 'token-files-replaced',
  title: 'The token files hold other tokens than the stolen ones, one for each role',

  async probe(context) {
    const { files, stolen } = context.values.get(replacedTokens)
    const now = await Promise.all(files.map(file => context.tools.files.readSecret(file, 'token-of-now')))
    const known = stolen.map(one => one.reveal())
    return {
      files: files.length,
      stolen: files.filter((_, index) => known.includes(now[index]!.reveal())),
      distinct: new Set(now.map(one => one.reveal())).size === now.length,
    }
  },

  judge({ stolen, files, distinct }) {
    if (files === 0) return failed('no token file was named, so none was replaced')
    if (stolen.length > 0) return failed(`${stolen.join(', ')} still holds a stolen token`)
    return distinct ? passed({ actual: { files } }) : failed('both roles have the same token')
  },

  counterproofs: [
    {
      id: 'not-written',
      breaks: 'one of the files still holds what was stolen',
      because: /still holds a stolen token/,
      subject: async context => {
        const replaced = context.values.get(replacedTokens)
        return changed(context, {
          values: context.values.with(replacedTokens, { ...replaced, stolen: replaced.replacements }),
        })
      },
    },
    {
      id: 'same-for-both',
      breaks: 'both roles have the same token',
      because: /the same token/,
      observation: seen => ({ ...seen, distinct: false }),
    },
    {
      id: 'no-file',
      breaks: 'no token file was named',
      because: /none was replaced/,
      observation: seen => ({ ...seen, files: 0 }),
    },
  ],
})

interface ThiefTried {
  /** Status of each stolen token. */
  readonly tokens: readonly number[]
  /** Of each stolen lease: `unknown`, `dead` or `good`. */
  readonly leases: readonly string[]
  readonly ours: number
  /** After a break nobody has all of the stolen tokens, which was told. */
  readonly lost: boolean
}

/** The thief comes back with everything that was in the state root and beside it. */
export const thiefShutOut = defineCheck<ThiefTried>({
  id: 'thief-shut-out',
  title: 'The restored daemon refuses the stolen tokens, and no stolen lease is good',

  async probe(context) {
    const { instance, adminToken } = context.values.get(isolated)
    const { http, access } = context.target
    const ask = (path: string, bearer: typeof adminToken) =>
      instance.request(path, { bearer, timeoutMs: 5_000, signal: context.signal })
    const tokens = []
    const { stolen, lost } = context.values.get(replacedTokens)
    for (const token of stolen) tokens.push((await ask(http.cheap, token)).status)
    const leases = []
    for (const id of context.values.get(preserved).leases.slice(0, MOST_LEASES)) {
      const { status, text } = await ask(access.paths.lease(id), adminToken)
      if (status === 404) leases.push('unknown')
      else leases.push(access.read.lease(JSON.parse(text)).active ? 'good' : 'dead')
    }
    return { tokens, leases, lost, ours: (await ask(http.cheap, adminToken)).status }
  },

  judge({ tokens, leases, ours, lost }) {
    const actual = { tokens: [...tokens], leases: [...leases], ours }
    if (tokens.length === 0 && !lost) return failed('no stolen token was shown')
    if (tokens.includes(429)) return failed('the limiter spoke, and nothing is known of the tokens', { actual })
    const open = tokens.find(status => status !== 401)
    if (open !== undefined) return failed(`a stolen token gave ${open}, expected 401`, { actual })
    if (leases.includes('good')) return failed('a stolen lease is still good', { actual })
    return ours === 200 ? passed({ actual }) : failed(`its own token gave ${ours}: everybody is shut out`, { actual })
  },

  counterproofs: [
    {
      id: 'lease-good',
      breaks: 'a stolen lease is still good',
      because: /lease is still good/,
      observation: seen => ({ ...seen, leases: [...seen.leases, 'good'] }),
    },
    {
      id: 'none-shown',
      breaks: 'no stolen token was shown, and nobody lost one',
      because: /no stolen token was shown/,
      observation: seen => ({ ...seen, tokens: [], lost: false }),
    },
    {
      id: 'all-out',
      breaks: 'the restored daemon refuses everybody',
      because: /everybody is shut out/,
      observation: seen => ({ ...seen, ours: 401 }),
    },
    {
      id: 'same-tokens',
      breaks: 'the daemon is started again with the token that was stolen',
      because: /a stolen token gave 200/,
      subject: (context, scope) => {
        const [stolen] = context.values.get(replacedTokens).stolen
        const { adminToken } = context.values.get(isolated)
        return withProxy(context, scope, { swapBearer: { from: stolen!, to: adminToken } })
      },
    },
  ],
})
