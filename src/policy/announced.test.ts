import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandsIn } from './announced.ts'

const cases: readonly [string, string, readonly (readonly string[])[] | 'unclear'][] = [
  ['words', 'a  b\tc', [['a', 'b', 'c']]],
  ['single quotes', "a 'b c' d'e'", [['a', 'b c', 'de']]],
  ['double quotes', 'a "b \\" c" ""', [['a', 'b " c', '']]],
  ['a quote in a quote', "a 'it'\\''s'", [['a', "it's"]]],
  ['a backslash', 'a b\\ c', [['a', 'b c']]],
  ['placeholders', 'a <b-c> --d=<e.f>:1', [['a', '<b-c>', '--d=<e.f>:1']]],
  ['assignments before the program', 'X=1 Y=2 a Z=3', [['a', 'Z=3']]],
  ['a pipe', 'a b|c && d;e &', [['a', 'b'], ['c'], ['d'], ['e']]],
  ['lines', 'a\nb', [['a'], ['b']]],
  ['redirections', 'a < in 2>&1 >out b', [['a', 'b']]],
  ['quoted operators', 'a \'|\' "$"', 'unclear'],
  ['single-quoted operators', "a '|' '$x'", [['a', '|', '$x']]],
  ['a variable', 'a $b', 'unclear'],
  ['a command in a command', 'a "$(b)"', 'unclear'],
  ['backticks', 'a `b`', 'unclear'],
  ['a sub-shell', '(a)', 'unclear'],
  ['a here-document', 'a <<END', 'unclear'],
  ['an open quote', "a 'b", 'unclear'],
  ['an open double quote', 'a "b', 'unclear'],
  ['a last backslash', 'a \\', 'unclear'],
  ['nothing', '  ', 'unclear'],
]

describe('the words of an announced command line', () => {
  for (const [what, text, words] of cases) {
    test(`with ${what} are those that are run`, () => {
      const read = commandsIn(text).map(({ argv }) => argv)
      assert.deepEqual(read, words === 'unclear' ? [undefined] : words)
    })
  }

  test('leave out where input comes from and output goes to, and keep it', () => {
    assert.deepEqual(commandsIn('a <in >>/x/out')[0]!.redirects, ['in', '/x/out'])
  })

  test('of a line without end are read at once', () => {
    assert.equal(commandsIn(`a "${'\\"'.repeat(200_000)}" ${'b '.repeat(100_000)}`)[0]!.argv!.length, 100_002)
  })
})
