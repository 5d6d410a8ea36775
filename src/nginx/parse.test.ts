import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { RunproofError } from '../model/error.ts'
import type { ConfigFile, Directive, Word } from './ast.ts'
import { parseConfig } from './parse.ts'
import { printConfig } from './print.ts'

const parse = (text: string) => parseConfig('test.conf', Buffer.from(text))

/** The words of every directive as nginx reads them, with what follows. */
function read(directives: readonly Directive[]): unknown[] {
  return directives.map(({ name, args, body }) => {
    const words = [name, ...args].map(word => word.text)
    if (body.kind === 'ended') return words
    return [...words, body.kind === 'block' ? read(body.directives) : { foreign: body.text }]
  })
}

describe('parseConfig reads words as nginx does', () => {
  const cases: readonly [string, string, unknown[]][] = [
    [
      'words and blocks',
      'a b c;d{e f;}',
      [
        ['a', 'b', 'c'],
        ['d', [['e', 'f']]],
      ],
    ],
    ['nothing at all', '', []],
    ['blanks of every kind', 'a\t\r\n b ;', [['a', 'b']]],
    ['a comment where a token begins', '# x;\na # y\nb;#z', [['a', 'b']]],
    ['no comment within a word', 'a b#c;', [['a', 'b#c']]],
    ['a comment cannot follow a quote, a blank in between', 'a "b" #c\n;', [['a', 'b']]],
    ['double quotes', 'a "b ; { } # \' c";', [['a', "b ; { } # ' c"]]],
    ['single quotes', `a 'b " c';`, [['a', 'b " c']]],
    ['quotes within a word are characters', `a b"c d"e;`, [['a', 'b"c', 'd"e']]],
    ['a parenthesis right after a quote', 'if ($a = "b") {}', [['if', '($a', '=', 'b', ')', []]]],
    ['a parenthesis after a quote goes on as a word', 'a "b")c;', [['a', 'b', ')c']]],
    ['an empty word', `a "" '';`, [['a', '', '']]],
    ['a quoted name', '"a" b;', [['a', 'b']]],
    ['escapes', String.raw`a "\t\r\n\"\'\\";`, [['a', '\t\r\n"\'\\']]],
    ['escapes without quotes', String.raw`a \"b\ c\;\{\t;`, [['a', '"b\\ c\\;\\{\t']]],
    ['a backslash before anything else stays', String.raw`a ^/\d+\.php$;`, [['a', String.raw`^/\d+\.php$`]]],
    ['a variable in braces', `a \${b}c x\${d}{e;}`, [['a', `\${b}c`, `x\${d}`, [['e']]]]],
    ['a brace ends a word', 'a b{c;}', [['a', 'b', [['c']]]]],
    ['a closing brace within a word is a character', 'a b};', [['a', 'b}']]],
    ['braces after a dollar', `a \${{b;`, [['a', `\${{b`]]],
    ['a regular expression in quotes', 'location ~ "^/a{2}$" {}', [['location', '~', '^/a{2}$', []]]],
    ['a quote that spans lines', 'a "b\nc";', [['a', 'b\nc']]],
    ['NUL is a character', 'a b\0c;', [['a', 'b\0c']]],
    ['a byte order mark is a character', '\ufeffa;', [['\ufeffa']]],
  ]
  for (const [title, text, expected] of cases) {
    test(title, () => assert.deepEqual(read(parse(text).directives), expected))
  }
})

describe('parseConfig passes over Lua', () => {
  const cases: readonly [string, string][] = [
    ['nested braces', ' local t = { a = { 1 } } '],
    ['a brace in a string', ` ngx.say("}") ngx.say('}') `],
    ['an escaped quote', String.raw` ngx.say("\"}") `],
    ['a comment', " -- it's } here\n x = 1 "],
    ['a long comment', ' --[==[ } ]] ]==] x = 1 '],
    ['a long string', ' x = [[ } ]] y = [=[ ]] } ]=] '],
    ['an index that is no long bracket', ' x = t[ t[1] ] '],
  ]
  for (const [title, lua] of cases) {
    test(title, () => {
      const file = parse(`location / { content_by_lua_block {${lua}} set_by_lua_block $a {${lua}} b; }`)
      assert.deepEqual(read(file.directives), [
        [
          'location',
          '/',
          [['content_by_lua_block', { foreign: lua }], ['set_by_lua_block', '$a', { foreign: lua }], ['b']],
        ],
      ])
    })
  }
})

describe('parseConfig says where and what', () => {
  const cases: readonly [string, string, string, RegExp][] = [
    ['a block without its end', 'a;\nb {\n c;\n', '4:1', /expected "}" for "b" of line 2/],
    ['a directive without its end', 'a\n b', '2:3', /expected ";" after "a" of line 1/],
    [
      'what may be a password, which is not shown',
      'me:$y$1:2\n b',
      '2:3',
      /expected ";" after the last word of line 1$/,
    ],
    ['a name that the file ends with', 'a', '1:2', /expected ";" after the last word/],
    ['an end too many', 'a;\n }', '2:2', /unexpected "}", no block is open/],
    ['a missing semicolon', 'a { b }', '1:7', /unexpected "}", expected ";" after "b"/],
    ['a semicolon alone', 'a;\n;', '2:1', /unexpected ";"/],
    ['a brace alone', ' {', '1:2', /unexpected "{"/],
    ['an open quote', 'a;\nb "c;\n', '2:3', /a quote is opened in "b" and never closed/],
    ['an open quote in front', "\n'c", '2:1', /a quote is opened and never closed/],
    ['text right after a quote', 'a "b"c;', '1:6', /unexpected "c", expected a blank/],
    ['a comment right after a quote', 'a "b"#;', '1:6', /unexpected "#"/],
    ['a control character right after a quote', 'a "b"\0;', '1:6', /unexpected "\\u0000"/],
    ['Lua without an end', 'a;\n x_by_lua_block { "}" ', '2:2', /Lua block of "x_by_lua_block" has no end/],
    ['a Lua string without an end', 'x_by_lua_block { "} ', '1:1', /has no end/],
    ['a column in characters', 'é𝒳 "𝒳"é', '1:7', /unexpected/],
    ['too long a parameter', `a\n ${'b'.repeat(4096)};`, '2:2', /a parameter of 4096 bytes is too long/],
    ['too long a quote', `a "${'b'.repeat(4095)}";`, '1:4', /a parameter of 4096 bytes is too long/],
    ['too long a comment', `a;\n#${'b'.repeat(4096)}\n`, '2:1', /a comment of 4097 bytes is too long/],
    ['a parameter too long in bytes', `a ${'é'.repeat(2048)};`, '1:3', /a parameter of 4096 bytes is too long/],
    ['blocks within blocks without end', 'a{'.repeat(1002), '1:2001', /more than 1000 blocks/],
  ]
  for (const [title, text, place, message] of cases) {
    test(title, () => {
      assert.throws(
        () => parse(text),
        (thrown: unknown) => {
          assert.ok(thrown instanceof RunproofError)
          assert.equal(thrown.code, 'CONFIG_INVALID')
          assert.ok(thrown.message.startsWith(`test.conf:${place}: `), thrown.message)
          assert.match(thrown.message, message)
          assert.ok(thrown.hint)
          return true
        },
      )
    })
  }

  test('no argument is in a message', () => {
    for (const text of [
      'a word {',
      'a "word" b',
      'a "word',
      'a { b word }',
      `a word${'c'.repeat(5000)};`,
      'a "b"word',
    ]) {
      assert.throws(
        () => parse(text),
        (thrown: Error) => !thrown.message.includes('word'),
      )
    }
  })
})

test('positions are those of the first character, quotes included', () => {
  const [first, second] = parse('a;\n  b "c"\n\td;').directives
  assert.deepEqual(first!.name.at, { file: 'test.conf', line: 1, column: 1 })
  assert.deepEqual(
    [second!.name, ...second!.args].map(({ at, quoted }) => [at.line, at.column, quoted]),
    [
      [2, 3, false],
      [2, 5, true],
      [3, 2, false],
    ],
  )
})

describe('printConfig gives the bytes again', () => {
  const same = (bytes: Uint8Array) =>
    assert.deepEqual(Buffer.from(printConfig(parseConfig('x', bytes))), Buffer.from(bytes))

  test('of Latin-1, of a byte order mark, of carriage returns and of NUL', () => {
    same(Buffer.from('a \xe9 "\xff\0" ; # \xfe\r\n', 'latin1'))
    same(Buffer.from('\ufeffa é ; # 𝒳\r\n\r'))
    same(Buffer.from('a_by_lua_block {\r\n"é}" } '))
  })

  test('of whatever can be parsed, and whatever cannot is refused by the one typed error', () => {
    const fragments = fc.constantFrom(
      ...`a b \t\n;;;{{{}}}"'#\\$)`,
      '${',
      '_by_lua_block{',
      '--[[',
      ']]',
      '"a"',
      'é',
      '\xff',
      '\0',
    )
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fragments, { maxLength: 60 }).map(parts => Buffer.from(parts.join(''), 'latin1')),
      fc.array(fragments, { maxLength: 60 }).map(parts => Buffer.from(parts.join(''))),
    )
    let parsed = 0
    fc.assert(
      fc.property(bytes, input => {
        let file: ConfigFile
        try {
          file = parseConfig('x', input)
        } catch (thrown) {
          assert.ok(thrown instanceof RunproofError && thrown.code === 'CONFIG_INVALID', String(thrown))
          assert.match(thrown.message, /^x:\d+:\d+: /)
          return
        }
        parsed++
        const printed = printConfig(file)
        assert.deepEqual(Buffer.from(printed), Buffer.from(input))
        assert.deepEqual(parseConfig('x', printed), file)
      }),
      { numRuns: 4000 },
    )
    assert.ok(parsed > 100, `only ${parsed} inputs were configurations`)
  })

  test('of trees that nobody wrote, which are read as the same trees', () => {
    fc.assert(
      fc.property(fc.array(directive(3), { maxLength: 5 }), gap, (directives, after) => {
        const bytes = printConfig({ path: 'x', directives, after, encoding: 'utf8' })
        const file = parseConfig('x', bytes)
        assert.deepEqual(withoutPlaces(file.directives), withoutPlaces(directives))
        assert.deepEqual(Buffer.from(printConfig(file)), Buffer.from(bytes))
      }),
      { numRuns: 500 },
    )
  })
})

test('a line of a million words takes time in proportion', () => {
  const words = (count: number) => Buffer.from(`a${' "é" b'.repeat(count)};`)
  const timed = (bytes: Buffer) => {
    const before = process.cpuUsage()
    parseConfig('x', bytes)
    return process.cpuUsage(before).user / 1_000
  }
  timed(words(1000))
  assert.ok(timed(words(200_000)) < 5000)
})

const gap = fc
  .array(fc.constantFrom(' ', '\t', '\n', '\r\n', '# it\'s "{;}\n', '#\n'), { maxLength: 3 })
  .map(parts => parts.join(''))
const blank = gap.map(text => ` ${text}`)

const bare = fc
  .string({
    unit: fc.constantFrom(...'ab/.*^$~=()[]|:é', `\${v}`, '\\;', '\\ ', "x'", 'x"'),
    minLength: 1,
    maxLength: 8,
  })
  .filter(text => !/^["'#}]|\$$/.test(text))
const word: fc.Arbitrary<Word> = fc.oneof(
  fc.tuple(blank, bare).map(([before, raw]) => ({ before, raw, text: raw, quoted: false, at: nowhere })),
  fc
    .tuple(blank, fc.string({ unit: fc.constantFrom(...'ab {};#\n', '\\"', '\\\\', '\\n', '$') }))
    .map(([before, inner]) => ({
      before,
      raw: `"${inner}"`,
      text: inner.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character)),
      quoted: true,
      at: nowhere,
    })),
)
const nowhere = { file: 'x', line: 1, column: 1 }

function directive(depth: number): fc.Arbitrary<Directive> {
  const ended = blank.map(before => ({ kind: 'ended' as const, before }))
  const lua = blank.map(before => ({ kind: 'foreign' as const, before, text: ' a = "}" -- }\n' }))
  const plain = fc.tuple(word, fc.array(word, { maxLength: 3 }), ended)
  const foreign = fc.tuple(word, fc.array(word, { maxLength: 1 }), lua).map(([name, args, body]) => {
    const named = { ...name, raw: 'x_by_lua_block', text: 'x_by_lua_block', quoted: false }
    return [named, args, body] as const
  })
  const block = fc
    .tuple(
      word,
      fc.array(word, { maxLength: 3 }),
      blank,
      depth === 0 ? fc.constant([]) : fc.array(directive(depth - 1), { maxLength: 3 }),
      gap,
    )
    .map(([name, args, before, directives, beforeEnd]) => {
      return [name, args, { kind: 'block' as const, before, directives, beforeEnd }] as const
    })
  return fc.oneof(plain, foreign, block).map(([name, args, body]) => ({ name, args, body }))
}

function withoutPlaces(directives: readonly Directive[]): unknown {
  return JSON.parse(JSON.stringify(directives, (key, value: unknown) => (key === 'at' ? undefined : value)))
}
