import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RunproofError } from '../model/error.ts'
import type { ConfigFiles } from '../model/nginx.ts'
import { expandPattern } from './glob.ts'
import { CONFIG_LIMITS, readIncludes } from './includes.ts'

function readerOf(files: Readonly<Record<string, string>>): ConfigFiles & { readonly opened: string[] } {
  const opened: string[] = []
  return {
    opened,
    read(path, maxBytes) {
      opened.push(path)
      const text = files[path]
      if (text === undefined) throw new RunproofError('FILE_UNREADABLE', `can't read ${path}: ENOENT`)
      if (text.length > maxBytes) throw new RunproofError('FILE_UNREADABLE', `can't read ${path}: too big`)
      return Buffer.from(text)
    },
    expand: pattern =>
      expandPattern(
        pattern,
        directory => {
          const start = directory === '.' ? '' : `${directory}/`
          const inside = Object.keys(files).filter(path => path.startsWith(start))
          return [...new Set(inside.map(path => path.slice(start.length).split('/')[0]!))]
        },
        path => path in files,
      ),
  }
}

const refuses = (files: Readonly<Record<string, string>>, message: RegExp, limits = CONFIG_LIMITS) =>
  assert.throws(
    () => readIncludes('etc/main.conf', readerOf(files), limits),
    (thrown: unknown) => {
      assert.ok(thrown instanceof RunproofError)
      assert.equal(thrown.code, 'CONFIG_INVALID')
      assert.match(thrown.message, message)
      assert.ok(thrown.hint)
      return true
    },
  )

describe('readIncludes', () => {
  test('looks from the directory of the main file, whichever file includes', () => {
    const files = {
      'etc/main.conf': 'include sub/one.conf; http { include /abs.conf; }',
      'etc/sub/one.conf': 'include two.conf;',
      'etc/two.conf': 'b;',
      '/abs.conf': 'c;',
    }
    const { files: read, included } = readIncludes('etc/main.conf', readerOf(files))
    assert.deepEqual(
      read.map(file => file.path),
      ['etc/main.conf', 'etc/sub/one.conf', 'etc/two.conf', '/abs.conf'],
    )
    const [include, http] = read[0]!.directives
    assert.deepEqual(included.get(include!), [read[1]])
    assert.ok(http!.body.kind === 'block')
    assert.deepEqual(included.get(http!.body.directives[0]!), [read[3]])
  })

  test('takes the matches of a pattern by their bytes, and none for nothing', () => {
    const files = {
      'main.conf': 'include d/*.conf; include none/*; include d/[xyz].conf;',
      'd/b.conf': '',
      'd/B.conf': '',
      'd/.hidden.conf': '',
      'd/a.conf': '',
      'd/10.conf': '',
      'd/9.conf': '',
      'd/sub/a.conf': '',
      'd/a.conf.bak': '',
    }
    const { files: read, included } = readIncludes('main.conf', readerOf(files))
    const found = [...included.values()].map(list => list.map(file => file.path))
    assert.deepEqual(found, [['d/10.conf', 'd/9.conf', 'd/B.conf', 'd/a.conf', 'd/b.conf'], [], []])
    assert.equal(read.length, 6)
  })

  test('reads once what is included twice', () => {
    const reader = readerOf({ main: 'a { include x; } b { include x; include *; }', x: 'c;' })
    refusesLoopOfPattern()
    const { files, included } = readIncludes('main', readerOf({ main: 'a { include x; } b { include x; }', x: 'c;' }))
    assert.equal(files.length, 2)
    const [first, second] = [...included.values()]
    assert.equal(first![0], second![0])

    // a pattern that matches the file it stands in
    function refusesLoopOfPattern() {
      assert.throws(() => readIncludes('main', reader), /main includes itself$/)
    }
  })

  test('does not take for an include what has another number of arguments', () => {
    const { included } = readIncludes('main', readerOf({ main: 'include; include a b; include a {}' }))
    assert.equal(included.size, 0)
  })

  test('names the include of a file that cannot be read', () => {
    refuses(
      { 'etc/main.conf': 'a;\n include x.conf;' },
      /^etc\/main.conf:2:2: etc\/x.conf is included: can't read etc\/x.conf/,
    )
    refuses(
      { 'etc/main.conf': 'include a;', 'etc/a': '\n\ninclude b;' },
      /^etc\/a:3:1: etc\/b is included: can't read etc\/b/,
    )
  })

  test('leaves the code of a main file that cannot be read', () => {
    assert.throws(() => readIncludes('none', readerOf({})), {
      code: 'FILE_UNREADABLE',
      message: "can't read none: ENOENT",
    })
  })

  test('names the place in an included file that is no configuration', () => {
    refuses({ 'etc/main.conf': 'include x;', 'etc/x': 'a;\n}' }, /^etc\/x:2:1: unexpected "}"/)
  })

  test('says of a refused file with NUL bytes that it may be no text', () => {
    assert.throws(() => readIncludes('x', readerOf({ x: 'a "b"\0;' })), { code: 'CONFIG_INVALID', hint: /NUL bytes/ })
  })

  test('refuses a file that includes itself, by whichever way', () => {
    refuses({ 'etc/main.conf': '\ninclude main.conf;' }, /^etc\/main.conf:2:1: etc\/main.conf includes itself$/)
    refuses(
      { 'etc/main.conf': 'include a;', 'etc/a': 'x { include b; }', 'etc/b': '\n include a;' },
      /^etc\/b:2:2: etc\/a includes itself: etc\/a:1:5 -> etc\/b:2:2$/,
    )
    refuses({ 'etc/main.conf': 'include *;' }, /includes itself/)
  })

  test('refuses too many files, too many bytes, too many directives and too much depth', () => {
    const limits = { files: 3, bytes: 100, directives: 20, depth: 5 }
    const main = 'etc/main.conf'
    refuses({ [main]: 'include x*;', 'etc/x1': '', 'etc/x2': '', 'etc/x3': '' }, /:1:1: more than 3 files/, limits)
    refuses({ [main]: 'include x;', 'etc/x': ' '.repeat(91) }, /etc\/x is included: .* too big/, limits)
    refuses(
      { [main]: 'include x;include x;include x;', 'etc/x': 'a;a;a;a;a;a;a;' },
      /:1:21: .*more than 20 directives/,
      limits,
    )
    refuses({ [main]: 'a{'.repeat(6) + '}'.repeat(6) }, /:1:11: more than 5 blocks/, limits)
    refuses(
      { [main]: 'include x; a{a{a{include x;}}}', 'etc/x': 'b{b{}}' },
      /:1:18: more than 5 blocks and includes/,
      limits,
    )
  })

  test('is done with files that include each other many times over', () => {
    const files: Record<string, string> = { 'etc/main.conf': 'include 0;', 'etc/30': 'a;' }
    for (let index = 0; index < 30; index++) files[`etc/${index}`] = `include ${index + 1};\n include ${index + 1};`
    refuses(files, /more than 2000000 directives/)
  })
})

describe('expandPattern', () => {
  const tree: Readonly<Record<string, readonly string[]>> = {
    '.': ['a.conf', 'b.conf', 'B.conf', '.c.conf', 'a', 'a-b', 'x[1]', 'é.conf', 'd', 'e', '1', ']'],
    d: ['one.conf', '.two.conf'],
    e: ['one.conf'],
    '/': ['etc'],
    '/etc': ['nginx', 'ngrep'],
    '/etc/nginx': ['nginx.conf'],
    '/etc/ngrep': ['x.conf'],
  }
  const exists = (path: string) => path === 'd/one.conf' || path === '/etc/nginx/nginx.conf'
  const cases: readonly [string, readonly string[]][] = [
    ['*.conf', ['B.conf', 'a.conf', 'b.conf', 'é.conf']],
    ['?.conf', ['B.conf', 'a.conf', 'b.conf']],
    ['??.conf', ['é.conf']],
    ['.*.conf', ['.c.conf']],
    ['[a-b].conf', ['a.conf', 'b.conf']],
    ['[!a].conf', ['B.conf', 'b.conf']],
    ['[^a]', [']', '1', 'd', 'e'].sort()],
    ['[[:digit:]]', ['1']],
    ['[[:upper:]]*', ['B.conf']],
    ['[]1]', ['1', ']']],
    ['a[b-]b', ['a-b']],
    ['[z-a]', []],
    ['x\\[1]*', ['x[1]']],
    ['x[', []],
    ['*/one.conf', ['d/one.conf']],
    ['*/*.conf', ['d/one.conf', 'e/one.conf']],
    ['none/*', []],
    ['/*/n*/*.conf', ['/etc/nginx/nginx.conf', '/etc/ngrep/x.conf']],
    ['/e?c/nginx/nginx.conf', ['/etc/nginx/nginx.conf']],
    ['**', ['1', 'B.conf', ']', 'a', 'a-b', 'a.conf', 'b.conf', 'd', 'e', 'x[1]', 'é.conf']],
    ['{a,b}.conf*', []],
  ]
  for (const [pattern, expected] of cases) {
    test(`${pattern} finds ${expected.join(' ') || 'nothing'}`, () => {
      assert.deepEqual(
        expandPattern(pattern, directory => tree[directory], exists),
        expected,
      )
    })
  }

  test('is done with many stars', () => {
    const long = 'a'.repeat(250)
    assert.deepEqual(
      expandPattern(`${'*a'.repeat(40)}*b`, () => [long, `${long}b`], exists),
      [`${long}b`],
    )
  })
})
