import type { NginxMessage } from '../../model/nginx.ts'
import type { Finding } from '../judge.ts'
import type { Severity } from '../rules/rule.ts'
import type { Survey } from '../survey.ts'

/** What nginx itself says of the configuration. */
export interface NginxSays {
  readonly outcome: 'accepted' | 'refused' | 'skipped'
  /** Which nginx, or why none was asked. */
  readonly by: string
  readonly messages: readonly NginxMessage[]
  /** Whether a finding speaks of what it refuses; true where it refuses nothing. */
  readonly foreseen: boolean
}

/** A configuration with everything that was found out about it. */
export interface Checked {
  readonly file: string
  readonly files: readonly string[]
  readonly target: string
  readonly findings: readonly Finding[]
  readonly ruleCount: number
  readonly survey: Survey
  readonly nginx: NginxSays
  readonly failOn: Severity
  readonly exitCode: number
}
