import type { Readable, Writable } from 'node:stream'
import type { Attester } from '../../engine/attest.ts'
import type { Conductor } from '../../engine/conductor.ts'
import type { Plan } from '../../engine/plan.ts'
import type { Step } from '../../model/runbook.ts'
import { askPerson, type Person } from '../run/approve.ts'
import { LineInput } from './line-input.ts'
import { type Attach, approvedByLines, attestedByLines } from './person-at-terminal.ts'
import { terminalConductor } from './terminal-conductor.ts'

/** What of one run the person at the terminal needs. */
export interface Attended {
  readonly plan: Plan
  readonly attach: Attach
  /** Where `artifacts/` is while the run goes on. */
  readonly artifactsDir: string
  /** Everything that is shown passes it. */
  readonly redact: (text: string) => string
}

/** The terminal that people sit at: who approves, confirms, and, step by step, decides what happens next. */
export class Desk implements Disposable {
  readonly #input: Readable
  readonly #output: Writable & { readonly columns?: number }
  readonly stepwise: boolean
  #lines: LineInput | undefined

  constructor(
    input: Readable,
    output: Writable & { readonly columns?: number },
    { stepwise }: { readonly stepwise: boolean },
  ) {
    this.#input = input
    this.#output = output
    this.stepwise = stepwise
  }

  /** Where steps follow each other the operator answers with a key; everybody else is asked by name. */
  readonly person: Person = (question, signal) => {
    if (!this.stepwise && !question.asked.other) return askPerson(question, signal)
    return this.#with(lines => approvedByLines(lines, this.#output, question, signal))
  }

  /** A rehearsal that nobody conducts needs no person. */
  attester({ plan, attach, artifactsDir }: Attended): Attester | undefined {
    if (!this.stepwise && !plan.target.real && plan.inUse === undefined) return undefined
    return (step, manual, asked, signal) =>
      this.#with(lines => attestedByLines(lines, this.#output, { step, manual, asked, artifactsDir }, attach, signal))
  }

  async conductor({ plan, redact, artifactsDir }: Attended): Promise<Conductor | undefined> {
    if (!this.stepwise) return undefined
    // Readers of pages are a third of all that a run would load, and only who is shown steps needs them.
    const { citedPlaces } = await import('./cited-places.ts')
    const cited: (step: Step) => string | undefined = await citedPlaces(plan.runbook.id, plan.steps)
    const { target, inUse, params } = plan
    const shown = () => ({ target, inUse, params, cited, redact, artifactsDir, columns: this.#output.columns })
    this.#lines ??= new LineInput(this.#input, this.#output)
    return terminalConductor(this.#lines, this.#output, shown)
  }

  /** Keys and lines can't have the same keyboard: without steps to conduct it is given back after each question. */
  async #with<Result>(work: (lines: LineInput) => Promise<Result>): Promise<Result> {
    const lines = this.#lines ?? new LineInput(this.#input, this.#output)
    try {
      return await work(lines)
    } finally {
      if (this.#lines === undefined) lines[Symbol.dispose]()
    }
  }

  [Symbol.dispose](): void {
    this.#lines?.[Symbol.dispose]()
  }
}
