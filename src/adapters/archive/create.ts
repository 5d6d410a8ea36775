import { realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { compareManifests } from '../../archive/compare.ts'
import { UNLIMITED } from '../../archive/limits.ts'
import { ArchiveScreen } from '../../archive/screen.ts'
import type { ArchiveFinding, CreateArchive, CreatedArchive, Manifest } from '../../model/archive.ts'
import { RunproofError } from '../../model/error.ts'
import { checkRecipients, encrypted } from './age.ts'
import { StreamChild } from './child.ts'
import { compressed } from './compress.ts'
import { describeMetadata, type TreeDescription } from './describe-tree.ts'
import { interrupted } from './disk-error.ts'
import { tarCreate } from './gnu-tar.ts'
import { lent } from './lend.ts'
import { OutputFile } from './output-file.ts'
import { requireTarSuccess, warningsOf } from './tar-exit.ts'
import { unreadable } from './tree-walk.ts'

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

function requireSource(sourceDir: string, archivePath: string): void {
  try {
    if (!statSync(sourceDir).isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' })
  } catch (thrown) {
    throw unreadable(sourceDir, thrown)
  }
  const folder = path.dirname(path.resolve(archivePath))
  const source = realpathSync(sourceDir)
  const inside = path.relative(source, safeRealPath(folder))
  if (inside === '' || (inside !== '..' && !inside.startsWith('../') && !path.isAbsolute(inside))) {
    throw new RunproofError('PATH_UNSAFE', `${archivePath} is inside ${sourceDir}, so the archive would hold itself`, {
      hint: 'write the archive outside the directory it is made of',
    })
  }
}

function safeRealPath(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}

/** @returns findings about sockets, which no archive can hold and a restart makes again */
function requireUnchanged(
  sourceDir: string,
  before: TreeDescription,
  after: TreeDescription,
  manifest: Manifest,
): ArchiveFinding[] {
  const touched = new Set<string>()
  for (const [name, stamp] of before.stamps) if (after.stamps.get(name) !== stamp) touched.add(name)
  for (const name of after.stamps.keys()) if (!before.stamps.has(name)) touched.add(name)

  const isSocket = (entry: { readonly type: string }) => entry.type === 'socket'
  const { extra, missing, changed } = compareManifests(manifest, after.manifest, ['sha256', 'xattrs'])
  for (const { path: name } of [...missing, ...changed, ...extra.filter(entry => !isSocket(entry))]) touched.add(name)

  if (touched.size > 0) {
    const some = [...touched].slice(0, 3).join(', ')
    throw new RunproofError(
      'ARCHIVE_CHANGED_WHILE_READ',
      `${touched.size} paths of ${sourceDir} changed while it was archived: ${some}`,
      {
        hint: 'stop what writes there, or archive a snapshot; a copy of a moving tree proves nothing',
      },
    )
  }
  return extra
    .filter(isSocket)
    .map(entry => ({ rule: 'socket-not-archived', path: entry.path, detail: 'a socket cannot be archived' }))
}
