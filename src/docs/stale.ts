/** What sealed evidence says it went by. */
export interface Recorded {
  readonly runbook: { readonly id: string; readonly sha256: string }
  readonly facts: Readonly<Record<string, string | number | boolean>>
  /** Pages that its steps cite, as far as they were reached. */
  readonly cited: readonly string[]
}

/** The same things as they are today, by digest; undefined where there is none. */
export interface Today {
  runbook(id: string): string | undefined
  /** @param path - of a file that the runbook imports, as seen from it */
  imported(id: string, path: string): string | undefined
  page(id: string): string | undefined
  /** By the name of the fact that holds it; null where nobody said which binary counts. */
  readonly binary: Readonly<Record<string, string | undefined>> | null
}

export interface Freshness {
  /** `unknown`: nothing is known to have changed, and something could not be compared that should have been. */
  readonly verdict: 'fresh' | 'stale' | 'unknown'
  readonly changed: readonly string[]
  readonly unknown: readonly string[]
  /** What this is not about. */
  readonly notes: readonly string[]
}

/** Whether a run would be the same run today: the same runbook, the same pages to follow, the same binary. */
export function judgeFreshness({ runbook, facts, cited }: Recorded, today: Today): Freshness {
  const changed: string[] = []
  const unknown: string[] = []
  const notes: string[] = []
  const compare = (what: string, then: string, now: string | undefined) => {
    if (now === undefined) changed.push(`${what} is gone`)
    else if (now !== then) changed.push(`${what} is another one`)
  }

  const current = today.runbook(runbook.id)
  if (current === undefined) unknown.push(`there is no runbook ${runbook.id} here to compare with`)
  else compare(`runbook ${runbook.id}`, runbook.sha256, current)

  for (const [name, value] of Object.entries(facts)) {
    const path = IMPORT_FACT.exec(name)?.[1]
    if (path !== undefined && current !== undefined)
      compare(`${path}, which runbook ${runbook.id} imports,`, String(value), today.imported(runbook.id, path))
  }

  const pages = Object.entries(facts).flatMap(([name, value]) => {
    const page = /^docs\.(.+)\.sha256$/.exec(name)?.[1]
    return page === undefined ? [] : [{ page, sha256: String(value) }]
  })
  for (const { page, sha256 } of pages) compare(`page ${page}`, sha256, today.page(page))
  for (const page of cited)
    if (!pages.some(one => one.page === page)) unknown.push(`page ${page}: its digest is not on record`)

  const binaries = Object.entries(facts).filter(([name]) => name === BINARY_FACT || name === STAND_IN_FACT)
  if (binaries.length === 0) notes.push('no binary is on record: whoever ran it did not say which')
  else if (today.binary === null) notes.push('the binary was not compared: --binary PATH says which is used today')
  else {
    for (const [name, then] of binaries)
      if (name in today.binary)
        compare(name === BINARY_FACT ? 'the binary' : 'the stand-in', String(then), today.binary[name])
  }

  const verdict = changed.length > 0 ? 'stale' : unknown.length > 0 ? 'unknown' : 'fresh'
  return { verdict, changed, unknown, notes }
}

/** The file that was run. */
export const BINARY_FACT = 'binary.sha256'
/** Where that only hands over: everything that lies beside it. */
export const STAND_IN_FACT = 'stand-in.sha256'

const IMPORT_FACT = /^runbook\.imports\[(.+)\]\.sha256$/

/** How evidence names the digests of what a runbook imports. @param imported - digests by path */
export function importFacts(imported: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(imported).map(([path, sha256]) => [`runbook.imports[${path}].sha256`, sha256]),
  )
}
