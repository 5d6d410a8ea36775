import { UNLIMITED } from '../../archive/limits.ts'
import { ArchiveScreen } from '../../archive/screen.ts'
import type { ArchiveFinding, CreateArchive, CreatedArchive, Manifest } from '../../model/archive.ts'
import { checkRecipients, encrypted } from './age.ts'
import { StreamChild } from './child.ts'
import { compressed } from './compress.ts'
import { describeMetadata } from './describe-tree.ts'
import { interrupted } from './disk-error.ts'
import { tarCreate } from './gnu-tar.ts'
import { lent } from './lend.ts'
import { OutputFile } from './output-file.ts'
import { requireSource, requireUnchanged } from './still-source.ts'
import { requireTarSuccess, warningsOf } from './tar-exit.ts'

type Screened = { readonly manifest: Manifest; readonly findings: readonly ArchiveFinding[] }

/**
 * Archives a directory with GNU tar; the manifest is made of the very bytes tar wrote while they pass to the compressor.
 * A walk before, a walk after and the manifest must agree: what tar skipped or read while it changed cannot go unseen.
 *
 * @throws as the port says
 */
export async function createArchive(options: CreateArchive): Promise<CreatedArchive> {
  const { sourceDir, archivePath, signal } = options
  requireSource(sourceDir, archivePath)
  await checkRecipients(options.recipients ?? [])
  try {
    const before = await describeMetadata(sourceDir, signal)
    await using file = await OutputFile.create(archivePath)
    const screened = await archiveInto(file, options)
    const { manifest } = screened
    const sockets = requireUnchanged(sourceDir, before, await describeMetadata(sourceDir, signal), manifest)
    if (signal?.aborted) throw interrupted(`archiving ${sourceDir}`)
    return { archivePath, ...(await file.finish()), manifest, findings: [...screened.findings, ...sockets] }
  } catch (thrown) {
    throw signal?.aborted ? interrupted(`archiving ${sourceDir}`) : thrown
  }
}

async function archiveInto(file: OutputFile, options: CreateArchive): Promise<Screened> {
  const { signal, recipients = [] } = options
  await using tar = new StreamChild(tarCreate(options.sourceDir), { signal })
  tar.stdin.end()
  const screen = new ArchiveScreen(UNLIMITED, 'report')
  let result: Screened | undefined

  const screened = async function* () {
    for await (const chunk of lent(tar.stdout as AsyncIterable<Buffer>)) {
      screen.push(chunk, Number.POSITIVE_INFINITY)
      options.onProgress?.({ entries: screen.entries, bytes: screen.bytes })
      yield chunk
    }
    const exit = await tar.exit
    requireTarSuccess(exit, options.sourceDir)
    const { manifest, findings } = screen.end()
    result = { manifest, findings: [...findings, ...warningsOf(exit)] }
  }

  const packed = compressed(screened(), options.compression ?? 'zstd', signal)
  for await (const chunk of recipients.length > 0 ? encrypted(packed, recipients, signal) : packed)
    await file.write(chunk)
  return result!
}
