import { join } from 'node:path'
import { keysDir } from '../../daemon/subjects.ts'
import { site } from '../../drill/subjects.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import type { FileFacts } from '../../model/files.ts'

interface Observed {
  readonly path: string
  readonly facts: FileFacts | undefined
  readonly decodedBytes: number
}

/** The master key is a private file of the right length. It is used by its path and never copied. */
export const keyPrivate = defineCheck<Observed>({
  id: 'master-key',
  title: 'The master key is a readable file of the right length that nobody else can read',

  async probe({ values, tools }) {
    const path = values.get(site).masterKeyFile
    const facts = await tools.files.facts(path)
    const text = facts === undefined ? '' : (await tools.files.readSecret(path, 'master-key')).reveal()
    return { path, facts, decodedBytes: keyBytes(text) }
  },

  judge({ path, facts, decodedBytes }) {
    if (facts?.type !== 'file') return failed(`${path} is no file`)
    if ((facts.mode & 0o077) !== 0)
      return failed(`${path} can be read by others: mode ${facts.mode.toString(8)}`, {
        expected: '600',
        actual: facts.mode.toString(8),
      })
    return decodedBytes === 32
      ? passed({ actual: { mode: facts.mode.toString(8), bytes: decodedBytes } })
      : failed(`${path} holds a key of ${decodedBytes} bytes`, { expected: 32, actual: decodedBytes })
  },

  counterproofs: [
    {
      id: 'short-key',
      breaks: 'the key has 31 bytes',
      because: /31 bytes/,
      observation: observed => ({ ...observed, decodedBytes: 31 }),
    },
    {
      id: 'no-key',
      breaks: 'there is no such file',
      because: /no file/,
      observation: observed => ({ ...observed, facts: undefined }),
    },
    {
      id: 'readable-by-others',
      breaks: 'another key file is readable by everyone',
      because: /read by others/,
      subject: (context, scope) => otherKey(context, scope, 0o644),
    },
  ],
})

/** 32 raw bytes, or base64 of 32 bytes; what is neither counts as its own length. */
export function keyBytes(text: string): number {
  const decoded = Buffer.from(text, 'base64')
  return decoded.length === 32 && decoded.toString('base64') === text ? 32 : Buffer.byteLength(text)
}

async function otherKey(context: CheckContext, scope: AsyncDisposableStack, mode: number): Promise<CheckContext> {
  const { files } = context.tools
  const masterKeyFile = join(context.values.get(keysDir), 'readable-key')
  scope.defer(() => files.remove(masterKeyFile))
  await files.write(masterKeyFile, 'k'.repeat(32), mode)
  return changed(context, { values: context.values.with(site, { ...context.values.get(site), masterKeyFile }) })
}
