import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { RunproofError } from '../../model/error.ts'
import { bootId, identify, isAlive } from '../process/identity.ts'
import type { Directory } from './directory.ts'
import { UNCHANGED } from './explain.ts'

/** The end of a name that only replacements give: whose it is, and which one of theirs. */
const OWN = /\.runproof-(?<boot>[0-9a-f]{8})-(?<pid>\d+)-(?<ticks>\d+)-[0-9a-f]{12}$/

const boot = () => bootId().replaceAll('-', '').slice(0, 8)

/** A name that nothing has, which says who gave it. */
export function ownName(prefix: string): string {
  const { pid, startTicks } = identify(process.pid)!
  return `${prefix}.runproof-${boot()}-${pid}-${startTicks}-${randomBytes(6).toString('hex')}`
}

/**
 * Removes what replacements that were killed have left under names with this prefix.
 *
 * @param mine - the name of what this replacement has made before: of two at once, one sees the other
 * @returns how many
 * @throws RunproofError FILE_NOT_REPLACED while another replacement of the same file goes on
 */
export async function removeStale(
  directory: Directory,
  prefix: string,
  mine: readonly string[],
  path: string,
): Promise<number> {
  let removed = 0
  for (const name of await readdir(directory.at('.'))) {
    if (!name.startsWith(`${prefix}.runproof-`) || mine.includes(name)) continue
    const found = OWN.exec(name.slice(prefix.length))?.groups
    if (found === undefined) continue
    const maker = { bootId: bootId(), pid: Number(found['pid']), startTicks: Number(found['ticks']) }
    if (found['boot'] === boot() && isAlive(maker))
      throw new RunproofError(
        'FILE_NOT_REPLACED',
        `can't replace ${path}: process ${maker.pid} is replacing it; ${UNCHANGED} or has what that one gave it`,
        { hint: 'wait for the other one to end, and look what it did, before running again' },
      )
    await rm(directory.at(name), { recursive: true, force: true })
    removed += 1
  }
  return removed
}
