import type { Role, Step } from '../model/runbook.ts'
import type { Decision } from '../policy/decide.ts'
import type { Asked } from './people.ts'

/** All that somebody has to know who decides whether a step is run now. */
export interface Scene {
  readonly step: Step
  readonly index: number
  /** How many steps the runbook has. */
  readonly steps: number
  /** What policy says to it; an ask is answered after this. */
  readonly decision: Decision
  /** Who is in charge. */
  readonly asked: Asked
  readonly operator: string
  /** What would be taken back, where something can be. */
  readonly undo?: { readonly step: string; readonly describe: string; readonly whole: boolean }
  /** Set after the step: it ended so that the run would end with it. To run it is then to try it again, to skip it is to go on all the same. */
  readonly ended?: { readonly outcome: string; readonly reason: string }
  /** What a snapshot collects, where the runbook has one. */
  readonly snapshot?: string
}

export type Choice =
  | { readonly do: 'run' | 'undo' | 'snapshot' }
  | {
      readonly do: 'stop' /** The terminal went away, or its input ended: no person said so. */
      readonly nobody?: true
    }
  | { readonly do: 'skip'; readonly reason: string }
  | { readonly do: 'note'; readonly text: string }
  | { readonly do: 'hand-over'; readonly to: string; readonly role?: Role }

/** A person who decides before each step what happens next. */
export interface Conductor {
  /** @param signal - aborts when the run is interrupted: nobody has to choose any more */
  choose(scene: Scene, signal: AbortSignal): Promise<Choice>
  /** What became of a choice that did not lead on. */
  tell(text: string): void
}
