import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { repositoryFiles } from '../src/adapters/repository-files.ts'
import type { Finding } from '../src/docs/finding.ts'
import { judgePage } from '../src/docs/judge/judge.ts'
import { readPage } from '../src/docs/page/read-page.ts'
import { checkFiles } from '../src/docs/references/check-files.ts'
import { readTree } from '../src/docs/tree/saved.ts'
import { Random } from './nginx-matrix/random.ts'
import { harmlessChangesOf, type Mutation, mutate, mutationsOf, staleScriptsOf } from './page-mutations.ts'

const PAGE = 'docs/operations/production-runbooks.md'
const TREES = ['fixtures/docs/kheish-daemon/0.1.0.json', 'fixtures/docs/runproof/0.1.0.json']
/** So many of all mutations are tried in each run; the seed says which. */
const TRIED = 240
const SEED = 20

const trees = TREES.map(file => readTree(file, readFileSync(file, 'utf8')))
const tree = trees[0]!
const files = repositoryFiles('.')
const lines = readFileSync(PAGE, 'utf8').split('\n')
const { judged, commands, findings } = check(lines.join('\n'))

function check(text: string) {
  const page = readPage(PAGE, new TextEncoder().encode(text))
  const verdict = judgePage(page, trees, { programs: [] })
  const references = checkFiles(page, PAGE, verdict.commands, files)
  return { ...verdict, findings: [...page.problems, ...verdict.findings, ...references.findings] }
}

function reports(found: readonly Finding[], { lines: at }: Mutation): boolean {
  return found.some(finding => at.some(line => finding.at.line <= line && line <= finding.at.endLine))
}

function sample<T>(all: readonly T[], count: number): T[] {
  const random = new Random(SEED)
  return all
    .map(one => ({ one, key: random.number() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ one }) => one)
}

describe('the operator page on production', () => {
  test('has its commands judged, in fences, prose, lists and tables, and nothing found', () => {
    assert.deepEqual(findings, [])
    const places = new Set(judged.map(({ command }) => [command.from, ...command.within].join(' ')))
    assert.ok(judged.length > 100, `${judged.length} commands`)
    for (const place of ['fence', 'fence list', 'span', 'span list', 'span table']) assert.ok(places.has(place), place)
  })

  test('has every mistake that could be told from it reported at its line', t => {
    const scripts = staleScriptsOf(commands)
    assert.ok(scripts.length > 5)
    const tried = [...sample(mutationsOf(judged, tree), TRIED), ...sample(scripts, 10)]
    assert.ok(tried.length >= 200)
    const score = new Map<string, { reported: number; all: number }>()
    const undecidable = new Map<string, { reported: number; all: number }>()
    const missed: string[] = []

    for (const mutation of tried) {
      const { kind, where, at, by, command } = mutation
      const reported = reports(check(mutate(lines, mutation)).findings, mutation)
      count(score, `${kind} (${where})`, reported)
      if (mutation.undecidable !== undefined) count(undecidable, mutation.undecidable, reported)
      else if (!reported) missed.push(`line ${at.line}, ${kind}: \`${command}\` with \`${by}\``)
    }
    const total = [...score.values()].reduce((sum, { reported }) => sum + reported, 0)
    for (const [kind, { reported, all }] of [...score].sort()) t.diagnostic(`${kind}: ${reported} of ${all}`)
    for (const [why, { reported, all }] of undecidable) t.diagnostic(`not decidable: ${why}: ${reported} of ${all}`)
    t.diagnostic(`${total} of ${tried.length} mutations reported`)

    assert.deepEqual(missed, [])
    assert.ok(total >= 0.92 * tried.length, `only ${total} of ${tried.length}`)
    const kinds = new Set([...score.keys()].map(key => key.replace(/ \(.*/, '')))
    assert.deepEqual([...kinds].sort(), [
      'dropped argument',
      'dropped option',
      'dropped value',
      'renamed sub-command',
      'stale script',
      'swapped order',
      'wrong flag, another',
      'wrong flag, mistyped',
      'wrong program, mistyped',
      'wrong verb, another',
      'wrong verb, mistyped',
    ])
  })

  test('may be written in another way without anything being found', t => {
    const changes = sample(harmlessChangesOf(judged, tree), 60)
    assert.equal(changes.length, 60)
    const kinds = new Set(changes.map(({ kind }) => kind))
    t.diagnostic([...kinds].join(', '))
    assert.equal(kinds.size, 4)
    for (const change of changes)
      assert.deepEqual(check(mutate(lines, change)).findings, [], mutate(lines, change).split('\n')[change.at.line - 1])
  })
})

function count(scores: Map<string, { reported: number; all: number }>, key: string, reported: boolean): void {
  const score = scores.get(key) ?? { reported: 0, all: 0 }
  scores.set(key, { reported: score.reported + (reported ? 1 : 0), all: score.all + 1 })
}
