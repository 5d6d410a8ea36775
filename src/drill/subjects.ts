import type { Readable } from 'node:stream'
import type { Site } from '../daemon/subjects.ts'
import type { CreatedArchive, InspectArchive, Manifest } from '../model/archive.ts'
import { capture } from '../model/capture.ts'
import type { Instance } from '../model/instance.ts'
import type { Facts } from './facts.ts'

/** The two parts of a backup, archived apart. */
export type Part = 'state' | 'workspace'

/** The daemon that is backed up. */
export interface Source extends Site {
  readonly adminTokenFile: string
  readonly readonlyTokenFile: string
  /** A file in the workspace whose content must survive, relative. */
  readonly sentinel: string | undefined
}
export const source = capture<Source>('source', 'the daemon that is backed up')

/** What was true of the source at backup time. */
export const baseline = capture<Facts>('baseline', 'facts of the source at backup time')

/** The source as a process, where runproof itself started it: before the backup, and after it. */
export const running = capture<Instance>('running', 'the source daemon')
export const runningAgain = capture<Instance>('running-again', 'the source daemon, started again')

/** When the marker was about to be written, by this machine's clock, in milliseconds. */
export const markerSetAt = capture<number>('marker-set-at', 'when the marker was about to be written')

/** Where the set of files that leaves the machine lies: archives, manifests, digests, facts. */
export const backupDir = capture<string>('backup-dir', 'directory of the backup set')

/** Archives as the backup made them, before anything travelled. */
export type Made = Readonly<{ state: CreatedArchive; workspace?: CreatedArchive }>
export const made = capture<Made>('made', 'archives the backup made')

/** One archive as it is about to be restored. */
export interface Incoming {
  readonly path: string
  readonly open: () => Readable
  /** Recorded outside the archive. */
  readonly expectedSha256: string | undefined
  /** Of the bytes that were received; undefined for a snapshot. */
  readonly receivedSha256: string | undefined
  readonly manifest: Manifest | undefined
  /** How to decrypt it, where it is encrypted. */
  readonly reading: Pick<InspectArchive, 'decrypt'>
}
export type IncomingParts = Readonly<{ state: Incoming; workspace: Incoming | undefined }>
export const incoming = capture<IncomingParts>('incoming', 'archives to restore')

/** An archive of the state before the last changes; restoring it would be restoring the wrong backup. */
/** Where a snapshot is restored from instead of archives. */
export const snapshot = capture<{ readonly stateDir: string; readonly workspaceDir: string | undefined }>(
  'snapshot',
  'mounted snapshot to restore from',
)

/** The key id that must have signed the history, from an audit key that is kept apart. */
export const keptAuditKey = capture<string>('kept-audit-key', 'key id of an audit key that is kept apart')

export const older = capture<Incoming>('older', 'an archive of an older state')

/** Where the trees go. */
export interface RestorePlace {
  readonly directory: string
  /** For the trees and what counterproofs write. */
  readonly neededBytes: number
  /** Directories of live instances that the place must not touch. */
  readonly live: readonly string[]
}
export const restorePlace = capture<RestorePlace>('restore-place', 'where the trees go')

/** Trees as they were unpacked; nothing writes to them, daemons run on views. */
export interface Restored {
  readonly stateRoot: string
  readonly workspaceRoot: string
  /** As the archive, or the snapshot, itself says. */
  readonly manifests: Readonly<{ state: Manifest; workspace: Manifest | undefined }>
  /** Of the archive bytes that were unpacked, per part; empty for a snapshot. */
  readonly readSha256: Readonly<Partial<Record<Part, string>>>
  /** Whether files got the owners they had; else they all belong to whoever runs this. */
  readonly ownersKept: boolean
}
export const restored = capture<Restored>('restored', 'the trees that were unpacked')

/** What the restore is started with: copies of nothing, paths of what the operator gave. */
export const site = capture<Omit<Site, 'stateRoot' | 'workspaceRoot'>>(
  'site',
  'binary, routes file and master key of the restore',
)

/** Places on this machine that the isolated daemon must not touch. */
export const offLimits = capture<readonly string[]>('off-limits', 'places the isolated daemon must not touch')

/** How old the newest surviving record was when the drill asked for it. */
export const recoveryPoint = capture<{ readonly rpoMs: number; readonly basis: string }>(
  'recovery-point',
  'age of the newest surviving record',
)
