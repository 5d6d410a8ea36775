import { withDamagedTree } from '../../drill/break.ts'
import { restored, site } from '../../drill/subjects.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import type { LeakFinding } from '../../model/leak-scan.ts'

interface Observed {
  readonly named: readonly string[]
  readonly findings: readonly LeakFinding[]
  readonly searchedFiles: number
}

/** The key does not travel with the data it protects: neither as a file of its usual name nor as a value anywhere. */
export const noKeyInData = defineCheck<Observed>({
  id: 'no-key-with-data',
  title: 'Neither key nor token files, nor the master key’s value, lie inside the restored data',

  async probe({ values, tools, target, signal }) {
    const { stateRoot, workspaceRoot } = values.get(restored)
    const key = await tools.files.readSecret(values.get(site).masterKeyFile, 'master-key')
    const names = [...(await tools.files.walk(stateRoot)), ...(await tools.files.walk(workspaceRoot))]
    const scan = await tools.leaks.scanPaths({ paths: [stateRoot, workspaceRoot], secrets: [key], signal })
    return {
      named: names.filter(name => target.layout.neverArchived.test(name)),
      findings: scan.findings,
      searchedFiles: scan.searchedFiles,
    }
  },

  judge({ named, findings, searchedFiles }) {
    if (named.length > 0) return failed(`a key or token file lies in the data: ${named.join(', ')}`)
    if (findings.length > 0)
      return failed(`the value of the master key stands in ${findings[0]!.path} (${findings[0]!.form})`)
    return searchedFiles > 0 ? passed({ actual: { searchedFiles } }) : failed('no file was searched')
  },

  counterproofs: [
    {
      id: 'nothing-searched',
      breaks: 'no file was searched',
      because: /no file/,
      observation: observed => ({ ...observed, searchedFiles: 0 }),
    },
    {
      id: 'token-file',
      breaks: 'a token file lies in a copy of the state',
      because: /token file lies/,
      subject: (context, scope) =>
        withDamagedTree(context, scope, 'state', root =>
          context.tools.archives.addFile(root, 'admin-token', Buffer.from('x')),
        ),
    },
    {
      id: 'key-value',
      breaks: 'the master key is planted in a copy of the workspace',
      because: /value of the master key/,
      subject: (context, scope) =>
        withDamagedTree(context, scope, 'workspace', async root => {
          const key = await context.tools.files.readSecret(context.values.get(site).masterKeyFile, 'master-key')
          await context.tools.leaks.plantCanary(root, key)
        }),
    },
  ],
})
