import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { keysDir } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import type { StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'

/** File of a good master key that the restored state was not encrypted with. The tear-down removes it. */
export const otherMasterKey = capture<string>(
  'other-master-key',
  'file of a master key that nothing was encrypted with',
)

/** Makes one, and says in the evidence that nothing else was done to any key. */
export async function makeOtherMasterKey(context: StepContext): Promise<void> {
  const { run, tools, values } = context
  const file = join(values.get(keysDir), 'other-master-key')
  const key = new Secret('other-master-key', randomBytes(32).toString('base64'))
  context.protect(key)
  await tools.files.write(file, key)
  context.set(otherMasterKey, file)
  run.fact('masterKey.rotated', false)
  run.fact('next-steps', 'artifacts/master-key.txt')
  run.assume('the master key is the one it was before: this run rotates nothing, and shows why nothing does')
  await tools.files.write(join(run.artifactsDir, 'master-key.txt'), INSTEAD)
}

const INSTEAD = `The master key was NOT rotated. Nothing re-encrypts stored secrets for another key: a daemon that gets one opens nothing of what there is.

- Keep the original key, in the secret manager and apart from every backup: what it opens is in the evidence of this run.
- If the key leaked together with a copy of the state root, every secret in there counts as leaked. Changing the key would not take that back:
  rotate each of those secrets where it is issued.
- Another key means another store, an empty one, into which each secret is set anew from where it is issued. That is a migration, with a
  stop of the daemon, and not part of any runbook here.
`
