import { access, constants, rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Replaced } from '../../model/replace-file.ts'
import type { Secret } from '../../model/secret.ts'
import { errnoOf } from '../../model/system-error.ts'
import { Directory } from './directory.ts'
import { notReplaced, UNCHANGED } from './explain.ts'
import { blanksFor, contentAfter, openOld, refuseOther, writeLike } from './old-file.ts'
import { ownName, removeStale } from './own-names.ts'

/** A new file in the same directory takes the old one's name. */
export async function replaceByRename(path: string, content: Secret, expected?: Secret): Promise<Replaced> {
  let state = UNCHANGED
  try {
    await using directory = await Directory.of(path)
    const name = basename(path)
    const { handle, old } = await openOld(directory.at(name), path, 'read')
    await handle.close()
    const temporary = ownName(`.${name}`)
    try {
      await writeLike(directory.at(temporary), old, contentAfter(old, content), path)
      const staleRemoved = await removeStale(directory, `.${name}`, [temporary], path)
      await refuseChanged(directory.at(name), path, expected)
      await rename(directory.at(temporary), directory.at(name))
      state = 'it has its new content, which is perhaps not on the disk yet'
      await directory.sync()
      return { staleRemoved, otherNames: old.stats.nlink - 1 }
    } finally {
      await rm(directory.at(temporary), { force: true })
    }
  } catch (thrown) {
    throw notReplaced(thrown, path, 'rename', state)
  }
}

/** A file like the old one is made beside it, and taken away; no file that is mounted by itself or immutable loses its name. */
export async function rehearseByRename(path: string): Promise<void> {
  await using directory = await Directory.of(path)
  const name = basename(path)
  const { handle, old } = await openOld(directory.at(name), path, 'read')
  {
    await using opened = handle
    if (!(await directory.isOnMountOf(opened))) throw Object.assign(new Error('mounted by itself'), { code: 'EBUSY' })
  }
  // That it may not be written to is of no account where another file takes its name; that nobody may is.
  await access(directory.at(name), constants.W_OK).catch(refuseFrozen)
  const temporary = ownName(`.${name}`)
  try {
    await writeLike(directory.at(temporary), old, blanksFor(old), path)
  } finally {
    await rm(directory.at(temporary), { force: true })
  }
}

function refuseFrozen(thrown: unknown): void {
  const errno = errnoOf(thrown)
  if (errno === 'EPERM' || errno === 'EROFS') throw thrown
}

async function refuseChanged(at: string, path: string, expected: Secret | undefined): Promise<void> {
  const { handle, old } = await openOld(at, path, 'read')
  await handle.close()
  refuseOther(old, path, expected)
}
