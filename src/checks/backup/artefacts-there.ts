import { artefacts, deployment } from '../../drill/backup-subjects.ts'
import type { Artefact } from '../../drill/facts.ts'
import { takeInventory } from '../../drill/take-inventory.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'

/** What a recovery needs besides the archives is where it is said to be, and keys and tokens are their owner's alone. */
export const artefactsThere = defineCheck<readonly Artefact[]>({
  id: 'artefacts',
  title: 'Routes, configuration, binary, key and token files are there, and nobody else can read the secret ones',

  probe: async ({ values }) => values.get(artefacts),

  judge(found) {
    const actual = found.map(one => ({ ...one }))
    const missing = found.filter(one => !one.present)
    const open = found.filter(
      one => one.present && one.sha256 === null && (Number.parseInt(one.mode ?? '', 8) & 0o077) !== 0,
    )
    const findings = [
      ...missing.map(({ kind, path }) =>
        path === null ? `no ${kind} was named (${kind}=PATH)` : `${kind} ${path} is missing`,
      ),
      ...open.map(({ kind, path, mode }) => `${kind} ${path} can be read by others: mode ${mode}`),
    ]
    if (found.length === 0) return failed('nothing was looked for')
    return findings.length === 0 ? passed({ actual }) : failed(findings.join('; '), { actual })
  },

  counterproofs: [
    {
      id: 'nothing-looked-for',
      breaks: 'nothing was looked for',
      because: /nothing/,
      observation: () => [],
    },
    {
      id: 'one-missing',
      breaks: 'one of them is missing',
      because: /is missing/,
      observation: found => found.map((one, index) => (index === 0 ? { ...one, present: false } : one)),
    },
    {
      id: 'no-routes-file',
      breaks: 'the routes file lies nowhere',
      because: /routes-file .* is missing/,
      subject: async context => {
        const named = context.values.get(deployment)
        const broken = { ...named, routesFile: `${named.scratchDir}/no-such-routes-file` }
        return changed(context, {
          values: context.values.with(artefacts, await takeInventory(context, broken)),
        })
      },
    },
    {
      id: 'key-open-to-all',
      breaks: 'another key file can be read by everyone',
      because: /read by others/,
      subject: async (context, scope) => {
        const { files } = context.tools
        const named = context.values.get(deployment)
        const masterKeyFile = `${named.scratchDir}/open-key`
        scope.defer(() => files.remove(masterKeyFile))
        await files.write(masterKeyFile, 'k'.repeat(32), 0o644)
        return changed(context, {
          values: context.values.with(artefacts, await takeInventory(context, { ...named, masterKeyFile })),
        })
      },
    },
  ],
})
