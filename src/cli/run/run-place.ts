import { existsSync } from 'node:fs'
import { chmod, mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { files, syncDirectory, syncFile } from '../../adapters/files.ts'
import { holdLease, type Lease } from '../../adapters/process/lease.ts'
import { QUARANTINED_SUFFIX } from '../../evidence/layout.ts'
import { readTree } from '../../evidence/tree.ts'
import { RunproofError } from '../../model/error.ts'
import { errnoOf, fileError } from '../../model/system-error.ts'

/**
 * Nothing is deleted: evidence that can't be sealed may be the only record there is. A leak goes into quarantine.
 *
 * @param goOnBy - the command that goes on with the run, where there is one: what it has changed is on record up to the break, and a
 *   run from the start would change it once more
 */
export async function keepUnsealed(
  error: RunproofError,
  {
    runDir,
    finalDir,
    goOnBy,
  }: { readonly runDir: string; readonly finalDir: string; readonly goOnBy: string | undefined },
): Promise<never> {
  const place = error.code === 'SECRET_LEAKED' ? `${finalDir}${QUARANTINED_SUFFIX}` : runDir
  if (place !== runDir) await rename(runDir, place)
  throw new RunproofError(error.code, `${error.message}; the run is not sealed, its record lies in ${place}`, {
    hint:
      error.code === 'DISK_FULL' && goOnBy !== undefined
        ? `free some space there, then go on with it: ${goOnBy}`
        : error.hint,
    cause: error,
  })
}

/** Whatever wrote an artefact, and with whatever mode: sealed evidence is private, and on disk before it has its name. */
export async function publish(from: string, to: string): Promise<void> {
  try {
    const tree = await readTree(files, from)
    for (const path of tree.files) {
      await chmod(join(from, path), 0o600)
      await syncFile(join(from, path))
    }
    for (const path of ['.', ...tree.directories].reverse()) {
      await chmod(join(from, path), 0o700)
      await syncDirectory(join(from, path))
    }
    await rename(from, to)
    await syncDirectory(dirname(to))
  } catch (thrown) {
    throw fileError(thrown, to, 'publish')
  }
}

export async function claimScratch(of: Parameters<typeof holdLease>[0]): Promise<Lease> {
  try {
    return await holdLease(of)
  } catch (thrown) {
    if (errnoOf(thrown) === 'EEXIST')
      throw new RunproofError('NOT_RESUMABLE', `${of.runId} is being run by another process`, {
        hint: 'nothing was done here; runproof gc clears what a dead one left',
        cause: thrown,
      })
    const error = fileError(thrown, of.workDir, 'claim scratch space in')
    throw new RunproofError(error.code, error.message, {
      hint: error.hint ?? '--work DIR goes elsewhere',
      cause: thrown,
    })
  }
}

export async function makeRunDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (thrown) {
    const error = fileError(await firstReason(path, thrown), path, 'create')
    throw new RunproofError(error.code, error.message, {
      hint: error.hint ?? '--reports DIR goes elsewhere',
      cause: thrown,
    })
  }
}

/** Of a path on a read-only file system Node says that it is not there. What keeps its first missing part from being made says why. */
async function firstReason(path: string, thrown: unknown): Promise<unknown> {
  if (errnoOf(thrown) !== 'ENOENT') return thrown
  let missing = path
  while (!existsSync(dirname(missing))) missing = dirname(missing)
  return mkdir(missing, { mode: 0o700 }).then(
    () => thrown,
    reason => reason,
  )
}
