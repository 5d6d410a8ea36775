import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { withDaemon } from '../../daemon/break.ts'
import { client } from '../../daemon/client.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { startBroken } from '../../daemon/start-isolated.ts'
import { isolated } from '../../daemon/subjects.ts'
import { otherMasterKey } from '../../drill/other-master-key.ts'
import { restored, site } from '../../drill/subjects.ts'
import { type CheckContext, changed, defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import type { Readiness } from '../../model/instance.ts'

/** What is said where a key does not fit; a daemon that ends for want of anything else proves nothing about the key. */
const CANNOT_DECRYPT = /decrypt/i

/** The same, with the key that the state was encrypted with. */
const withOriginalKey: SubjectCounterproof['subject'] = async context =>
  changed(context, { values: context.values.with(otherMasterKey, context.values.get(site).masterKeyFile) })

/** How far a daemon came with a key. */
interface Opened {
  readonly outcome: Readiness['outcome']
  /** Null when a signal ended it, or it did not end. */
  readonly exitCode: number | null
  /** Whether it said that it cannot decrypt. */
  readonly saidWhy: boolean
  /** That it lists; null where it lists none because it does not answer. */
  readonly secrets: number | null
}

/** The secrets of a state root are opened by the key they were encrypted with, and by no other. */
export const otherKeyOpensNothing = defineCheck<Opened>({
  id: 'other-key-opens-nothing',
  title: 'A daemon that is given another master key opens none of the secrets in a copy of the state',

  async probe(context) {
    await using scope = new AsyncDisposableStack()
    const made = await startBroken(context, scope, { masterKeyFile: context.values.get(otherMasterKey) })
    const { outcome, exit } = made.readiness
    const { stderr } = await made.instance.log()
    const ended = { outcome, exitCode: exit?.exitCode ?? null, saidWhy: CANNOT_DECRYPT.test(stderr), secrets: null }
    if (outcome !== 'ready') return ended
    const listed = await client(withDaemon(context, made), ['secrets', 'list'], context.target.read.slots)
    const saidWhy = ended.saidWhy || CANNOT_DECRYPT.test(listed.stderr)
    return { outcome, exitCode: null, saidWhy, secrets: listed.exitCode === 0 ? (listed.view?.length ?? null) : null }
  },

  judge(opened) {
    const { outcome, exitCode, saidWhy, secrets } = opened
    const actual = { ...opened }
    if (outcome === 'exited')
      return exitCode === null || exitCode === 0 || !saidWhy
        ? failed('the daemon ended for another reason than that it cannot decrypt its secrets', { actual })
        : passed({ actual })
    if (outcome !== 'ready') return failed('the daemon neither started nor refused to, so nothing is known', { actual })
    if (secrets === null && !saidWhy)
      return failed('a daemon that was given it lists no secrets for another reason than that it cannot decrypt them', {
        actual,
      })
    return secrets === null || secrets === 0
      ? passed({ actual })
      : failed(`a daemon that was given it lists ${secrets} secrets`, { expected: 0, actual })
  },

  counterproofs: [
    {
      id: 'killed',
      breaks: 'the daemon was killed before it could say anything',
      because: /another reason/,
      observation: opened => ({ ...opened, outcome: 'exited', exitCode: null }),
    },
    {
      id: 'no-key',
      breaks: 'the daemon is given a file that holds no key at all',
      because: /another reason/,
      cost: { instances: 1 },
      subject: async (context, scope) => {
        const file = `${context.values.get(otherMasterKey)}-that-is-none`
        scope.defer(() => context.tools.files.remove(file))
        await context.tools.files.write(file, 'too short')
        return changed(context, { values: context.values.with(otherMasterKey, file) })
      },
    },
    {
      id: 'not-listed',
      breaks: 'the daemon starts, and its secrets cannot be listed for want of something else',
      because: /lists no secrets for another reason/,
      observation: opened => ({ ...opened, outcome: 'ready', saidWhy: false, secrets: null }),
    },
    {
      id: 'hangs',
      breaks: 'the daemon never answers',
      because: /nothing is known/,
      observation: opened => ({ ...opened, outcome: 'unanswered' }),
    },
    {
      id: 'original-key',
      breaks: 'the daemon is given the original key',
      because: /lists \d+ secrets/,
      cost: { instances: 1 },
      subject: withOriginalKey,
    },
  ],
})

interface Written {
  readonly exitCode: number | null
  readonly saidWhy: boolean
  readonly storeChanged: boolean
}

/** Not even a write, which encrypts the whole store, makes it readable for another key. */
export const nothingReEncrypts = defineCheck<Written>({
  id: 'nothing-re-encrypts',
  title: 'With another master key not even writing a secret is possible, and the store stays as it was encrypted',

  async probe(context) {
    await using scope = new AsyncDisposableStack()
    const { root, store } = await copyOfStore(context, scope)
    const { files, commands } = context.tools
    const before = await files.sha256(store)
    const value = randomSecret('probe-of-the-master-key')
    context.protect(value)
    const words = [
      ...['secrets', 'set', 'runproof.probe', '--offline', '--state-root', root],
      ...['--provider', 'generic', '--stdin'],
    ]
    const { binary } = context.values.get(site)
    const command = context.target.offline({ binary, masterKeyFile: context.values.get(otherMasterKey) }, words)
    const { exitCode, stderr } = await context.runIn(commands, { ...command, stdin: value })
    return { exitCode, saidWhy: CANNOT_DECRYPT.test(stderr), storeChanged: (await files.sha256(store)) !== before }
  },

  judge({ exitCode, saidWhy, storeChanged }) {
    const actual = { exitCode, saidWhy, storeChanged }
    if (exitCode === 0 || storeChanged)
      return failed(
        `a secret was written with it: exit ${exitCode}, the store ${storeChanged ? 'changed' : 'did not change'}`,
        {
          actual,
        },
      )
    return exitCode === null || !saidWhy
      ? failed('the command failed for another reason than that it cannot decrypt the store', { actual })
      : passed({ actual })
  },

  counterproofs: [
    {
      id: 'claimed',
      breaks: 'the command says that it has written',
      because: /a secret was written/,
      observation: seen => ({ ...seen, exitCode: 0 }),
    },
    {
      id: 'overwritten',
      breaks: 'the command fails, and the store is another one',
      because: /the store changed/,
      observation: seen => ({ ...seen, storeChanged: true }),
    },
    {
      id: 'killed',
      breaks: 'the command was killed',
      because: /another reason/,
      observation: seen => ({ ...seen, exitCode: null }),
    },
    {
      id: 'other-error',
      breaks: 'the command fails for want of something else',
      because: /another reason/,
      observation: seen => ({ ...seen, saidWhy: false }),
    },
    {
      id: 'original-key',
      breaks: 'it is written with the original key',
      because: /exit 0, the store changed/,
      subject: withOriginalKey,
    },
  ],
})

/** A state root that has nothing but a copy of the encrypted store: what is read alone cannot be harmed. */
async function copyOfStore(
  context: CheckContext,
  scope: AsyncDisposableStack,
): Promise<{ readonly root: string; readonly store: string }> {
  const { files } = context.tools
  const { slotStoreFile } = context.target.layout
  const root = join(
    context.values.get(isolated).recipe.scratchDir,
    'counterproofs',
    `store-${randomBytes(4).toString('hex')}`,
  )
  const store = join(root, slotStoreFile)
  await files.makeDirectory(dirname(store))
  scope.defer(() => files.remove(root))
  await files.write(store, await files.readBytes(join(context.values.get(restored).stateRoot, slotStoreFile)))
  return { root, store }
}
