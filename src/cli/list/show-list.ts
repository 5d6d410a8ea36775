import { shownJson } from '../../reporters/text/json.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import { placesFor, reportsDirFor } from '../places.ts'
import { fileOf, idsOf, loadRunbook, loadTarget, REPORTERS, RUNBOOKS, SUITES, TARGETS } from '../registry.ts'
import { stoppedRuns } from './stopped-runs.ts'
import { titleWithoutLoading } from './title.ts'

type Kind = 'runbooks' | 'smoke' | 'targets' | 'reporters' | 'interrupted'

export interface ListFlags {
  readonly reports?: string
  readonly work?: string
  readonly json?: boolean
}

interface Row {
  readonly id: string
  readonly title: string
  /** The command that goes on with a run. */
  readonly goOn?: string
}

/** @param kind - one only; all by default */
export async function showList(kinds: readonly Kind[], flags: ListFlags): Promise<void> {
  const lists: [Kind, readonly Row[]][] = []
  for (const kind of kinds) lists.push([kind, await rows(kind, flags)])
  if (flags.json === true) {
    process.stdout.write(`${shownJson(Object.fromEntries(lists), 2)}\n`)
    return
  }
  for (const line of lists.flatMap(([kind, entries]) => linesOf(kind, entries, kinds.length === 1)))
    process.stdout.write(`${terminalLine(line)}\n`)
}

/** Where no run was interrupted that is said to whoever asks. */
function linesOf(kind: Kind, entries: readonly Row[], asked: boolean): readonly string[] {
  if (kind === 'interrupted') {
    if (entries.length === 0) return asked ? ['no run here can be gone on with'] : []
    return [kind, ...entries.flatMap(({ id, title, goOn }) => [`  ${id} ${title}`, `    ${goOn}`])]
  }
  const width = Math.max(...entries.map(({ id }) => id.length))
  return [kind, ...entries.map(({ id, title }) => `  ${id.padEnd(width)} ${title}`.trimEnd())]
}

async function rows(kind: Kind, flags: ListFlags): Promise<readonly Row[]> {
  switch (kind) {
    case 'runbooks':
      return titled(RUNBOOKS)
    case 'smoke':
      return titled(SUITES)
    case 'targets':
      return Promise.all(idsOf(TARGETS).map(async id => ({ id, title: (await loadTarget(id)).title })))
    case 'reporters':
      return idsOf(REPORTERS).map(id => ({ id, title: '' }))
    case 'interrupted':
      return interrupted(flags)
  }
}

function titled(registry: typeof RUNBOOKS): Promise<readonly Row[]> {
  return Promise.all(
    idsOf(registry).map(async id => ({
      id,
      title: titleWithoutLoading(id, fileOf(registry, id)) ?? (await loadRunbook(id)).runbook.title,
    })),
  )
}

/** What reads journals is half of what a list would load, and hardly ever needed. */
async function interrupted(flags: ListFlags): Promise<readonly Row[]> {
  const stopped = stoppedRuns(reportsDirFor(process.env, flags))
  if (stopped.length === 0) return []
  const { interruptedRuns } = await import('./interrupted-runs.ts')
  return interruptedRuns(stopped, placesFor(process.env, flags))
}
