import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import { parseSample, type Sample, sampleLine } from './sample.ts'
import { sampleAt } from './testdata/healthy.ts'

type Holder = Record<string, Json>

const document = (sample: Sample = sampleAt(0)): Holder => JSON.parse(sampleLine(sample))
const refused = (line: string, message: RegExp) =>
  assert.throws(
    () => parseSample(line),
    error => error instanceof RunproofError && error.code === 'SAMPLES_INVALID' && message.test(error.message),
  )

/** Every place in a document where a member of an object stands. */
function places(value: Json, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => {
    const place = [...path, name]
    return Array.isArray(value) ? places(item as Json, place) : [place, ...places(item as Json, place)]
  })
}

function changed(place: readonly string[], change: (holder: Holder, name: string) => unknown): string {
  const copy = document()
  const holder = place.slice(0, -1).reduce((value, name) => value[name] as Holder, copy)
  change(holder, place.at(-1)!)
  return JSON.stringify(copy)
}

describe('a recorded sample', () => {
  const samples = {
    whole: sampleAt(0),
    silent: sampleAt(
      0,
      {},
      {
        readiness: { status: null, ownWords: false, error: 'TIMEOUT' },
        status: { error: 'TIMEOUT: late' },
        audit: { error: 'FILE_UNREADABLE: x' },
        disk: null,
      },
    ),
  }
  for (const [title, sample] of Object.entries(samples))
    test(`is read as it was written: ${title}`, () => assert.deepEqual(parseSample(sampleLine(sample)), sample))

  test('is one line', () => assert.doesNotMatch(sampleLine(sampleAt(0)), /\n/))

  test('without one of its members, or with one of another type, is refused by its name', () => {
    const all = places(document())
    assert.ok(all.length > 60, `${all.length}`)
    for (const place of all) {
      const last = new RegExp(place.at(-1)!)
      const without = (holder: Holder, name: string) => delete holder[name]
      const put = (value: Json) => (holder: Holder, name: string) => Object.assign(holder, { [name]: value })
      refused(changed(place, without), place.at(-1) === 'facts' ? /facts|error/ : last)
      refused(changed(place, put({ other: 1 })), last)
      refused(changed(place, put(-1)), last)
    }
  })

  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['that is cut', sampleLine(sampleAt(0)).slice(0, -5), /not JSON/],
    ['that is a list', '[]', /sample should be an object/],
    ['of another schema', JSON.stringify({ ...document(), schema: 'runproof-slo-sample-2' }), /sample\.schema/],
    ['with one more member', JSON.stringify({ ...document(), extra: 1 }), /unknown member extra/],
    ['of a day without a time', JSON.stringify({ ...document(), at: '2026-11-22' }), /no instant/],
    ['of a local time', JSON.stringify({ ...document(), at: '2026-11-22T07:00:00+01:00' }), /no instant/],
    ['of a day that is not', JSON.stringify({ ...document(), at: '2026-13-22T07:00:00Z' }), /no instant/],
    [
      'that was answered and was not',
      JSON.stringify({ ...document(), readiness: { status: 200, ownWords: true, error: 'TIMEOUT' } }),
      /both/,
    ],
    [
      'that was not answered in its own words',
      JSON.stringify({ ...document(), readiness: { status: null, ownWords: true, error: 'TIMEOUT' } }),
      /both/,
    ],
    [
      'with two periods',
      JSON.stringify({
        ...document(),
        audit: { facts: { authRateLimited: [0, 0], corsRateLimited: [0, 0, 0], refusals: 0, ours: 0, whole: true } },
      }),
      /2 periods/,
    ],
    [
      'with facts and an error',
      JSON.stringify({ ...document(), disk: { facts: null, error: 'x' } }),
      /unknown member facts/,
    ],
  ]
  for (const [title, line, message] of cases) test(`${title} is refused`, () => refused(line, message))
})
