import type { ArchivePort } from './archive.ts'
import type { Json } from './check.ts'
import type { Claims } from './claims.ts'
import type { Files } from './files.ts'
import type { HttpPort } from './http.ts'
import type { InstancePort } from './instance.ts'
import type { InterposerPort } from './interposer.ts'
import type { LeakScanPort } from './leak-scan.ts'
import type { ConfigFiles, NginxPort } from './nginx.ts'
import type { Notices } from './notices.ts'
import type { ReplaceFile } from './replace-file.ts'
import type { CommandRunner } from './run-command.ts'
import type { Signer } from './signer.ts'

export interface Clock {
  /** Wall clock, for instants. */
  now(): Date
  /** Milliseconds that never go back, for durations. They stand still while the machine sleeps. */
  monotonicMs(): number
  /** Milliseconds that never go back, for deadlines of people: they go on while the machine sleeps. */
  sinceBootMs(): number
}

/** Where a run's events go first, before anything acts on them. Appending returns only when the record is on disk. */
export interface Journal {
  /**
   * @returns when it was put on record: the instant that evidence gives for it
   * @throws RunproofError DISK_FULL, FILE_UNREADABLE: the caller must then not act
   */
  append(type: string, data: Readonly<Record<string, Json | undefined>>): string
}

/** Everything steps and checks reach the world through. The command line hands in adapters; tests may hand in fakes. */
export interface Tools {
  readonly clock: Clock
  readonly files: Files
  readonly replaceFile: ReplaceFile
  readonly archives: ArchivePort
  readonly instances: InstancePort
  readonly http: HttpPort
  readonly nginx: NginxPort
  readonly configFiles: ConfigFiles
  readonly interposer: InterposerPort
  readonly leaks: LeakScanPort
  readonly commands: CommandRunner
  readonly signer: Signer
  readonly notices: Notices
  readonly claims: Claims
}
