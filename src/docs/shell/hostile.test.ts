import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readSnippet } from './read-snippet.ts'
import { PROGRAMS, read, snippetOf } from './testdata/shown.ts'

const LENGTH = 2 ** 17
const filled = (unit: string): string => unit.repeat(Math.floor(LENGTH / unit.length))

describe('shell that is made to be hard to read', { timeout: 120_000 }, () => {
  /** Title, text, and what is found: commands, or the reason why there are none. */
  const cases: readonly (readonly [title: string, text: string, found: number | RegExp])[] = [
    ['quotes', filled('"'), 1],
    ['a quote more', `${filled('"')}"`, /never closed/],
    ['substitutions that never close', filled('$('), /nested too deeply|never closed/],
    ['substitutions in each other', `${'$('.repeat(200)}tool${')'.repeat(200)}`, /nested too deeply/],
    ['substitutions in quotes', filled('"$('), /never closed/],
    ['substitutions in quotes in each other', `${'"$('.repeat(9000)}${')"'.repeat(9000)}`, /nested too deeply/],
    ['arithmetic that never closes', filled('$(('), /never closed/],
    ['parentheses', filled('('), /nested too deeply|never closed/],
    ['groups', filled('{ '), /nested too deeply/],
    ['conditions', filled('if a; then '), /nested too deeply/],
    ['braces', filled('{a,'), 1],
    ['brackets', filled('[a '), 1],
    ['angle brackets', `tool ${filled('<a ')}`, 1],
    ['dots', `tool ${filled('... ')}`, 1],
    ['alternatives', `tool ${filled('(a|b) ')}`, 32],
    ['pipes', `${filled('a | ')}b`, LENGTH / 4 + 1],
    ['here-documents', filled('tool <<E\n'), /never ended/],
    ['wrappers', filled('sudo '), 9],
    ['scripts in scripts', `${filled("bash -c '")}'`, 1],
    ['lines that are no shell', filled(')\n'), /too much before it/],
    ['lines that begin with an option', filled('--a\n'), /more mistakes are not told/],
    ['units of the private use area', `tool ${filled('\uE000')}`, 1],
  ]
  for (const [title, text, found] of cases) {
    test(`takes ${title}`, () => {
      const { commands, problems, unjudged } = read(text)
      if (typeof found === 'number') assert.equal(commands.length, found)
      else
        assert.match([...problems.map(({ message }) => message), ...unjudged.map(({ why }) => why)].join('\n'), found)
    })
  }

  test('a session of thousands of commands is cut apart in time', () => {
    assert.equal(read(filled('$ tool x\nout\n'), 'console').commands.length, Math.floor(LENGTH / 13))
  })
  test('text of no end is told and not read', () => {
    const { commands, unjudged } = read('tool a\n'.repeat(40_000))
    assert.deepEqual(commands, [])
    assert.match(unjudged[0]!.why, /^it is 280000 units long, and at most 262144 are read$/)
  })
})

describe('any text', () => {
  const unit = fc.constantFrom(
    ...[
      'tool',
      'a',
      '--b',
      ' ',
      ' ',
      '\n',
      '\t',
      '\\',
      '\\\n',
      '"',
      "'",
      '`',
      '$(',
      ')',
      '${',
      '}',
      '{',
      '{x}',
      '<',
      '>',
      '<a>',
      '<a b>',
    ],
    ...[
      '[',
      ']',
      '[--c]',
      '(',
      '|',
      '||',
      '&',
      '&&',
      ';',
      '#',
      '$',
      '$ ',
      '> ',
      '...',
      '…',
      '<<E\n',
      'E\n',
      "bash -c '",
      'sudo ',
      'xargs ',
    ],
    ...[
      'if ',
      'then ',
      'fi',
      'do ',
      'done',
      'for i in ',
      'case x in ',
      'esac',
      '😀',
      'é',
      '\uE000',
      '\uE002',
      '\u00A0',
      '=',
      '*',
      '!',
      '-',
    ],
  )
  const text = fc.array(unit, { maxLength: 30 }).map(units => units.join(''))
  const form = fc.constantFrom(['bash', 'fence'], ['console', 'fence'], ['', 'fence'], ['', 'inline']) as fc.Arbitrary<
    [string, 'fence' | 'inline']
  >

  test('is read, and each word and each mistake stands where it is said to stand', () => {
    fc.assert(
      fc.property(text, form, (given, [language, kind]) => {
        const { commands, problems, unjudged } = readSnippet('a.md', snippetOf(given, language, kind), PROGRAMS)
        const lines = given.split('\n')
        for (const { at, source, pieces } of commands.flatMap(({ words }) => words)) {
          assert.ok(pieces.length > 0)
          // A word over several lines may have lost prompts; in backticks it is a decoded text that has a place as a whole.
          if (at.line !== at.endLine || source.includes('\n') || given.includes('`')) continue
          assert.equal(lines[at.line - 1]!.slice(at.column - 1, at.endColumn - 1), source)
        }
        for (const { at } of [...problems, ...unjudged, ...commands]) {
          assert.ok(at.line >= 1 && at.column >= 1 && at.endLine <= lines.length)
          assert.ok(at.column <= lines[at.line - 1]!.length + 1 && at.endColumn <= lines[at.endLine - 1]!.length + 2)
        }
      }),
      { numRuns: 3000 },
    )
  })
})
