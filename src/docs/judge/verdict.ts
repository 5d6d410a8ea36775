import type { DocumentedCommand, Unjudged } from '../command.ts'
import type { Finding } from '../finding.ts'

/** A documented command that was held against its program. */
export interface JudgedCommand {
  readonly command: DocumentedCommand
  readonly program: string
  /** Names of the sub-commands, aliases resolved; shorter than what is written where a word was not known. */
  readonly path: readonly string[]
  /** First names of the options that are given. */
  readonly options: readonly string[]
}

export interface Verdict {
  /** Everything that was read as a command, of whichever program, also what no tree is there for. */
  readonly commands: readonly DocumentedCommand[]
  readonly judged: readonly JudgedCommand[]
  readonly findings: readonly Finding[]
  readonly unjudged: readonly Unjudged[]
}
