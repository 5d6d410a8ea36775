import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { excerpt } from './excerpt.ts'
import { wrap } from './wrap.ts'

const at = (line: number, column: number) => ({ file: 'edge.conf', line, column })
const of =
  (...lines: readonly string[]) =>
  (_: string, line: number) =>
    lines[line - 1]

describe('an excerpt', () => {
  test('has the line, its number and a mark below the column', () => {
    assert.deepEqual(excerpt(of('events {}', '  user x;'), at(2, 3), 40), ['     2 |   user x;', '       |   ^'])
  })

  test('of a line without end shows what is around the column, within its width', () => {
    const lines = excerpt(of(`${'a'.repeat(1 << 20)}X${'b'.repeat(1 << 20)}`), at(1, (1 << 20) + 1), 40)
    assert.ok(lines.every(line => line.length <= 40))
    assert.equal(lines[0]![lines[1]!.indexOf('^')], 'X')
  })

  test('keeps the mark in its place where the line has tabs', () => {
    const [text, mark] = excerpt(of('\t\tuser x;'), at(1, 3), 40)
    assert.equal(text![mark!.indexOf('^')], 'u')
  })

  test('shows no credential, and as many stars as it has characters', () => {
    const token = ['Bearer', 'not-a-real-token-0000'].join(' ')
    const [text] = excerpt(of(`set $x "${token}";`), at(1, 1), 80)
    assert.equal(text, `     1 | set $x "Bearer ${'*'.repeat(21)}";`)
  })

  test('marks the whole of a place whose end is known, within its line', () => {
    const marked = (endLine: number, endColumn: number) =>
      excerpt(of('  user x;  ', 'y'), { ...at(1, 3), endLine, endColumn }, 40)[1]
    assert.equal(marked(1, 7), '       |   ^^^^')
    assert.equal(marked(2, 2), '       |   ^^^^^^^')
    assert.equal(marked(1, 3), '       |   ^')
    assert.ok(marked(1, 1000)!.length <= 40)
  })

  test('keeps the mark below wide characters', () => {
    const [, mark] = excerpt(of('user 世界 x;'), { ...at(1, 6), endLine: 1, endColumn: 8 }, 40)
    assert.equal(mark, '       |      ^^^^')
    assert.equal(excerpt(of('user 世界 x;'), at(1, 9), 40)[1], '       |           ^')
  })

  test('of a file that is not known is nothing', () => {
    assert.deepEqual(
      excerpt(() => undefined, at(1, 1), 80),
      [],
    )
    assert.deepEqual(excerpt(of('one'), at(2, 1), 80), [])
  })
})

describe('wrapped text', () => {
  test('breaks at blanks, within its width, with an indent', () => {
    assert.deepEqual(wrap('one two three', 9, '  '), ['  one two', '  three'])
  })

  test('leaves a word whole that is longer than the width', () => {
    assert.deepEqual(wrap('a incomprehensibilities b', 8), ['a', 'incomprehensibilities', 'b'])
  })
})
