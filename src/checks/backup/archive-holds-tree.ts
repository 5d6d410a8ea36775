import { deployment } from '../../drill/backup-subjects.ts'
import { made, type Part } from '../../drill/subjects.ts'
import type { ArchiveAlteration, CreatedArchive } from '../../model/archive.ts'
import { capture, type Values } from '../../model/capture.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'

interface Archived {
  readonly recordedSha256: string
  readonly readSha256: string
  readonly recorded: number
  readonly differing: readonly string[]
}

/** The archive that was written, read back whole, holds exactly the tree it was made of. */
export function archiveHoldsTree(part: Part, expects: 'ARCHIVE_TRUNCATED' | 'DECRYPT_FAILED') {
  return defineCheck<Archived>({
    id: `${part}-archive`,
    covers: ['7.4/16', '7.3/46', '9.A/36'],
    title: `The ${part} archive, read back, holds the tree it was made of`,

    async probe({ params, values, tools, signal }) {
      const archive = archiveOf(values, part)
      const identityFile = params['identity-file']
      const read = await tools.archives.inspect({
        open: () => tools.archives.alteredStream(archive.archivePath, values.find(alteration) ?? {}),
        name: archive.archivePath,
        ...(identityFile === undefined ? {} : { decrypt: { identityFile } }),
        signal,
      })
      const comparison = await tools.archives.compareTree({
        directory: rootOf(values, part),
        manifest: read.manifest,
        signal,
      })
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
        expects,
        subject: async context => {
          const half = Math.floor(archiveOf(context.values, part).sizeBytes / 2)
          return changed(context, { values: context.values.with(alteration, { truncateTo: half }) })
        },
      },
    ],
  })
}

export const alteration = capture<ArchiveAlteration>('alteration', 'a change to the archive while it is read')

export function archiveOf(values: Values, part: Part): CreatedArchive {
  const archive = values.get(made)[part]
  if (archive === undefined) throw new RunproofError('ARCHIVE_UNREADABLE', `no archive of the ${part} was made`)
  return archive
}

export function rootOf(values: Values, part: Part): string {
  const { stateRoot, workspaceRoot } = values.get(deployment)
  if (part === 'state') return stateRoot
  if (workspaceRoot === undefined) throw new RunproofError('CAPTURE_UNSET', 'there is no workspace root')
  return workspaceRoot
}
