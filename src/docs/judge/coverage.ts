import type { Finding } from '../finding.ts'
import type { Place } from '../place.ts'
import type { CommandTree } from '../tree/tree.ts'
import type { JudgedCommand } from './verdict.ts'

/** A command that a runbook or a smoke runs. */
export interface Exercised {
  /** The program first; words whose value is only known when it runs are `<like-this>`. */
  readonly argv: readonly string[]
  readonly at: Place
  /** Id of the runbook. */
  readonly by: string
}

export interface Coverage {
  readonly findings: readonly Finding[]
  readonly programs: readonly ProgramCoverage[]
}

export interface ProgramCoverage {
  readonly program: string
  readonly commands: Share
  readonly flags: Share
  /** Of the documented commands, those that a runbook runs; null where no runbooks were given. */
  readonly exercised: Share | null
}

export interface Share {
  readonly of: number
  readonly covered: number
}

/**
 * What no page says of a program: its commands and options that are undocumented, what is documented and never run, and what runbooks run that
 * no page has.
 *
 * @param pages - files of the pages that were read, at least one
 * @param exercised - null where nothing is known of runbooks
 * @param all - also what is a warning; without it only what runbooks need
 */
export function findCoverage(_: {
  readonly trees: readonly CommandTree[]
  readonly judged: readonly JudgedCommand[]
  readonly exercised: readonly Exercised[] | null
  readonly pages: readonly string[]
  readonly all: boolean
}): Coverage {
  return { findings: [], programs: [] }
}
