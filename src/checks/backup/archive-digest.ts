import { createHash } from 'node:crypto'
import { withIncoming } from '../../drill/break.ts'
import { type Incoming, incoming, older, type Part } from '../../drill/subjects.ts'
import { defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'

interface Observed {
  readonly expected: string
  readonly actual: string
}

/**
 * The bytes that are about to be restored are the bytes that were backed up: their SHA-256 is the one recorded outside
 * the archive.
 */
export function archiveDigest(part: Part) {
  return defineCheck<Observed>({
    id: `${part}-archive-digest`,
    title: `The ${part} archive has its recorded SHA-256`,
    untested: ({ values }) =>
      values.get(incoming)[part] === undefined ? 'there is no such archive in the backup' : undefined,

    async probe({ values }) {
      const archive = need(values.get(incoming)[part], part)
      if (archive.expectedSha256 === undefined) {
        throw new RunproofError('DIGEST_FILE_INVALID', `no digest of the ${part} archive was given`, {
          hint: '--param sha256-file=PATH',
        })
      }
      const hash = createHash('sha256')
      for await (const chunk of archive.open()) hash.update(chunk as Buffer)
      return { expected: archive.expectedSha256, actual: hash.digest('hex') }
    },

    judge: ({ expected, actual }) =>
      expected === actual
        ? passed({ expected, actual })
        : failed('the archive is not the one that was recorded', { expected, actual }),

    counterproofs: [
      {
        id: 'other-digest',
        breaks: 'the recorded digest is another one',
        because: /not the one that was recorded/,
        observation: observed => ({
          ...observed,
          expected: observed.expected.replace(/^./, digit => (digit === '0' ? '1' : '0')),
        }),
      },
      {
        id: 'flipped-byte',
        breaks: 'one byte in the middle of the archive is flipped',
        because: /not the one that was recorded/,
        subject: async context => {
          const { path } = need(context.values.get(incoming)[part], part)
          const half = Math.floor((await context.tools.files.sizeBytes(path)) / 2)
          return withIncoming(context, part, {
            open: () => context.tools.archives.alteredStream(path, { flipByteAt: half }),
          })
        },
      },
      {
        id: 'truncated',
        breaks: 'the archive ends one byte early',
        because: /not the one that was recorded/,
        subject: async context => {
          const { path } = need(context.values.get(incoming)[part], part)
          const size = await context.tools.files.sizeBytes(path)
          return withIncoming(context, part, {
            open: () => context.tools.archives.alteredStream(path, { truncateTo: size - 1 }),
          })
        },
      },
      ...(part === 'state' ? [olderArchive] : []),
    ],
  })
}

const olderArchive: SubjectCounterproof = {
  id: 'older-archive',
  breaks: 'an archive of an older state lies in its place',
  because: /not the one that was recorded/,
  unavailable: context =>
    context.values.find(older) === undefined ? 'no older archive was given (older-state-archive=)' : undefined,
  subject: async context => withIncoming(context, 'state', { open: context.values.get(older).open }),
}

function need(archive: Incoming | undefined, part: Part): Incoming {
  if (archive === undefined) throw new RunproofError('ARCHIVE_UNREADABLE', `there is no ${part} archive`)
  return archive
}
