import type { Accepted } from '../findings/accepted.ts'
import type { Unjudged } from './command.ts'
import type { Finding, Severity } from './finding.ts'
import type { ProgramCoverage } from './judge/coverage.ts'
import type { PagePrograms } from './judge/verdict.ts'
import type { Page } from './page/page.ts'
import type { Place } from './place.ts'
import type { CommandTree } from './tree/tree.ts'

/** A command tree and where it is from. */
export interface KnownProgram {
  readonly tree: CommandTree
  readonly from: SavedTree | AskedBinary
}

interface SavedTree {
  readonly kind: 'tree'
  readonly file: string
}

/** The program itself was asked, or was once and has not changed since. */
interface AskedBinary {
  readonly kind: 'binary'
  readonly path: string
  readonly sandbox: 'bubblewrap' | 'namespaces' | 'none'
  /** What it did besides answering, one sentence each. */
  readonly sideEffects: readonly string[]
  /** It was known by its digest, and not asked now. */
  readonly cached: boolean
}

/** Documentation with everything that was found out about it. Credentials in what pages say are replaced. */
export interface Checked {
  readonly pages: readonly CheckedPage[]
  /** By page, in the order of their places. */
  readonly findings: readonly CheckedFinding[]
  readonly commands: readonly CheckedCommand[]
  readonly unjudged: readonly Unjudged[]
  readonly programs: readonly KnownProgram[]
  /** Those of them that fences of pages run, and of whose commands not one could be judged. */
  readonly unknown: readonly string[]
  /** Of files, links and JSON members that pages name, how many were held against what there is. */
  readonly references: number
  /** Null where it was not asked for. */
  readonly coverage: readonly ProgramCoverage[] | null
  readonly failOn: Severity
  /** 1: a finding fails. 3: no command was judged, or none of one of the programs, so that nothing is known of it. */
  readonly exitCode: 0 | 1 | 3
}

export interface CheckedPage {
  readonly file: string
  readonly form: Page['form']
  /** Of its bytes. */
  readonly sha256: string
  readonly programs: PagePrograms
  readonly commands: number
  readonly judged: number
}

export interface CheckedCommand {
  readonly source: string
  readonly at: Place
  /** Null where it was not judged. */
  readonly judged: {
    readonly program: string
    readonly path: readonly string[]
    readonly options: readonly string[]
  } | null
}

export interface CheckedFinding extends Finding {
  /** The command it stands in, as it is written. */
  readonly command: string | undefined
  readonly ignored: Accepted | undefined
}
