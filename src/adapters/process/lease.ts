import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RunproofError } from '../../model/error.ts'
import type { ProcessIdentity } from '../../model/instance.ts'
import { isOwnDirectory } from '../own-directory.ts'
import { identify } from './identity.ts'
import type { MadeDirectory } from './made-directory.ts'
import { removeTree } from './remove-tree.ts'

const LEASE_FILE = 'lease.json'

/** What `gc` needs to clean up after a run that could not do so itself. */
export interface LeaseRecord {
  readonly runId: string
  /** The runproof process; while it lives nothing of the run is touched. */
  readonly holder: ProcessIdentity
  /** Where the run writes its evidence; named for people, never removed. */
  readonly runDir: string
  readonly scratchDir: string
  readonly processes: readonly ProcessIdentity[]
  /** Values of the marker in the environment of instances that have no namespace of their own. */
  readonly markers: readonly string[]
  /** Directories outside the scratch directory, for sockets with short names. */
  readonly extraDirs: readonly string[]
  /** Directories the run made where its operator said. */
  readonly made: readonly MadeDirectory[]
}

/** A claim on `<workDir>/<runId>`, written down before anything happens there. Disposing removes the directory. */
export interface Lease extends AsyncDisposable {
  readonly scratchDir: string
  addProcess(identity: ProcessIdentity): void
  addMarker(marker: string): void
  addDir(path: string): void
  addMade(directory: MadeDirectory): void
  dropMade(path: string): void
}

/** @throws RunproofError PATH_UNSAFE when others can write to `workDir`; the system's error when the directory exists or cannot be made */
export async function holdLease(of: {
  readonly workDir: string
  readonly runId: string
  readonly runDir: string
}): Promise<Lease> {
  const scratchDir = join(of.workDir, of.runId)
  mkdirSync(of.workDir, { recursive: true, mode: 0o700 })
  refuseForeign(of.workDir)
  mkdirSync(scratchDir, { mode: 0o700 })
  const processes: ProcessIdentity[] = []
  const markers: string[] = []
  const extraDirs: string[] = []
  let made: readonly MadeDirectory[] = []
  const holder = identify(process.pid)!
  const write = () =>
    writeLease({ runId: of.runId, holder, runDir: of.runDir, scratchDir, processes, markers, extraDirs, made })
  const note =
    <Entry>(list: Entry[]) =>
    (entry: Entry) => {
      list.push(entry)
      write()
    }
  write()
  return {
    scratchDir,
    addProcess: note(processes),
    addMarker: note(markers),
    addDir: note(extraDirs),
    addMade(directory) {
      made = [...made, directory]
      write()
    },
    dropMade(path) {
      made = made.filter(one => one.path !== path)
      write()
    },
    [Symbol.asyncDispose]: () => removeTree(scratchDir),
  }
}

/**
 * Renamed into place, since a reader after SIGKILL must never find half a lease. Not fsynced: after a power cut no process
 * of it lives, and one lease is written for every process of an instance.
 */
function writeLease(record: LeaseRecord): void {
  const path = join(record.scratchDir, LEASE_FILE)
  writeFileSync(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** The default work directory has a name that anyone could have guessed and made first. */
function refuseForeign(dir: string): void {
  if (isOwnDirectory(dir)) return
  throw new RunproofError('PATH_UNSAFE', `${dir} is not a directory that only you can write to`, {
    hint: 'give another one with --work, or look whose it is: ls -ld',
  })
}

/**
 * A lease says what is killed and removed, so whoever can write one decides that: it counts in a directory of one's own only.
 *
 * @returns undefined when the directory holds no lease: it is not ours
 * @throws RunproofError STATE_MALFORMED when there is one that cannot be understood
 */
export function readLease(dir: string): LeaseRecord | undefined {
  if (!isOwnDirectory(dir)) return undefined
  const path = join(dir, LEASE_FILE)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  const record = parse(text)
  if (record === undefined) {
    throw new RunproofError('STATE_MALFORMED', `${path} is not a lease`, {
      hint: `look at what lies in ${dir} and remove it by hand`,
    })
  }
  return record
}

function parse(text: string): LeaseRecord | undefined {
  try {
    const { runId, holder, runDir, scratchDir, processes, markers, extraDirs, made } = JSON.parse(text) as LeaseRecord
    const texts = [runId, runDir, scratchDir, ...markers, ...extraDirs, ...made.map(one => one.path)]
    const whole = texts.every(value => typeof value === 'string') && [holder, ...processes].every(isIdentity)
    return whole ? { runId, holder, runDir, scratchDir, processes, markers, extraDirs, made } : undefined
  } catch {
    return undefined
  }
}

function isIdentity(value: ProcessIdentity): boolean {
  const namespaced = ['string', 'undefined'].includes(typeof value.pidNamespace)
  return (
    namespaced &&
    typeof value.bootId === 'string' &&
    Number.isSafeInteger(value.pid) &&
    Number.isSafeInteger(value.startTicks)
  )
}
