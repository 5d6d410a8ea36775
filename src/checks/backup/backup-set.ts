import { join } from 'node:path'
import { deployment } from '../../drill/backup-subjects.ts'
import { FACTS_PAYLOAD_TYPE } from '../../drill/facts.ts'
import { backupDir } from '../../drill/subjects.ts'
import { type CheckContext, changed, defineCheck, failed, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'

interface BackupSet {
  readonly files: Readonly<Record<string, { readonly listed: string; readonly actual: string | null }>>
  readonly factsSigned: boolean
}

/** The set that leaves this machine is whole: every file has the digest that is listed, and the facts are signed. */
export const backupSetWhole = defineCheck<BackupSet>({
  id: 'backup-set',
  title: 'Archives, manifests and facts have the listed digests, and the facts are signed',

  async probe({ values, tools }) {
    const directory = values.get(backupDir)
    const files: Record<string, { listed: string; actual: string | null }> = {}
    for (const line of (await tools.files.readText(join(directory, 'SHA256SUMS'))).trimEnd().split('\n')) {
      const [listed, name] = line.split('  ') as [string, string]
      const present = (await tools.files.facts(join(directory, name))) !== undefined
      files[name] = { listed, actual: present ? await tools.files.sha256(join(directory, name)) : null }
    }
    return {
      files,
      factsSigned: tools.signer.holds(
        await tools.files.readText(join(directory, 'facts.dsse.json')),
        FACTS_PAYLOAD_TYPE,
        await tools.files.readBytes(join(directory, 'facts.json')),
      ),
    }
  },

  judge({ files, factsSigned }) {
    const wrong = Object.entries(files)
      .filter(([, file]) => file.listed !== file.actual)
      .map(([name]) => name)
    if (Object.keys(files).length === 0) return failed('nothing is listed')
    if (wrong.length > 0) return failed(`not as listed: ${wrong.join(', ')}`)
    return factsSigned ? passed({ actual: Object.keys(files) }) : failed('the signature of the facts does not hold')
  },

  counterproofs: [
    {
      id: 'nothing-listed',
      breaks: 'nothing is listed',
      because: /nothing/,
      observation: observed => ({ ...observed, files: {} }),
    },
    {
      id: 'archive-gone',
      breaks: 'an archive is missing from a copy of the set',
      because: /not as listed/,
      subject: (context, scope) =>
        copyOfSet(context, scope, async directory =>
          context.tools.archives.dropFile(
            directory,
            (await context.tools.files.list(directory)).find(name => name.startsWith('state.tar'))!,
          ),
        ),
    },
    {
      id: 'facts-changed',
      breaks: 'the facts are changed in a copy of the set',
      because: /not as listed|signature/,
      subject: (context, scope) =>
        copyOfSet(context, scope, directory =>
          context.tools.archives.replaceFile(directory, 'facts.json', Buffer.from('{}')),
        ),
    },
  ],
})

async function copyOfSet(
  context: CheckContext,
  scope: AsyncDisposableStack,
  damage: (directory: string) => Promise<void>,
): Promise<CheckContext> {
  const { commands, files } = context.tools
  const directory = context.values.get(backupDir)
  const copy = join(context.values.get(deployment).scratchDir, `set-${process.hrtime.bigint()}`)
  const names = await files.list(directory)
  scope.defer(() => files.remove(copy))
  await files.makeDirectory(copy)
  const linked = await context.runIn(commands, {
    argv: ['ln', '--symbolic', '--', ...names.map(name => join(directory, name)), copy],
  })
  if (linked.exitCode !== 0)
    throw new RunproofError('COMMAND_FAILED', `ln into ${copy} ended with exit ${linked.exitCode}`)
  await damage(copy)
  return changed(context, { values: context.values.with(backupDir, copy) })
}
