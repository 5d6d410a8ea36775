import { idsOf, loadRunbook, loadTarget, REPORTERS, RUNBOOKS, SUITES, TARGETS } from './registry.ts'

type Kind = 'runbooks' | 'smoke' | 'targets' | 'reporters'

export async function showList(kinds: readonly Kind[], json: boolean): Promise<void> {
  const lists: Record<string, readonly { id: string; title: string }[]> = {}
  for (const kind of kinds) lists[kind] = await rows(kind)
  if (json) {
    process.stdout.write(`${JSON.stringify(lists, null, 2)}\n`)
    return
  }
  const width = Math.max(...Object.values(lists).flatMap(entries => entries.map(({ id }) => id.length)))
  for (const [kind, entries] of Object.entries(lists)) {
    process.stdout.write(
      `${kind}\n${entries.map(({ id, title }) => `  ${id.padEnd(width)} ${title}`.trimEnd()).join('\n')}\n`,
    )
  }
}

async function rows(kind: Kind): Promise<readonly { id: string; title: string }[]> {
  if (kind === 'reporters') return idsOf(REPORTERS).map(id => ({ id, title: '' }))
  if (kind === 'targets') {
    return Promise.all(idsOf(TARGETS).map(async id => ({ id, title: (await loadTarget(id)).title })))
  }
  const registry = kind === 'smoke' ? SUITES : RUNBOOKS
  return Promise.all(idsOf(registry).map(async id => ({ id, title: (await loadRunbook(id)).runbook.title })))
}
