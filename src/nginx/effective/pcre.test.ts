import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { translatePattern } from './pcre.ts'

function matched(source: string, subject: string, caseless = false): string | undefined {
  const pattern = translatePattern(source, caseless)
  assert.ok(pattern instanceof RegExp, `not translated: ${source}`)
  return pattern.exec(subject)?.[0]
}

describe('an expression of PCRE', () => {
  const cases = [
    ['a.c', 'a\rc', 'a\rc', 'a dot is everything but a line feed'],
    ['a.c', 'a\nc', undefined, 'and no line feed'],
    ['(?s)a.c', 'a\nc', 'a\nc', 'unless it may'],
    ['a$', 'a\n', 'a', '$ is before a last line feed'],
    ['a\\z', 'a\n', undefined, '\\z is not'],
    ['\\Aa\\Z', 'a\n', 'a', '\\A and \\Z'],
    ['(?i)ab', 'aB', 'aB', 'an option at the beginning'],
    ['a(?i)b|c', 'C', 'C', 'an option goes on'],
    ['(a(?i)b)c', 'aBC', undefined, 'up to the end of its group'],
    ['(?i:a)b', 'Ab', 'Ab', 'a group with an option'],
    ['(?i:a(?-i)b)', 'AB', undefined, 'an option taken back'],
    ['[[:alpha:]_-]+', '1a_-', 'a_-', 'named classes'],
    ['[^[:space:]a]+', ' ab', 'b', 'and what is none of them'],
    ['[]a]+', ']a', ']a', 'a bracket first in a class'],
    ['[a-]+', '-a', '-a', 'a hyphen last'],
    ['[\\w.]+', 'é.a', '.a', 'bytes beyond ASCII are no letters'],
    ['\\s', '\xa0', undefined, 'nor blanks'],
    ['\\h+\\x41\\x{42}', ' \tAB', ' \tAB', 'characters by number'],
    ['\\Qa.b\\E+', 'a.bb', 'a.bb', 'quoted'],
    ["(?P<n>a)(?'m'b)(?<o>c)", 'abc', 'abc', 'named groups'],
    ['a(?#x)b', 'ab', 'ab', 'a comment'],
    ['(?<=a)b(?!c)(?=d)', 'abd', 'b', 'looks around'],
    ['a{2}b{1,}c{0,1}d{x', 'aabd{x', 'aabd{x', 'braces that count and that do not'],
    ['a}b]', 'a}b]', 'a}b]', 'closing ones alone'],
    ['a/b', 'a/b', 'a/b', 'a slash'],
  ] as const
  for (const [source, subject, expected, title] of cases) {
    test(`${title}: ${source}`, () => assert.equal(matched(source, subject), expected))
  }
  test('without case it knows the letters of ASCII only', () => {
    assert.equal(matched('a[b-d]é', 'ACé', true), 'ACé')
    assert.equal(matched('k', '\u212a', true), undefined)
    assert.equal(matched('\xe9', '\xc9', true), undefined)
    assert.equal(matched('[^a]', 'A', true), undefined)
  })

  const unlike = ['a++', 'a*+', '(?>a)', '(a)\\1', '\\p{L}', '(?R)', '(?|a|b)', '(*UTF8)a', '(?x)a b', 'a\\K', '\\k<n>']
  for (const source of unlike) {
    test(`${source} is told instead of taken for something else`, () => {
      const pattern = translatePattern(source, false)
      assert.ok(!(pattern instanceof RegExp))
    })
  }
  for (const source of [
    '(a',
    'a)',
    '[a',
    '*a',
    'a\\',
    '[b-a]',
    '[[:frob:]]',
    '[[:constructor:]]',
    '(?<n>a)(?<n>b)',
    '(?#',
  ]) {
    test(`${source} is no expression`, () =>
      assert.deepEqual(translatePattern(source, false), { unlike: 'its syntax' }))
  }

  test('whatever is written is translated or told', () => {
    const part = fc.constantFrom(...'()[]{}?*+|\\^$.-,:<>=!#ia1 ', '(?', '[[:', ':]', '\\Q', '\\E', '(?<n>', '\\x{')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.boolean(), (parts, caseless) => {
        const pattern = translatePattern(parts.join(''), caseless)
        assert.ok(pattern instanceof RegExp || pattern.unlike !== '')
      }),
      { numRuns: 2000 },
    )
  })
})
