import { createHash } from 'node:crypto'
import type { Part } from '../../drill/subjects.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import { alteration, archiveOf, rootOf } from './archive-holds-tree.ts'

interface Kept {
  readonly recordedSha256: string
  readonly actualSha256: string
  readonly head: string
  readonly recorded: number
  readonly differing: readonly string[]
}

/** How every age file begins. @see https://age-encryption.org/v1 */
const AGE_HEAD = 'age-encryption.org/v1\n'

/**
 * For an archive that is encrypted to somebody else: the bytes on disk are those that were written, they are an age file,
 * and the manifest, which was made of the plain bytes on their way into it, is the tree.
 */
export function archiveKept(part: Part) {
  return defineCheck<Kept>({
    id: `${part}-archive`,
    title: `The ${part} archive lies encrypted on disk as it was written, and its manifest is the tree`,

    async probe({ values, tools, signal }) {
      const archive = archiveOf(values, part)
      const hash = createHash('sha256')
      let head = Buffer.alloc(0)
      for await (const chunk of tools.archives.alteredStream(archive.archivePath, values.find(alteration) ?? {})) {
        hash.update(chunk as Buffer)
        if (head.length < AGE_HEAD.length) head = Buffer.concat([head, chunk as Buffer]).subarray(0, AGE_HEAD.length)
      }
      const {
        missing,
        extra,
        changed: different,
      } = await tools.archives.compareTree({
        directory: rootOf(values, part),
        manifest: archive.manifest,
        ignore: ['xattrs'],
        signal,
      })
      return {
        recordedSha256: archive.sha256,
        actualSha256: hash.digest('hex'),
        head: head.toString('latin1'),
        recorded: archive.manifest.entries.length,
        differing: [...missing, ...extra, ...different].map(one => one.path),
      }
    },

    judge({ recordedSha256, actualSha256, head, recorded, differing }) {
      if (recorded === 0) return failed('the archive holds nothing')
      if (head !== AGE_HEAD) return failed('the archive is not encrypted')
      if (recordedSha256 !== actualSha256)
        return failed('the archive on disk is not the one that was written', {
          expected: recordedSha256,
          actual: actualSha256,
        })
      return differing.length === 0
        ? passed({ actual: { entries: recorded, sha256: actualSha256 } })
        : failed(`differs from the source: ${differing.slice(0, 3).join(', ')}`)
    },

    counterproofs: [
      {
        id: 'not-encrypted',
        breaks: 'the archive is a plain one',
        because: /not encrypted/,
        observation: observed => ({ ...observed, head: '(\xb5/\xfd' }),
      },
      {
        id: 'differs',
        breaks: 'one file differs from the source',
        because: /differs/,
        observation: observed => ({ ...observed, differing: ['one'] }),
      },
      {
        id: 'flipped-byte',
        breaks: 'one byte in the middle of the archive is flipped',
        because: /not the one that was written/,
        subject: async context => {
          const half = Math.floor(archiveOf(context.values, part).sizeBytes / 2)
          return changed(context, { values: context.values.with(alteration, { flipByteAt: half }) })
        },
      },
    ],
  })
}
