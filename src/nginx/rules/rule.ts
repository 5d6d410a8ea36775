import type { EdgeApi, EdgePath } from '../../model/edge-api.ts'
import type { Configuration, Position } from '../ast.ts'
import type { Effective, View } from '../view.ts'

export type Severity = 'error' | 'warning'

/** One request that the daemon behind the proxy is meant to get, and what becomes of it. */
export interface EdgeRequest {
  readonly path: EdgePath
  readonly view: View
}

/** What rules judge. */
export interface Subject {
  readonly configuration: Configuration
  readonly effective: Effective
  readonly edge: EdgeApi
  /** Each path of the daemon at each server that passes any of them on, by TLS and in clear text where it takes both. */
  readonly requests: readonly EdgeRequest[]
}

/** Something that is not as it should be, at one place and for one path. */
export interface Found {
  readonly at: Position
  /** Id of the path that gets it; undefined where it is the same for every path. */
  readonly path?: string
  readonly expected: string
  readonly actual: string
}

export interface Rule {
  readonly id: string
  /** What holds when it is kept. */
  readonly title: string
  /** What happens when it is not. */
  readonly why: string
  readonly severity: Severity
  judge(subject: Subject): Iterable<Found>
}
