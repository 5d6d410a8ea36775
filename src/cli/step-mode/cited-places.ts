import { type CitingStep, judgeCitations } from '../../docs/citations.ts'
import { RunproofError } from '../../model/error.ts'
import type { Step } from '../../model/runbook.ts'
import { readCitable } from '../docs/citable-pages.ts'

/**
 * Where what steps cite stands, as `file:line`. Pages that are not installed or not as they should be leave a step with the name of
 * its page: nobody is kept from containing by a page.
 */
export async function citedPlaces(
  runbook: string,
  steps: readonly Step[],
): Promise<(step: Step) => string | undefined> {
  try {
    const { pages, trees } = await readCitable()
    const top = { file: runbook, line: 1, column: 1, endLine: 1, endColumn: 1 }
    const citing = steps.map(
      (step): CitingStep => ({ runbook, step: step.id, cites: step.docs, commands: [], at: top }),
    )
    const { places } = judgeCitations(citing, pages, trees)
    const known = new Map(citing.map(one => [one.step, places.get(one)]))
    return ({ id }) => {
      const place = known.get(id)
      return place === undefined ? undefined : `${place.file}:${place.line}`
    }
  } catch (thrown) {
    if (!(thrown instanceof RunproofError)) throw thrown
    return () => undefined
  }
}
