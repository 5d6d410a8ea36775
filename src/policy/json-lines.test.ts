import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { jsonLines } from './json-lines.ts'

const TEXT = `{
  "a": 1, "b":
    [true,
     {"c": "x\\"}]\\n", "d": {
       "e": null}}],
  "b": 2
}`

describe('the line of a value', () => {
  const { lineOf, repeated } = jsonLines(TEXT)
  const cases: readonly [string, number][] = [
    ['', 1],
    ['a', 2],
    ['b', 6],
    ['b[0]', 3],
    ['b[1]', 4],
    ['b[1].c', 4],
    ['b[1].d', 4],
    ['b[1].d.e', 5],
    ['b[1].d.f', 4],
    ['b[1].x.y[3]', 4],
    ['nowhere', 1],
  ]
  for (const [path, line] of cases)
    test(`${path === '' ? 'of the whole' : path} is ${line}, that of its name or of what contains it`, () =>
      assert.equal(lineOf(path), line))

  test('of a member is that of its name, also when the value stands below', () => {
    assert.equal(jsonLines('{"a":\n\n{\n"b": 1}}').lineOf('a'), 1)
  })

  test('comes with the members that stand there twice', () => {
    assert.deepEqual(repeated, [{ path: 'b', line: 6 }])
    assert.deepEqual(jsonLines('[{"a": 1}, {"a": 1}]').repeated, [])
    assert.deepEqual(jsonLines('{"a": {"a": 1}, "\\u0061": 1}').repeated, [{ path: 'a', line: 1 }])
  })

  test('is found in a document of one line with a long text in it', () => {
    assert.equal(jsonLines(`{"a": "${'x\\n'.repeat(300_000)}",\n"b": 1}`).lineOf('b'), 2)
  })
})
