import type { InstancePort } from '../../model/instance.ts'
import type { Params } from '../../model/runbook.ts'
import type { Places } from '../places.ts'
import type { Terminal } from './machine.ts'

export type Instances = Pick<InstancePort, 'detectBarrier'>

/** What is looked at, and from where. */
export interface IncidentDoctorInput {
  /** Names or files; empty: every containment and rotation of this installation. */
  readonly runbooks: readonly string[]
  readonly targetId: string
  readonly params: Params
  /** `name=source`, as a run takes them. */
  readonly secrets: Readonly<Record<string, string>>
  readonly policy: string | undefined
  readonly places: Places
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly now: Date
  /** Undefined: nobody will sit at one. */
  readonly terminal: Terminal | undefined
  readonly instances: Instances
}
