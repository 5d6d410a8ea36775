import { dirname, join } from 'node:path'
import { searched } from '../../daemon/subjects.ts'
import { defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import type { LeakScan } from '../../model/leak-scan.ts'

type Observed = Pick<LeakScan, 'searchedFiles' | 'searchedBytes' | 'secrets' | 'findings' | 'unsearched'>

/** No known secret value stands in anything the run wrote: plain, encoded, or inside archives. */
export const noSecretWritten = defineCheck<Observed>({
  id: 'no-secret-written',
  covers: ['7.1/18', '7.2/13', '7.3/55', '7.4/21', '7.4/22', '9.A/40', '9.B/11'],
  title: 'No known secret stands in anything this run wrote, in any encoding, inside archives too',

  async probe({ values, tools, signal }) {
    const { paths, secrets } = values.get(searched)
    return tools.leaks.scanPaths({ paths, secrets, signal })
  },

  judge({ searchedFiles, searchedBytes, secrets, findings, unsearched }) {
    const first = findings[0]
    if (first !== undefined)
      return failed(`secret ${first.secret} stands in ${first.path} (${first.form})${alsoIn(findings)}`, {
        actual: { findings: findings.length },
      })
    if (unsearched.length > 0) return failed(`could not be searched: ${unsearched[0]!.path} (${unsearched[0]!.detail})`)
    if (secrets === 0) return failed('no secret was searched for')
    return passed({ actual: { searchedFiles, searchedBytes, secrets } })
  },

  counterproofs: [
    {
      id: 'nothing-known',
      breaks: 'no secret was searched for',
      because: /no secret/,
      observation: observed => ({ ...observed, secrets: 0 }),
    },
    {
      id: 'unreadable',
      breaks: 'a file could not be searched',
      because: /could not be searched/,
      observation: observed => ({ ...observed, unsearched: [{ path: 'x', reason: 'unreadable', detail: 'EACCES' }] }),
    },
    planted('evidence', 'in the evidence directory'),
    planted('scratch', 'in the scratch directory'),
  ],
})

/** Every directory but the first that something was found in; a few are enough to know where to look. */
function alsoIn(findings: Observed['findings']): string {
  const directories = [...new Set(findings.map(({ path }) => dirname(path.split('!', 1)[0]!)))]
  return directories.length < 2 ? '' : `; also in ${directories.slice(1, 5).join(', ')}`
}

/** The very search that was green runs again, over the same places, with one file more in one of them. */
function planted(where: 'evidence' | 'scratch', place: string): SubjectCounterproof {
  return {
    id: `planted-in-${where}`,
    breaks: `a known secret is planted plain, in base64, in hex and inside an archive ${place}`,
    // The other one is planted at the same time: only what was found here counts.
    because: where === 'evidence' ? /stands in .*planted-in-evidence/ : /stands in .*planted-in-scratch/,
    subject: async (context, scope) => {
      const { secrets, places } = context.values.get(searched)
      const directory = join(places[where], `planted-in-${where}`)
      await context.tools.files.makeDirectory(directory)
      scope.defer(() => context.tools.files.remove(directory))
      scope.use(await context.tools.leaks.plantCanary(directory, secrets[0]!))
      return context
    },
  }
}
