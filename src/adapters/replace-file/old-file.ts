import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { RunproofError } from '../../model/error.ts'
import type { Secret } from '../../model/secret.ts'
import { UNCHANGED } from './explain.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants

/** A secret in a file is short; what is longer is something else. */
const MOST_BYTES = 1 << 20

export interface OldFile {
  readonly stats: Stats
  readonly bytes: Buffer
}

/**
 * Opens a file that is to be replaced, without following it anywhere.
 *
 * @param at - the path to open; `path` is the one that messages name
 * @throws RunproofError PATH_UNSAFE for what is no ordinary file, FILE_NOT_REPLACED for one that is far too long for a secret
 */
export async function openOld(
  at: string,
  path: string,
  how: 'read' | 'write',
): Promise<{ readonly handle: FileHandle; readonly old: OldFile }> {
  const before = await lstat(at)
  refuseKind(before, path)
  const handle = await open(at, (how === 'read' ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_NONBLOCK)
  try {
    const stats = await handle.stat()
    refuseKind(stats, path)
    if (stats.size > MOST_BYTES)
      throw new RunproofError(
        'FILE_NOT_REPLACED',
        `can't replace ${path}: it has ${stats.size} bytes, which is no secret; ${UNCHANGED}`,
        { hint: 'is that the file that the daemon was started with?' },
      )
    const bytes = Buffer.alloc(stats.size)
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
    return { handle, old: { stats, bytes: bytes.subarray(0, bytesRead) } }
  } catch (error) {
    await handle.close()
    throw error
  }
}

function refuseKind(stats: Stats, path: string): void {
  if (stats.isFile()) return
  const [kind, hint] = stats.isSymbolicLink()
    ? ['a symbolic link', '--param style=data-link where Kubernetes made it; else give the file that it leads to']
    : stats.isDirectory()
      ? ['a directory', 'give the file in it']
      : ['no ordinary file', 'give a file']
  throw new RunproofError('PATH_UNSAFE', `can't replace ${path}: it is ${kind}; nothing was changed`, { hint })
}

/**
 * Whoever replaces a file has made something beside it first, and looks for others doing so; this looks whether one of them has
 * just come to its end.
 *
 * @throws RunproofError FILE_NOT_REPLACED where it holds another value than the one that was looked at
 */
export function refuseOther(old: OldFile, path: string, expected: Secret | undefined): void {
  if (expected === undefined || old.bytes.toString('utf8').trim() === expected.reveal()) return
  throw new RunproofError(
    'FILE_NOT_REPLACED',
    `${path} holds another value than a moment ago: somebody else replaced it; nothing was changed`,
    { hint: 'wait for the other rotation to end, and look what it did, before running again' },
  )
}

/** The new content, which ends as the old one did. */
export function contentAfter(old: OldFile, content: Secret): Buffer {
  return Buffer.from(`${content.reveal()}${old.bytes.at(-1) === 0x0a ? '\n' : ''}`)
}

/** As long as the old content, and no secret. */
export function blanksFor(old: OldFile): Buffer {
  return Buffer.alloc(old.bytes.length, ' ')
}

/** A new file with the mode and the owner of the old one before it holds anything, and on disk when this returns. */
export async function writeLike(at: string, old: OldFile, bytes: Uint8Array, path: string): Promise<void> {
  await using handle = await open(at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  await giveTo(handle, old.stats, path)
  // Said outright: the process's umask narrows the mode that open gets, and another owner may have taken bits away.
  await handle.chmod(old.stats.mode & 0o7777)
  await handle.writeFile(bytes)
  await handle.sync()
}

async function giveTo(handle: FileHandle, { uid, gid }: Stats, path: string): Promise<void> {
  const made = await handle.stat()
  if (made.uid === uid && made.gid === gid) return
  try {
    await handle.chown(uid, gid)
  } catch (cause) {
    throw new RunproofError(
      'FILE_NOT_REPLACED',
      `can't replace ${path}: it belongs to ${uid}:${gid}, and user ${made.uid} can make no such file; ${UNCHANGED}`,
      { hint: 'run as its owner or as root; or --param style=in-place, where this user may write to it', cause },
    )
  }
}
