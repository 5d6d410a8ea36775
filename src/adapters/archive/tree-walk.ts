import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { textOfPath } from '../../archive/path-text.ts'
import { RunproofError } from '../../model/error.ts'
import { errnoOf, interrupted } from './disk-error.ts'

export interface TreeNode {
  /** Relative path as a byte string, `.` for the root. */
  readonly key: string
  /** What file system calls take. */
  readonly path: Buffer
  readonly stats: BigIntStats
}

/** Long enough to be fast, short enough for signals and progress. */
const TURN_MS = 20

/**
 * Every node of a tree, parents first, links not followed. Synchronous calls, since an await per file costs more than the
 * call, with a pause for the event loop every 20 ms.
 *
 * @throws RunproofError FILE_UNREADABLE naming the path, INTERRUPTED
 */
export async function* walkTree(root: string, signal?: AbortSignal): AsyncGenerator<readonly TreeNode[]> {
  let batch: TreeNode[] = []
  let turnEnds = performance.now() + TURN_MS
  const pending: string[] = ['.']
  while (pending.length > 0) {
    const key = pending.pop()!
    const node = readNode(root, key)
    batch.push(node)
    if (node.stats.isDirectory()) {
      for (const name of namesIn(node)) pending.push(key === '.' ? name : `${key}/${name}`)
    }
    if (performance.now() < turnEnds && batch.length < 1000) continue
    yield batch
    batch = []
    await nextTurn()
    if (signal?.aborted) throw interrupted(`reading ${root}`)
    turnEnds = performance.now() + TURN_MS
  }
  if (batch.length > 0) yield batch
}

function absolutePath(root: string, key: string): Buffer {
  return Buffer.concat([Buffer.from(root), Buffer.from(key === '.' ? '' : `/${key}`, 'latin1')])
}

export function unreadable(path: string, thrown: unknown): RunproofError {
  return new RunproofError('FILE_UNREADABLE', `${path} cannot be read (${errnoOf(thrown) ?? 'unknown reason'})`, {
    hint: `look at it as the same user: ls -ld ${path}`,
    cause: thrown,
  })
}

function readNode(root: string, key: string): TreeNode {
  const path = absolutePath(root, key)
  try {
    return { key, path, stats: lstatSync(path, { bigint: true }) }
  } catch (thrown) {
    throw unreadable(key === '.' ? root : `${root}/${textOfPath(key)}`, thrown)
  }
}

function namesIn(node: TreeNode): string[] {
  try {
    return readdirSync(node.path, { encoding: 'buffer' }).map(name => name.toString('latin1'))
  } catch (thrown) {
    throw unreadable(textOfPath(node.path.toString('latin1')), thrown)
  }
}
