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
  /**
   * `words`: code in prose that names a command (`runs get`) and shows none of its arguments, so that nothing was asked
   * about arguments it lacks. `whole`: that was asked, too.
   */
  readonly extent: 'whole' | 'words'
}

/** Programs that are meant where code in prose names none (`routes check` for `deployctl routes check`), and who says so. */
export interface PagePrograms {
  readonly names: readonly string[]
  /** `page`: its fences run them, or code in its prose begins with them. `none`: nobody said it, so such code is not judged. */
  readonly from: 'option' | 'front-matter' | 'page' | 'none'
}

export interface Verdict {
  readonly programs: PagePrograms
  /** Everything that was read as a command, of whichever program, also what no tree is there for. */
  readonly commands: readonly DocumentedCommand[]
  readonly judged: readonly JudgedCommand[]
  readonly findings: readonly Finding[]
  readonly unjudged: readonly Unjudged[]
}
