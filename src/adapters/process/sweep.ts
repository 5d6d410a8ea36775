import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { toRunproofError } from '../../model/error.ts'
import type { ProcessIdentity } from '../../model/instance.ts'
import { SHORT_SOCKET_DIR } from '../isolation/layout.ts'
import { isOwnDirectory } from '../own-directory.ts'
import { awaitGone, identify, isAlive, isUnseen, signalProcess } from './identity.ts'
import { type LeaseRecord, readLease } from './lease.ts'
import { isStill } from './made-directory.ts'
import { markedPids } from './marked.ts'
import { mountsBelow } from './mounts.ts'
import { removeTree } from './remove-tree.ts'

const KILL_TIMEOUT_MS = 5_000

/** What a dead run had left behind, and what was done about it. */
export interface Swept {
  readonly runId: string
  /** Where its unsealed evidence may lie; never removed. */
  readonly runDir: string
  readonly killed: readonly ProcessIdentity[]
  readonly removed: readonly string[]
  /** What stays, each with the reason. */
  readonly failed: readonly string[]
  /** Whose it is, where nobody can see from here whether that process lives: nothing was touched. */
  readonly unseen?: ProcessIdentity
}

/**
 * Cleans up after every run below `workDir` whose own process has ended: kills what it started and still lives, removes its
 * scratch directories. A directory without a lease, or with one whose holder lives, is left alone, and so is what others can write to.
 */
export async function sweep(workDir: string): Promise<Swept[]> {
  if (!existsSync(workDir)) return []
  if (!isOwnDirectory(workDir)) {
    const foreign = `${workDir} is not a directory that only you can write to: nothing in it was touched`
    return [{ runId: basename(workDir), runDir: '', killed: [], removed: [], failed: [foreign] }]
  }
  const names = readdirSync(workDir, { withFileTypes: true })
  const swept: Swept[] = []
  for (const entry of names) {
    if (!entry.isDirectory()) continue
    const dir = join(workDir, entry.name)
    try {
      const lease = readLease(dir)
      if (lease === undefined || isAlive(lease.holder)) continue
      swept.push(isUnseen(lease.holder) ? untouched(lease) : await sweepOne(dir, lease))
    } catch (error) {
      swept.push({ runId: entry.name, runDir: '', killed: [], removed: [], failed: [toRunproofError(error).message] })
    }
  }
  return swept
}

function untouched({ runId, runDir, holder }: LeaseRecord): Swept {
  return { runId, runDir, killed: [], removed: [], failed: [], unseen: holder }
}

async function sweepOne(dir: string, lease: LeaseRecord): Promise<Swept> {
  const marked = lease.markers.flatMap(markedPids).flatMap(pid => identify(pid) ?? [])
  const alive = [...lease.processes, ...marked].filter(isAlive)
  const killed = alive.filter(identity => signalProcess(identity, 'SIGKILL'))
  const stubborn = await awaitGone(alive, KILL_TIMEOUT_MS)
  const failed = stubborn.map(({ pid }) => `process ${pid} does not end`)

  const removed: string[] = []
  const replaced = lease.made.filter(made => existsSync(made.path) && !isStill(made))
  for (const { path } of replaced) failed.push(`${path} is kept: it is not the directory that the run made`)
  const made = lease.made.filter(isStill).map(({ path }) => path)
  for (const path of [...lease.extraDirs.filter(isSocketDir), ...made, dir]) {
    const mount = mountsBelow(path)[0]
    if (mount !== undefined) failed.push(`${path} is kept: ${mount} is mounted in it`)
    else if (path === dir && stubborn.length > 0) failed.push(`${path} is kept: the lease names what still runs`)
    else if (existsSync(path)) {
      try {
        await removeTree(path)
        removed.push(path)
      } catch (error) {
        failed.push(`${path} is kept: ${toRunproofError(error).message}`)
      }
    }
  }
  return { runId: lease.runId, runDir: lease.runDir, killed, removed, failed }
}

/** A lease is a file, and a file may have been edited: only what the instance adapter itself names like this is removed. */
function isSocketDir(path: string): boolean {
  return [tmpdir(), '/tmp'].includes(dirname(path)) && SHORT_SOCKET_DIR.test(basename(path))
}
