import type { Json } from '../../model/check.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { Change, Row, Watching } from '../../slo/watching.ts'

/** Why a watch is over. */
export type Ended = 'interrupted' | 'all samples were judged' | 'a signal pages' | 'the time is over'

/** One line a change; signals that are not known for the same reason share one. */
export function changeLines(changes: readonly Change[]): readonly string[] {
  const groups = Map.groupBy(changes, ({ signal, from, level, reason }) =>
    level === 'unknown' ? JSON.stringify([from, reason]) : signal,
  )
  return [...groups.values()].map(group => {
    const { at, signal, from, level, reason } = group[0]!
    const what = group.length === 1 ? signal : `${group.length} signals`
    const step = from === undefined ? level : `${from} → ${level}`
    return terminalLine(`${at}  ${what.padEnd(ID_WIDTH)} ${step.padEnd(12)} ${reason}`)
  })
}

const ID_WIDTH = 22

/** The result for people: one line a signal, each with its line break. */
export function tableLines(watching: Watching, ended: Ended): readonly string[] {
  const { span, count } = watching
  const head = span === undefined ? `no sample: ${ended}` : `${count} samples, ${span.from} to ${span.to}: ${ended}`
  const rows = watching.rows().map(row => rowLine(row, watching.isGiven(row.signal)))
  const titles = rows.length === 0 ? [] : [`${'signal'.padEnd(ID_WIDTH)} ${'now'.padEnd(8)} ${'worst'.padEnd(8)} why`]
  return [head, ...titles, ...rows].map(line => `${terminalLine(line)}\n`)
}

function rowLine({ signal, now, worst }: Row, given: boolean): string {
  if (!given) return `${signal.id.padEnd(ID_WIDTH)} ${'-'.padEnd(8)} ${'-'.padEnd(8)} ${now.reason}`
  const why = worst.level === now.level ? now.reason : `${now.reason} (${worst.at}: ${worst.reason})`
  return `${signal.id.padEnd(ID_WIDTH)} ${now.level.padEnd(8)} ${worst.level.padEnd(8)} ${why}`
}

interface End {
  readonly ended: Ended
  readonly failOn: 'warn' | 'page'
  readonly exitCode: number
}

/** The result as one document. */
export function toDocument(watching: Watching, { ended, failOn, exitCode }: End): Json {
  return {
    schema: 'runproof-slo-watch-1',
    ended,
    failOn,
    exitCode,
    samples: watching.count,
    from: watching.span?.from ?? null,
    to: watching.span?.to ?? null,
    signals: watching.rows().map(({ signal, now, worst }) => ({
      id: signal.id,
      title: signal.title,
      given: watching.isGiven(signal),
      now: { ...now },
      worst: { ...worst },
    })),
  }
}
