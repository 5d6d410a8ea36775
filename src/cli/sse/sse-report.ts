import type { Json } from '../../model/check.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import type { Finding } from '../../sse/findings.ts'
import type { StreamFacts } from '../../sse/stream-facts.ts'

/** How a stream is reached. */
export interface Way {
  readonly id: 'url' | 'url-h2' | 'direct'
  readonly origin: string
  /** With its query. */
  readonly path: string
  readonly http2: boolean
}

export interface SseReport {
  readonly sides: readonly {
    readonly way: Way
    readonly facts: StreamFacts
    readonly findings: readonly Finding[]
    /** What is worse than direct. */
    readonly differences: readonly Finding[]
  }[]
  /** Until everything was read but a heartbeat. */
  readonly verdictMs: number
  readonly heartbeatMs: number
  readonly interrupted: boolean
}

/** The report for people, each line with its line break. */
export function reportLines({ sides, verdictMs, heartbeatMs, interrupted }: SseReport): readonly string[] {
  const all = sides.flatMap(({ findings, differences }) => [...findings, ...differences])
  const count = (outcome: Finding['outcome']) => all.filter(one => one.outcome === outcome).length
  const lines = sides.flatMap(({ way, facts, findings, differences }) => [
    titleOf(way, facts),
    ...findings.map(findingLine),
    ...(differences.length === 0 ? [] : ['  against direct', ...differences.map(findingLine)]),
  ])
  const sum = `${count('ok')} ok, ${count('failed')} failed, ${count('not tested')} not tested`
  const time = `read in ${Math.round(verdictMs)} ms, ${Math.round(heartbeatMs)} ms for a heartbeat`
  return [...lines, `${sum}; ${time}${interrupted ? '; interrupted' : ''}`].map(line => `${terminalLine(line)}\n`)
}

function titleOf({ id, origin, path }: Way, { head }: StreamFacts): string {
  const way = id === 'direct' ? 'direct, ' : ''
  return `${origin}${path} (${way}${head?.protocol ?? (id === 'url-h2' ? 'h2' : 'http/1.1')})`
}

function findingLine({ id, outcome, expected, actual }: Finding): string {
  const shown = inWords(actual)
  const why = outcome === 'ok' ? shown : outcome === 'failed' ? `${shown}; expected: ${expected}` : expected
  return `  ${outcome.padEnd(10)}  ${id.padEnd(18)}  ${why === '' ? expected : why}`
}

/** `{ headMs: 64, gaps: [] }` → `head 64 ms, gaps none`. */
function inWords(value: Json | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(inWords).join(' ')
  return Object.entries(value)
    .map(([name, member]) => {
      const words = name.replace(/Ms$/, '').replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
      return `${words} ${member === null ? 'none' : inWords(member)}${name.endsWith('Ms') && member !== null ? ' ms' : ''}`
    })
    .join(', ')
}

/** The report as one document. */
export function toDocument(report: SseReport, exitCode: number): Json {
  const { sides, verdictMs, heartbeatMs, interrupted } = report
  return {
    schema: 'runproof-sse-check-1',
    exitCode,
    interrupted,
    verdictMs: Math.round(verdictMs),
    heartbeatMs: Math.round(heartbeatMs),
    ways: sides.map(({ way, facts, findings, differences }) => ({
      id: way.id,
      url: `${way.origin}${way.path}`,
      protocol: facts.head?.protocol ?? null,
      events: facts.control?.events.length ?? null,
      buffering: facts.buffering === undefined ? null : { ...facts.buffering },
      findings: findings.map(one => ({ ...one })),
      differences: differences.map(one => ({ ...one })),
    })),
  }
}
