import { isMap, isSeq, LineCounter, parseDocument } from 'yaml'
import { readAccepted } from '../findings/accepted.ts'
import type { Json } from '../model/check.ts'
import { didYouMean } from '../model/closest.ts'
import { objectOf, type Refuse, readMembers, refuseUnknown } from '../model/config-members.ts'
import { RunproofError } from '../model/error.ts'
import type { Ignore } from './ignores.ts'
import type { Place } from './place.ts'
import type { Forbidden } from './references/forbidden.ts'
import { RULES } from './rules.ts'

/** The member `docs` of `runproof.config.json`. Paths are as they are written, from the directory of that file. */
export interface DocsConfig {
  readonly programs: readonly string[]
  readonly trees: readonly string[]
  readonly ignore: readonly Ignore[]
  readonly forbidden: readonly Forbidden[]
  readonly samples: readonly string[]
  readonly schemas: readonly string[]
  readonly root: string | undefined
}

const EXAMPLE =
  '{"docs": {"programs": ["deployctl"], "trees": ["docs/trees"], "ignore": [{"rule": "unknown-flag", "page": "docs/old/**", "reason": "…", "expires": "2027-01-31"}]}}'

/**
 * @param file - its name, for messages and places
 * @throws RunproofError CONFIG_INVALID naming the member
 */
export function readConfig(file: string, text: string): DocsConfig {
  const refuse = (problem: string) => new RunproofError('CONFIG_INVALID', `${file}: ${problem}`, { hint: EXAMPLE })
  const docs = objectOf(readMembers(text, refuse)['docs'] ?? {}, 'docs', refuse)
  refuseUnknown(docs, ['programs', 'trees', 'ignore', 'forbidden', 'samples', 'schemas', 'root'], 'docs.', refuse)
  const list = (name: string): readonly Json[] => {
    const value = docs[name] ?? []
    if (Array.isArray(value)) return value
    throw refuse(`docs.${name} is no list`)
  }
  const texts = (name: string) => list(name).map((one, index) => textOf(one, `docs.${name}[${index}]`, refuse))
  const places = entryPlaces(file, text)
  return {
    programs: texts('programs'),
    trees: texts('trees'),
    ignore: list('ignore').map((entry, index) => ({ ...readIgnore(entry, index, refuse), at: places(index) })),
    forbidden: list('forbidden').map((entry, index) => readForbidden(entry, `docs.forbidden[${index}]`, refuse)),
    samples: texts('samples'),
    schemas: texts('schemas'),
    root: docs['root'] === undefined ? undefined : textOf(docs['root'], 'docs.root', refuse),
  }
}

function readIgnore(entry: Json, index: number, refuse: Refuse) {
  const refuseEntry = (problem: string) => refuse(`docs.ignore[${index}] ${problem}`)
  const ignore = readAccepted(entry, { required: [], optional: ['rule', 'page', 'command'] }, refuseEntry)
  const { rule, page, command } = ignore
  if (rule === undefined && page === undefined && command === undefined)
    throw refuseEntry('has no rule, page or command, and would excuse everything')
  const ids = RULES.map(({ id }) => id)
  if (rule !== undefined && !ids.includes(rule))
    throw refuseEntry(`is for the rule ${rule}, which there is not${didYouMean(rule, ids)}`)
  return ignore
}

function readForbidden(entry: Json, where: string, refuse: Refuse): Forbidden {
  const members = objectOf(entry, where, refuse)
  refuseUnknown(members, ['fragment', 'reason'], `${where}.`, refuse)
  const text = (name: string) => textOf(members[name], `${where}.${name}`, refuse)
  return { fragment: text('fragment'), reason: text('reason') }
}

function textOf(value: Json | undefined, where: string, refuse: Refuse): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw refuse(`${where} is no text`)
}

/** Where the entries of `docs.ignore` stand: JSON is YAML, and that parser keeps places. */
function entryPlaces(file: string, text: string): (index: number) => Place {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter })
  const entries = document.getIn(['docs', 'ignore'])
  const items = isSeq(entries) ? entries.items : []
  return index => {
    const item = items[index]
    const range = isMap(item) ? item.range : undefined
    const from = counter.linePos(range?.[0] ?? 0)
    const to = counter.linePos(range?.[1] ?? 0)
    return { file, line: from.line || 1, column: from.col || 1, endLine: to.line || 1, endColumn: to.col || 1 }
  }
}
