import { join } from 'node:path'
import { files } from '../../adapters/files.ts'
import { BINARY_FACT } from '../../docs/stale.ts'
import type { Plan } from '../../engine/plan.ts'
import type { Evidence } from '../../evidence/schema.ts'
import { RunproofError } from '../../model/error.ts'
import type { Citation } from '../../model/runbook.ts'
import { ROOT } from '../installation.ts'

/** The pages that steps cite: a citation names a file in here without its ending. */
export const PAGES_DIR = join(ROOT, 'docs', 'operations')

interface RunFacts {
  readonly facts: Evidence['facts']
  readonly notTested: readonly string[]
}

/**
 * What can be said of documentation and binary before a run: what it will be held against when one of them has changed.
 *
 * @param known - what was found out already, of policy and runbook
 */
export async function factsBefore(
  plan: Plan,
  pagesDir: string = PAGES_DIR,
  known: Readonly<Record<string, string>> = {},
): Promise<RunFacts> {
  const facts: Record<string, string> = { ...known }
  const notTested: string[] = []
  for (const page of citedPages(plan.steps).toSorted()) {
    const sha256 = await digestOf(join(pagesDir, `${page}.md`))
    if (sha256 === undefined)
      notTested.push(`the page ${page}, which steps cite: it is not installed here, so its digest is not on record`)
    else facts[`docs.${page}.sha256`] = sha256
  }
  const binary = binaryOf(plan)
  const sha256 = binary === undefined ? undefined : await digestOf(binary)
  if (sha256 !== undefined) facts[BINARY_FACT] = sha256
  return { facts, notTested }
}

/** Each once, in the order of the steps. */
export function citedPages(steps: readonly { readonly docs?: Citation | undefined }[]): readonly string[] {
  return [...new Set(steps.flatMap(({ docs }) => (docs === undefined ? [] : [docs.page])))]
}

/** A daemon that somebody runs is asked over HTTP, and nobody says which binary that is. */
function binaryOf({ runbook, target, params }: Plan): string | undefined {
  if (params['binary'] !== undefined) return params['binary']
  return 'binary' in runbook.params && params['base-url'] === undefined ? target.bundledBinary : undefined
}

/** Undefined where there is no such file; what cannot be read, the run itself will say. */
async function digestOf(path: string): Promise<string | undefined> {
  try {
    const real = await files.realPath(path)
    return (await files.facts(real))?.type === 'file' ? await files.sha256(real) : undefined
  } catch (thrown) {
    if (thrown instanceof RunproofError) return undefined
    throw thrown
  }
}
