import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { placeOf } from './place-of.ts'

describe('placeOf', () => {
  // `echo one` on line 4 in a list, `two` on line 5.
  const snippet = {
    segments: [
      { offset: 0, line: 4, column: 3 },
      { offset: 9, line: 5, column: 3 },
    ],
  }
  const cases = [
    ['a word of the first line', 5, 8, '4:8-4:11'],
    ['a word of the second line', 9, 12, '5:3-5:6'],
    ['a stretch over both lines', 5, 12, '4:8-5:6'],
    ['the newline between them', 8, 9, '4:11-4:12'],
    ['an empty stretch', 9, 9, '5:3-5:3'],
    ['the empty stretch at the end', 12, 12, '5:6-5:6'],
  ] as const

  for (const [title, start, end, expected] of cases) {
    test(`places ${title}`, () => {
      const { file, line, column, endLine, endColumn } = placeOf('a.md', snippet, start, end)
      assert.equal(`${line}:${column}-${endLine}:${endColumn}`, expected)
      assert.equal(file, 'a.md')
    })
  }
})
