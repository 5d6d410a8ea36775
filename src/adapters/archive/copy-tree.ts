import { Readable } from 'node:stream'
import type { ArchiveFinding, CopiedTree, CopyTree } from '../../model/archive.ts'
import { StreamChild } from './child.ts'
import { describeMetadata } from './describe-tree.ts'
import { interrupted } from './disk-error.ts'
import { tarCreate } from './gnu-tar.ts'
import { requireSource, requireUnchanged } from './still-source.ts'
import { requireTarSuccess, warningsOf } from './tar-exit.ts'
import { unpackArchive } from './unpack.ts'

/**
 * Copies a tree the way an archive of it would be restored: GNU tar writes it to a pipe, the strict reader judges every
 * member, and only what it accepted is extracted. A plain copy would bring along devices, setuid files and links that lead
 * out, which an archive is refused for.
 *
 * @throws as the port says
 */
export async function copyTree({ sourceDir, into, ...reading }: CopyTree): Promise<CopiedTree> {
  const { signal } = reading
  requireSource(sourceDir, into)
  try {
    const before = await describeMetadata(sourceDir, signal)
    await using tar = new StreamChild(tarCreate(sourceDir), { signal })
    tar.stdin.end()
    const told: ArchiveFinding[] = []
    const written = async function* () {
      yield* tar.stdout
      const exit = await tar.exit
      requireTarSuccess(exit, sourceDir)
      told.push(...warningsOf(exit))
    }
    const { manifest, findings } = await unpackArchive(
      { ...reading, open: () => Readable.from(written(), { objectMode: false }), name: sourceDir, into },
      async read => {
        told.push(...requireUnchanged(sourceDir, before, await describeMetadata(sourceDir, signal), read.manifest))
      },
    )
    return { manifest, findings: [...findings, ...told] }
  } catch (thrown) {
    throw signal?.aborted ? interrupted(`copying ${sourceDir}`) : thrown
  }
}
