/** What the engine tells whoever watches. The same events as the journal's, with the ids that a display needs. */
export type Progress =
  | { readonly type: 'run-started'; readonly runId: string; readonly title: string; readonly steps: number }
  | { readonly type: 'step-started'; readonly step: string; readonly title: string; readonly index: number }
  /** It ended before the break, and is not run again. */
  | {
      readonly type: 'carried-over'
      readonly step: string
      readonly title: string
      readonly index: number
      readonly outcome: string
    }
  | { readonly type: 'command'; readonly step: string; readonly command: string }
  /** A check that cannot be asked with what was given: what it would have said is not known. */
  | { readonly type: 'untested'; readonly step: string; readonly title: string; readonly why: string }
  | {
      readonly type: 'check'
      readonly step: string
      readonly check: string
      readonly title: string
      readonly outcome: string
      readonly reason?: string | undefined
      readonly durationMs: number
      /** How many `counterproof` events follow for it. */
      readonly counterproofs: number
    }
  | {
      readonly type: 'counterproof'
      readonly step: string
      readonly check: string
      readonly counterproof: string
      readonly breaks: string
      readonly outcome: string
      readonly said: string
      readonly durationMs: number
    }
  | {
      readonly type: 'step-ended'
      readonly step: string
      readonly outcome: string
      readonly reason?: string | undefined
      readonly durationMs: number
      readonly counterproofsMs: number
    }
  | { readonly type: 'release'; readonly what: string; readonly outcome: string }

export type Watch = (progress: Progress) => void
