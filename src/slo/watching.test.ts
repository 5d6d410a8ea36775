import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { StatusSignals } from '../model/signals.ts'
import type { Sample } from './sample.ts'
import { SIGNALS } from './signals.ts'
import { healthyStatus, sampleAt } from './testdata/healthy.ts'
import { fails, Watching } from './watching.ts'

const settings = { environment: 'production' } as const
const full = { debugLevel: 'full' } as const
const letters = (count: number) => ({ delivery: { ...healthyStatus.delivery, unresolvedDeadLetters: count } })

function watched(samples: readonly Sample[]) {
  const watching = new Watching(settings)
  const changes = samples.flatMap(sample => watching.observe(sample))
  return { watching, changes: changes.map(({ signal, from, level }) => `${signal} ${from ?? '-'} ${level}`) }
}

describe('Watching', () => {
  test('has nothing to tell of an idle daemon', () => {
    const { watching, changes } = watched([sampleAt(0), sampleAt(15_000)])
    assert.deepEqual(changes, [])
    assert.deepEqual(
      watching.rows().map(row => row.signal.id),
      SIGNALS.map(signal => signal.id),
    )
    assert.deepEqual(watching.span, { from: sampleAt(0).at, to: sampleAt(15_000).at })
  })

  test('tells every change once, there and back', () => {
    const letter = letters(1)
    const samples = [sampleAt(0), sampleAt(1, letter), sampleAt(2, letter), sampleAt(3), sampleAt(4, letter)]
    assert.deepEqual(watched(samples).changes, [
      'delivery-dead-letters ok page',
      'delivery-dead-letters page ok',
      'delivery-dead-letters ok page',
    ])
  })

  test('tells at the first sample what is not ok', () => {
    assert.deepEqual(watched([sampleAt(0, full)]).changes, ['debug-capture - warn'])
  })

  test('keeps the gravest level that was reached, and when first', () => {
    const { watching } = watched([sampleAt(0), sampleAt(1, letters(1)), sampleAt(2, letters(2)), sampleAt(3)])
    const row = watching.rows().find(one => one.signal.id === 'delivery-dead-letters')!
    assert.deepEqual([row.now.level, row.worst.level, row.worst.at], ['ok', 'page', sampleAt(1).at])
    assert.match(row.worst.reason, /1 unresolved/)
  })

  test('says nothing of sources that nobody gave', () => {
    const { watching, changes } = watched([sampleAt(0, {}, { audit: null, disk: null })])
    assert.deepEqual(changes, [])
    assert.deepEqual(
      watching
        .rows()
        .filter(row => !watching.isGiven(row.signal))
        .map(row => row.signal.id),
      ['auth-rate-limits', 'state-root-disk'],
    )
  })

  test('reaches the longest window in a watch of many hours', () => {
    const minutes = Array.from({ length: 300 }, (_, minute) => sampleAt(minute * 60_000, minute < 200 ? {} : full))
    assert.deepEqual(watched(minutes).changes, ['debug-capture ok warn', 'debug-capture warn page'])
  })

  test('judges each sample as the whole recording up to it would be judged', () => {
    const status = fc.constantFrom<Partial<StatusSignals>>({}, full, letters(1), {
      health: { ok: false, warnings: [] },
    })
    const steps = fc.array(fc.record({ status, afterMs: fc.integer({ min: 1, max: 900_000 }) }), { minLength: 1 })
    fc.assert(
      fc.property(steps, given => {
        let atMs = 0
        const samples = given.map(step => {
          atMs += step.afterMs
          return sampleAt(atMs, step.status)
        })
        const { watching } = watched(samples)
        const again = watched(samples.filter(one => Date.parse(one.at) > Date.parse(samples.at(-1)!.at) - 45 * 60_000))
        for (const [index, row] of watching.rows().entries())
          assert.deepEqual(row.now, again.watching.rows()[index]!.now)
      }),
    )
  })
})

test('a level fails at the one that is asked for, and what is not known fails at none', () => {
  const levels = ['ok', 'warn', 'page', 'unknown'] as const
  assert.deepEqual(
    levels.map(level => [fails(level, 'page'), fails(level, 'warn')]),
    [
      [false, false],
      [false, true],
      [true, true],
      [false, false],
    ],
  )
})
