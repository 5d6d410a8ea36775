import { made, type Part, source } from '../drill/subjects.ts'
import type { ArchiveAlteration } from '../model/archive.ts'
import { capture } from '../model/capture.ts'
import { changed, defineCheck, failed, passed } from '../model/check.ts'

interface Archived {
  readonly recordedSha256: string
  readonly readSha256: string
  readonly recorded: number
  readonly differing: readonly string[]
}

/** The archive that was written, read back whole, holds exactly the tree it was made of. */
export function archiveHoldsTree(part: Part) {
  return defineCheck<Archived>({
    id: `${part}-archive`,
    title: `The ${part} archive, read back, holds the tree it was made of`,

    async probe({ values, tools, signal }) {
      const archive = values.get(made)[part]
      const sourceDir = part === 'state' ? values.get(source).stateRoot : values.get(source).workspaceRoot
      const read = await tools.archives.inspect({
        open: () => tools.archives.alteredStream(archive.archivePath, values.find(alteration) ?? {}),
        name: archive.archivePath,
        signal,
      })
      const comparison = await tools.archives.compareTree({ directory: sourceDir, manifest: read.manifest, signal })
      return {
        recordedSha256: archive.sha256,
        readSha256: read.sha256,
        recorded: archive.manifest.entries.length,
        differing: [...comparison.missing, ...comparison.extra, ...comparison.changed].map(one => one.path),
      }
    },

    judge({ recordedSha256, readSha256, recorded, differing }) {
      if (recorded === 0) return failed('the archive holds nothing')
      if (recordedSha256 !== readSha256)
        return failed('the archive on disk is not the one that was written', {
          expected: recordedSha256,
          actual: readSha256,
        })
      return differing.length === 0
        ? passed({ actual: { entries: recorded, sha256: readSha256 } })
        : failed(`differs from the source: ${differing.slice(0, 3).join(', ')}`)
    },

    counterproofs: [
      {
        id: 'empty',
        breaks: 'the archive holds nothing',
        because: /holds nothing/,
        observation: observed => ({ ...observed, recorded: 0 }),
      },
      {
        id: 'differs',
        breaks: 'one file differs from the source',
        because: /differs/,
        observation: observed => ({ ...observed, differing: ['one'] }),
      },
      {
        id: 'cut-off',
        breaks: 'the archive is cut off in the middle',
        expects: 'ARCHIVE_TRUNCATED',
        subject: async context => {
          const half = Math.floor(context.values.get(made)[part].sizeBytes / 2)
          return changed(context, { values: context.values.with(alteration, { truncateTo: half }) })
        },
      },
    ],
  })
}

const alteration = capture<ArchiveAlteration>('alteration', 'a change to the archive while it is read')
