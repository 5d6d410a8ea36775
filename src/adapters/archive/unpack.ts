import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import type { InspectedArchive, UnpackArchive } from '../../model/archive.ts'
import { RunproofError } from '../../model/error.ts'
import { type ChildExit, StreamChild } from './child.ts'
import { diskFull, errnoOf, interrupted, saysDiskFull } from './disk-error.ts'
import { tarExtract } from './gnu-tar.ts'
import { LentWriter } from './lend.ts'
import { readArchive } from './read-archive.ts'
import { describeExit } from './through-child.ts'
import { unreadable, walkTree } from './tree-walk.ts'

/**
 * Reads, judges and extracts in one pass. GNU tar gets only the stream written from judged members, in an empty
 * directory; when anything fails, the directory is as it was before.
 *
 * @param confirm - the last word on what was read; a throw there is a failure as any other
 * @throws as the port says
 */
export async function unpackArchive(
  options: UnpackArchive,
  confirm: (read: InspectedArchive) => Promise<void> = async () => {},
): Promise<InspectedArchive> {
  const { into, signal } = options
  const made = await requireEmpty(into)
  try {
    await using tar = new StreamChild(tarExtract(into), { signal, output: 'ignored' })
    const writer = new LentWriter(tar.stdin)
    const result = await readArchive(options, async bytes => {
      if (!(await writer.write(bytes))) await gone(tar, into)
    })
    tar.stdin.end()
    requireExtracted(await tar.exit, into)
    await confirm(result)
    if (signal?.aborted) throw interrupted(`unpacking into ${into}`)
    return result
  } catch (thrown) {
    await clear(into, made)
    throw signal?.aborted ? interrupted(`unpacking into ${into}`) : thrown
  }
}

/** tar ended before its input did. */
async function gone(tar: StreamChild, into: string): Promise<never> {
  const exit = await tar.exit
  requireExtracted(exit, into)
  throw extractFailed(exit, into)
}

function requireExtracted(exit: ChildExit, into: string): void {
  if (exit.code === 0) return
  throw saysDiskFull(exit.stderr) ? diskFull(into) : extractFailed(exit, into)
}

function extractFailed(exit: ChildExit, into: string): RunproofError {
  return new RunproofError('COMMAND_FAILED', `tar --extract ended with ${describeExit(exit)} in ${into}`, {
    hint: 'may this user write there, and does the file system take these names and attributes?',
    cause: exit.stderr,
  })
}

/** @returns whether the directory had to be made */
async function requireEmpty(into: string): Promise<boolean> {
  try {
    await mkdir(into, { mode: 0o700 })
    return true
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw unreadable(into, thrown)
  }
  const names = await readdir(into).catch((thrown: unknown) => {
    throw unreadable(into, thrown)
  })
  if (names.length === 0) return false
  throw new RunproofError(
    'NOT_EMPTY',
    `${into} holds ${names.length} entries; an archive is unpacked into an empty directory only`,
    {
      hint: 'give a directory that does not exist yet',
    },
  )
}

async function clear(into: string, made: boolean): Promise<void> {
  // directories an archive made unreadable cannot be emptied by anybody but root
  if (process.getuid?.() !== 0) {
    for await (const batch of walkTree(into)) {
      for (const node of batch) if (node.stats.isDirectory()) await chmod(node.path, 0o700)
    }
  }
  for (const name of await readdir(into)) await rm(`${into}/${name}`, { recursive: true, force: true })
  if (made) await rm(into, { recursive: true, force: true })
}
