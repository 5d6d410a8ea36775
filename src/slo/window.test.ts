import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Grade, judgeSeen, type Level, type Rule, type Seen, spanText } from './window.ts'

const GRADES = ['ok', 'warning', 'error'] as const satisfies readonly Grade[]
const [ok, warning, error] = GRADES

/** Grades a given time apart. */
const every = (stepMs: number, ...grades: readonly Grade[]): Seen[] =>
  grades.map((grade, index) => ({ atMs: index * stepMs, grade, says: grade }))

const counts = (...numbers: readonly number[]): Seen[] =>
  numbers.map((count, index) => ({ atMs: index * 1_000, grade: 'ok', says: `${count}`, count }))

const pair: readonly Rule[] = [
  { level: 'page', text: '', samples: 2, withinMs: 60_000, from: error },
  { level: 'warn', text: '', samples: 1, from: error },
]
const held: readonly Rule[] = [
  { level: 'page', text: '', forMs: 300_000, from: error, unseen: 'warn' },
  { level: 'warn', text: '', forMs: 300_000, from: warning, unseen: 'warn' },
]
const heldMore: readonly Rule[] = [{ level: 'page', text: '', forMs: 1_800_000, more: true, from: error, unseen: 'ok' }]
const growth: readonly Rule[] = [
  { level: 'page', text: '', rises: 2 },
  { level: 'warn', text: '', rises: 1 },
]

type Case = readonly [string, readonly Seen[], Level, RegExp?]

function all(rules: readonly Rule[], cases: readonly Case[]): void {
  for (const [title, seen, level, reason = /./] of cases)
    test(title, () => {
      const verdict = judgeSeen(seen, rules)
      assert.equal(verdict.level, level, verdict.reason)
      assert.match(verdict.reason, reason)
    })
}

describe('two consecutive samples within 60 s', () => {
  all(pair, [
    [
      'one bad sample warns, and says what it has not seen',
      every(1, error),
      'warn',
      /page: needs 2 consecutive samples, seen one/,
    ],
    ['a bad one after a good one warns', every(15_000, ok, error), 'warn'],
    ['two bad ones page', every(15_000, ok, error, error), 'page'],
    ['two bad ones 60 s apart page', every(60_000, error, error), 'page'],
    ['two bad ones 60.001 s apart do not', every(60_001, error, error), 'warn', /within 60 s, they are 60.0 s apart/],
    ['a good one between them keeps it a warning', every(15_000, error, ok, error), 'warn'],
    ['a good one at the end ends it', every(15_000, error, error, ok), 'ok'],
    ['what is a warning only is not bad enough', every(15_000, warning, warning), 'ok'],
  ])
})

describe('bad for 5 minutes', () => {
  const minutes = (grade: Grade, count: number) => Array.from({ length: count }, () => grade)
  all(held, [
    ['one sample claims no window', every(1, error), 'warn', /page: needs a window of 5 min, seen one sample/],
    [
      'four minutes from the first sample on are not five',
      every(60_000, ...minutes(error, 5)),
      'warn',
      /page: needs a window of 5 min, seen 4 min/,
    ],
    ['five minutes page', every(60_000, ...minutes(error, 6)), 'page', /for 5 min/],
    ['five minutes of warning warn', every(60_000, ...minutes(warning, 6)), 'warn', /for 5 min/],
    [
      'an error counts for the warning, too',
      every(60_000, ...minutes(warning, 3), ...minutes(error, 3)),
      'warn',
      /page: for 2 min of 5 min/,
    ],
    [
      'what began to be bad in sight is not raised',
      every(60_000, ok, ...minutes(error, 5)),
      'ok',
      /page: for 4 min of 5 min/,
    ],
    ['a good sample ends it', every(60_000, ...minutes(error, 9), ok), 'ok'],
    ['a good sample in between starts it again', every(60_000, ...minutes(error, 5), ok, error), 'ok', /for 0/],
    ['a third of the window between samples is seen', every(100_000, ...minutes(error, 4)), 'page'],
    [
      'more than a third is a hole',
      every(100_001, ...minutes(error, 9)),
      'warn',
      /needs a window of 5 min, seen one sample/,
    ],
  ])
})

describe('bad for more than 30 minutes', () => {
  const full = (count: number) => every(600_000, ...Array.from({ length: count }, () => error))
  all(heldMore, [
    ['thirty minutes are not more', full(4), 'ok', /needs a window of 30 min, seen 30 min/],
    ['a millisecond more is', [...full(4), { atMs: 1_800_001, grade: error, says: 'full' }], 'page'],
  ])
})

describe('growth', () => {
  all(growth, [
    ['one sample cannot have grown', counts(3), 'ok', /growth needs a second sample, seen one/],
    ['nothing is no growth', counts(0, 0), 'ok'],
    ['the same again is no growth', counts(3, 3, 3), 'ok'],
    ['once warns', counts(0, 1, 1), 'warn', /grew once/],
    ['twice pages', counts(0, 1, 1, 2), 'page', /grew 2 times/],
    ['a counter that begins again has not grown', counts(5, 0), 'ok'],
  ])
})

describe('for any samples', () => {
  const grade = fc.constantFrom(...GRADES)
  const seen = fc
    .array(fc.record({ afterMs: fc.integer({ min: 1, max: 200_000 }), grade }), { minLength: 1, maxLength: 40 })
    .map(steps => {
      let atMs = 0
      return steps.map(step => {
        atMs += step.afterMs
        return { atMs, grade: step.grade, says: 'x' }
      })
    })
  const rank: Readonly<Record<Level, number>> = { ok: 0, unknown: 0, warn: 1, page: 2 }

  test('a page of a window is a run of bad samples without a hole, as long as the window', () => {
    fc.assert(
      fc.property(seen, samples => {
        const lastAtMs = samples.at(-1)!.atMs
        const covered = samples.some((first, index) => {
          const run = samples.slice(index)
          const whole = run.every(
            ({ grade, atMs }, at) => grade === error && atMs - (run[at - 1]?.atMs ?? atMs) <= 100_000,
          )
          return whole && lastAtMs - first.atMs >= 300_000
        })
        assert.equal(judgeSeen(samples, held).level === 'page', covered)
      }),
      { numRuns: 500 },
    )
  })

  test('a good last sample is never at page', () => {
    fc.assert(
      fc.property(seen, samples => {
        const good = [...samples, { atMs: samples.at(-1)!.atMs + 1, grade: ok, says: 'x' }]
        for (const rules of [pair, held, heldMore]) assert.equal(judgeSeen(good, rules).level, 'ok')
      }),
    )
  })

  test('a worse last sample never lowers the level', () => {
    fc.assert(
      fc.property(seen, samples => {
        for (const rules of [pair, held, heldMore]) {
          const worse = [...samples.slice(0, -1), { ...samples.at(-1)!, grade: error }]
          assert.ok(rank[judgeSeen(worse, rules).level] >= rank[judgeSeen(samples, rules).level])
        }
      }),
    )
  })

  test('what lies before the longest window changes nothing', () => {
    fc.assert(
      fc.property(seen, seen, (before, samples) => {
        const shift = before.at(-1)!.atMs + 3_600_000
        const later = samples.map(one => ({ ...one, atMs: one.atMs + shift }))
        for (const rules of [pair, held, heldMore])
          assert.equal(judgeSeen([...before, ...later], rules).level, judgeSeen(later, rules).level)
      }),
    )
  })
})

test('spans are told in the unit they are known by', () => {
  const cases = [
    [60_000, '60 s'],
    [15_000, '15 s'],
    [90_000, '90 s'],
    [300_000, '5 min'],
    [7_200_000, '2 h'],
    [86_400_000, '24 h'],
    [1_234, '1.23 s'],
    [0, '0.00 s'],
  ] as const
  for (const [milliseconds, text] of cases) assert.equal(spanText(milliseconds), text)
})
