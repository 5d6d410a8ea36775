import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { importFacts, judgeFreshness, type Recorded, type Today } from './stale.ts'

const recorded: Recorded = {
  runbook: { id: 'rotate', sha256: 'r1' },
  facts: { 'docs.keys.sha256': 'k1', 'binary.sha256': 'b1', 'stand-in.sha256': 's1', 'source.downMs': 5 },
  cited: ['keys'],
}
const today = (more: Partial<Today> = {}, pages: Readonly<Record<string, string>> = { keys: 'k1' }): Today => ({
  runbook: id => (id === 'rotate' ? 'r1' : undefined),
  imported: (_, path) => (path === '../lib/a.ts' ? 'a1' : undefined),
  page: id => pages[id],
  binary: { 'binary.sha256': 'b1', 'stand-in.sha256': 's1' },
  ...more,
})
const without = (...names: readonly string[]): Recorded => ({
  ...recorded,
  facts: Object.fromEntries(Object.entries(recorded.facts).filter(([name]) => !names.includes(name))),
})
const importing = (path: string, sha256: string): Recorded => ({
  ...recorded,
  facts: { ...recorded.facts, ...importFacts({ [path]: sha256 }) },
})

describe('a sealed run', () => {
  const cases: readonly [title: string, run: Recorded, now: Today, verdict: string, says: readonly string[]][] = [
    ['nothing has changed', recorded, today(), 'fresh', []],
    ['a page has changed', recorded, today({}, { keys: 'k2' }), 'stale', ['page keys is another one']],
    ['a page is gone', recorded, today({}, {}), 'stale', ['page keys is gone']],
    ['its runbook has changed', recorded, today({ runbook: () => 'r2' }), 'stale', ['runbook rotate is another one']],
    ['what its runbook imports has not changed', importing('../lib/a.ts', 'a1'), today(), 'fresh', []],
    [
      'what its runbook imports has changed',
      importing('../lib/a.ts', 'a0'),
      today(),
      'stale',
      ['../lib/a.ts, which runbook rotate imports, is another one'],
    ],
    [
      'its runbook does not import any more what it did',
      importing('b.ts', 'b1'),
      today(),
      'stale',
      ['b.ts, which runbook rotate imports, is gone'],
    ],
    [
      'the binary has changed',
      recorded,
      today({ binary: { 'binary.sha256': 'b2', 'stand-in.sha256': 's1' } }),
      'stale',
      ['the binary is another one'],
    ],
    [
      'what the bundled binary hands over to has changed',
      recorded,
      today({ binary: { 'binary.sha256': 'b1', 'stand-in.sha256': 's2' } }),
      'stale',
      ['the stand-in is another one'],
    ],
    [
      'everything has changed, and all of it is told',
      recorded,
      today({ runbook: () => 'r2', binary: { 'binary.sha256': 'b2' } }, {}),
      'stale',
      ['runbook rotate is another one', 'page keys is gone', 'the binary is another one'],
    ],
    [
      'it has no digest of a page that it cites',
      without('docs.keys.sha256'),
      today(),
      'unknown',
      ['page keys: its digest is not on record'],
    ],
    [
      'its runbook is none of ours',
      { ...recorded, runbook: { id: 'mine', sha256: 'm' } },
      today(),
      'unknown',
      ['there is no runbook mine here to compare with'],
    ],
    [
      'its runbook is none of ours and a page has changed',
      { ...recorded, runbook: { id: 'mine', sha256: 'm' } },
      today({}, { keys: 'k2' }),
      'stale',
      ['page keys is another one', 'there is no runbook mine here to compare with'],
    ],
  ]
  for (const [title, run, now, verdict, says] of cases) {
    test(`is ${verdict} when ${title}`, () => {
      const freshness = judgeFreshness(run, now)
      assert.deepEqual([freshness.verdict, [...freshness.changed, ...freshness.unknown]], [verdict, says])
    })
  }

  test('is not held against a binary that nobody named, and says so', () => {
    assert.match(judgeFreshness(recorded, today({ binary: null })).notes.join(), /--binary PATH/)
    const unnamed = without('binary.sha256', 'stand-in.sha256')
    assert.match(judgeFreshness(unnamed, today()).notes.join(), /no binary is on record/)
  })
})
