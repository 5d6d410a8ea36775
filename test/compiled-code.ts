import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import standIn from '../src/targets/stand-in.ts'

/** Where the stand-in keeps its own; Node has a directory for each user in it, named after version, machine and user. */
const OF_STAND_IN = resolve(
  dirname(standIn.bundledBinary!),
  '../../node_modules/.cache',
  basename(standIn.bundledBinary!),
)

/**
 * What `NODE_COMPILE_CACHE` of a run should be: a new home has no compiled code, and making it costs a run more than all it does.
 * Another user may neither read nor write ours, so it gets directories of its own, also for the daemons of its run.
 */
export function compiledCodeFor(uid: number | undefined): string | undefined {
  const own = process.env.NODE_COMPILE_CACHE
  if (own === undefined || uid === undefined) return own
  const theirs = `${own}-${uid}`
  giveDirectory(theirs, uid)
  for (const name of namesIn(OF_STAND_IN)) {
    if (!name.endsWith('-0')) continue
    chmodSync(OF_STAND_IN, 0o711)
    giveDirectory(join(OF_STAND_IN, name.replace(/-0$/, `-${uid}`)), uid)
  }
  return theirs
}

function giveDirectory(path: string, uid: number): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chownSync(path, uid, uid)
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
