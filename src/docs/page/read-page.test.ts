import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { readPage } from './read-page.ts'

/** What a page has as code: kind, language, what it stands in, the place of its first unit, and its text. */
function codeOf(file: string, source: string): string[] {
  return readPage(file, Buffer.from(source)).snippets.map(({ kind, language, within, text, segments }) => {
    const { line, column } = segments[0]!
    const head = [kind, language, ...within.map(one => `<${one}`)].filter(Boolean).join(' ')
    return `${head} ${line}:${column} ${text}`
  })
}

function problemsOf(file: string, source: string | Uint8Array): string[] {
  return readPage(file, Buffer.from(source as string)).problems.map(
    ({ rule, severity, at, message }) => `${severity} ${rule} ${at.line}:${at.column} ${message}`,
  )
}

type Case = readonly [title: string, source: string, ...code: string[]]

describe('readPage of Markdown', () => {
  const cases: readonly Case[] = [
    ['a fence', '# T\n\n```bash\ntool a\n```\n', 'fence bash 4:1 tool a'],
    ['a fence of tildes', '~~~ sh\ntool a\n~~~\n', 'fence sh 2:1 tool a'],
    ['an info string with more than a language', '```Bash title="x" {1,3}\ntool a\n```\n', 'fence bash 2:1 tool a'],
    ['a fence in a list', '1. x\n   ```sh\n   tool a\n     b\n   ```\n', 'fence sh <list 3:4 tool a\n  b'],
    ['a fence in a list in a list', '- x\n  - y\n\n    ```\n    tool a\n    ```\n', 'fence <list <list 5:5 tool a'],
    ['a fence in a quotation', '> ```sh\n> tool a\n>\n> tool b\n> ```\n', 'fence sh <quote 2:3 tool a\n\ntool b'],
    ['a fence in an alert', '> [!NOTE]\n> ```sh\n> tool a\n> ```\n', 'fence sh <quote 3:3 tool a'],
    ['a blank first line of a fence', '```\n\ntool a\n```\n', 'fence 2:1 \ntool a'],
    ['a fence with CRLF', '```sh\r\ntool a\r\n\r\ntool b\r\n```\r\n', 'fence sh 2:1 tool a\n\ntool b'],
    ['a fence with CR alone', '```sh\rtool a\r```\r', 'fence sh 2:1 tool a'],
    ['indented code', 'x\n\n    tool a\n      b\n', 'fence 3:5 tool a\n  b'],
    ['code indented by a tab', 'x\n\n\ttool a\n', 'fence 3:2 tool a'],
    ['inline code', 'Run `tool a`.\n', 'inline 1:6 tool a'],
    ['inline code after a byte order mark', '\u{feff}`tool a`\n', 'inline 1:2 tool a'],
    ['inline code after emoji, in UTF-16 units', '🚀🚀 `tool a`\n', 'inline 1:7 tool a'],
    ['inline code in text from right to left', 'שלום `tool a` עולם\n', 'inline 1:7 tool a'],
    ['inline code between double backticks', '`` tool `a` ``\n', 'inline 1:4 tool `a`'],
    ['inline code over two lines', '- Run `tool\n  a`.\n', 'inline <list 1:8 tool a'],
    [
      'inline code in bold, a link and a heading',
      '# `a b`\n\n**`c`** [`d`](e)\n',
      'inline <heading 1:4 a b',
      'inline 3:4 c',
      'inline 3:11 d',
    ],
    [
      'cells of a table',
      '| a | b |\n|---|---|\n| `x \\| y` | `t` |\n',
      'inline <table 3:4 x | y',
      'inline <table 3:15 t',
    ],
    ['no escape of a pipe outside tables', '`x \\| y`\n', 'inline 1:2 x \\| y'],
    ['a directive of colons', ':::note\n```sh\ntool a\n```\n:::\n', 'fence sh 3:1 tool a'],
    [
      'a block of MkDocs',
      '!!! note "N"\n    Run `tool a`.\n\n    ```sh\n    tool b\n    ```\n',
      'inline <admonition 2:10 tool a',
      'fence sh <admonition 5:5 tool b',
    ],
    ['a collapsed block of MkDocs', '???+ note\n\n    ```sh\n    tool b\n    ```\n', 'fence sh <admonition 4:5 tool b'],
    [
      'tabs of MkDocs',
      '=== "A"\n\n\t```sh\n\ttool a\n\t```\n\n=== "B"\n\n    `b c`\n\nend `d e`\n',
      'fence sh <admonition 4:2 tool a',
      'inline <admonition 9:6 b c',
      'inline 11:6 d e',
    ],
    ['a setext heading as before', 'A `b c`\n===\n', 'inline <heading 1:4 b c'],
    ['<code> in a line', 'x <code>tool &lt;id&gt; <b>a</b> <run_id></code>\n', 'inline 1:9 tool <id> a <run_id>'],
    ['<code> that is never closed as nothing', 'x <code>tool a\n\n`b c`\n', 'inline 3:2 b c'],
    [
      '<pre>',
      '<pre><code class="language-sh">tool a &amp;&amp; b\n\nc</code></pre>\n',
      'fence sh 1:32 tool a && b\n\nc',
    ],
    [
      '<code> in a block of HTML',
      '<details>\n<summary><code>tool a</code></summary>\n\n`b c`\n',
      'inline 2:16 tool a',
      'inline 4:2 b c',
    ],
    ['nothing in comments', '<!-- `a b` <code>c d</code>\n\n```sh\ne f\n```\n-->\n'],
    ['nothing in front matter', '---\ntitle: "`a b`"\n---\n`c d`\n', 'inline 4:2 c d'],
    ['lists below a rule at the top, which opens no front matter', '---\n\n- `a b`\n', 'inline <list 3:4 a b'],
    ['an empty page', ''],
  ]
  for (const [title, source, ...code] of cases)
    test(`reads ${title}`, () => assert.deepEqual(codeOf('page.md', source), code))

  test('keeps the rest of the info string', () => {
    const [snippet] = readPage('a.md', Buffer.from('```bash title="a b" {1,3}\nx\n```\n')).snippets
    assert.equal(snippet!.meta, 'title="a b" {1,3}')
  })

  test('names the innermost heading, without its markup', () => {
    const page = readPage('a.md', Buffer.from('`a`\n\n# One `x` *y*\n\n`b`\n\n## Two\n\n`c`\n\nThree\n---\n\n`d`\n'))
    assert.deepEqual(
      page.snippets.map(({ text, heading }) => `${text} ${heading}`),
      ['a ', 'x One x *y*', 'b One x *y*', 'c Two', 'd Three'],
    )
  })

  test('tells links, images, definitions and references of HTML with their places', () => {
    const source = '[a](b.md#c "t") ![i](<d e.png>)\n\n[r]: ../f\\_g.md\n\n<https://h.example/> <a href="i.md">j</a>\n'
    assert.deepEqual(
      readPage('a.md', Buffer.from(source)).links.map(
        ({ url, at }) => `${at.line}:${at.column}-${at.endColumn} ${url}`,
      ),
      ['1:5-11 b.md#c', '1:23-30 d e.png', '3:6-16 ../f_g.md', '5:2-20 https://h.example/', '5:31-35 i.md'],
    )
  })

  test('tells what the front matter declares', () => {
    const programs = (yaml: string) => readPage('a.md', Buffer.from(`---\n${yaml}\n---\n`)).programs
    assert.deepEqual(programs('programs: [a, b]'), ['a', 'b'])
    assert.deepEqual(programs('title: x\nprogram: a'), ['a'])
    assert.deepEqual(programs('title: x'), [])
    assert.deepEqual(programs('programs: [a'), [])
    assert.deepEqual(programs('programs: {a: 1}'), [])
    assert.deepEqual(programs('programs:\n- a\n\n- b # c\ntitle: x\n'), ['a', 'b'])
    assert.deepEqual(programs('title: x\r\nprograms: [\r\n  a,\r\n ]\r\ndraft: true'), ['a'])
    assert.deepEqual(programs('title: |\n  program: a\n'), [])
    assert.deepEqual(programs('title: "{{ x }} of {{ y }}" z\nprogram: a'), ['a'])
    assert.deepEqual(programs('program: a\nprogram: b'), [])
  })

  test('is known by the digest of its bytes, byte order mark and all', () => {
    const bytes = Buffer.from('\u{feff}a\r\n')
    assert.equal(readPage('a.md', bytes).sha256, createHash('sha256').update(bytes).digest('hex'))
  })
})

describe('readPage of MDX', () => {
  const cases: readonly Case[] = [
    [
      'tabs',
      "import T from 't'\n\n<T>\n  <TabItem value='a'>\n\n    ```sh\n    tool a\n    ```\n\n  </TabItem>\n</T>\n\n`b c`\n",
      'fence sh <jsx <jsx 7:5 tool a',
      'inline 13:2 b c',
    ],
    ['what is indented as prose', '<A>\n    Run `a b`\n</A>\n', 'inline <jsx 2:10 a b'],
    [
      'a literal child of a component for code',
      '<CodeBlock language="bash">\n  {`tool \\`a\\``}\n</CodeBlock>\n',
      'fence bash <jsx 2:5 tool `a`',
    ],
    [
      'a literal in <pre><code>',
      '<pre><code className="language-sh">{`a b`}</code></pre>\n',
      'fence sh <jsx <jsx 1:38 a b',
    ],
    ['<code>', 'x <code>a &lt;b&gt;</code> <code>{"c d"}</code>\n', 'inline 1:9 a <b>', 'inline <jsx 1:36 c d'],
    [
      'placeholders that are JSX to the parser',
      'Use <run_id> in `a <run_id> {x}`, {x}.\n',
      'inline 1:18 a <run_id> {x}',
    ],
    [
      'placeholders that are no JSX',
      'Use <run id!>, {run id}, <5 <!-- c --> `a <b c!> {d e}`\n',
      'inline 1:41 a <b c!> {d e}',
    ],
    ['ids of headings', '# A `b c` {#id-x}\n', 'inline <heading 1:6 b c'],
    ['an expression with a brace in a string', "a {'{'} `b c`\n", 'inline 1:10 b c'],
  ]
  for (const [title, source, ...code] of cases) {
    test(`reads ${title}`, () => {
      assert.deepEqual(codeOf('page.mdx', source), code)
      assert.deepEqual(problemsOf('page.mdx', source), [])
    })
  }

  test('falls back to Markdown, and tells where and why, when a page is no MDX', () => {
    const source = 'An {unclosed brace\n\n```sh\ntool a\n```\n\n<A>\n\n    no code\n\n</A>\n'
    assert.deepEqual(codeOf('page.mdx', source), ['fence sh 4:1 tool a'])
    const [problem, ...others] = problemsOf('page.mdx', source)
    assert.match(problem!, /^warning page-syntax 1:\d+ this is no MDX and was read as Markdown: /)
    assert.deepEqual(others, [])
  })

  test('tells a component that is never closed', () => {
    assert.deepEqual(problemsOf('page.mdx', 'a\n\n<Tabs>\n\n`b c`\n'), [
      'warning page-syntax 3:1 <Tabs> is never closed, which MDX does not accept',
    ])
  })

  test('reads one page after another as if each were the first', () => {
    const source = "import A from 'a'\n\n`b c`\n"
    assert.deepEqual(problemsOf('page.mdx', source), [])
    assert.deepEqual(problemsOf('page.mdx', source), [])
  })
})

describe('readPage of plain text', () => {
  test('reads each line that is not blank', () => {
    assert.deepEqual(codeOf('page.txt', '\u{feff}Run tool a --b\r\n\r\n\t then tool c  \n'), [
      'text 1:1 Run tool a --b',
      'text 3:3 then tool c',
    ])
  })

  test('reads Markdown where the fences are still there', () => {
    assert.deepEqual(codeOf('llms.txt', 'Run `tool a`\n\n```sh\ntool b\n```\n'), [
      'inline 1:6 tool a',
      'fence sh 4:1 tool b',
    ])
    assert.equal(readPage('llms.txt', Buffer.from('```sh\na\n```\n')).form, 'markdown')
  })

  test('reads lines where a fence is only opened', () => {
    assert.deepEqual(codeOf('page.txt', 'a\n```sh\nb\n'), ['text 1:1 a', 'text 2:1 ```sh', 'text 3:1 b'])
  })
})

describe('readPage of what is no page', () => {
  const problems: readonly (readonly [title: string, source: string | Uint8Array, ...problems: (string | RegExp)[]])[] =
    [
      ['a fence that never ends', 'a\n\n~~~sh\nb\n', 'error fence-unclosed 3:1 this fence is never closed'],
      ['a fence that ends with its list', '- ```sh\n  a\n\nb\n', 'error fence-unclosed 1:3 this fence is never closed'],
      [
        'a fence that ends with its quotation',
        '> ```sh\n> a\n\nb\n',
        'error fence-unclosed 1:3 this fence is never closed',
      ],
      [
        'a fence that a shorter one cannot close',
        '````\na\n```\n',
        'error fence-unclosed 1:1 this fence is never closed',
      ],
      ['a NUL', 'ab\nc\0d', 'error page-not-text 2:2 byte 4 is a NUL'],
      [
        'a byte that is no UTF-8',
        Buffer.from([0x61, 0x0a, 0xff, 0x61]),
        'error page-not-text 2:1 byte 2 is 0xFF, which is no UTF-8',
      ],
      [
        'a character that is cut off',
        Buffer.from([0x61, 0xe2, 0x82]),
        'error page-not-text 1:3 byte 2 is 0x82, which is no UTF-8',
      ],
      ['UTF-16', Buffer.from('\u{feff}abc', 'utf16le'), 'error page-not-text 1:1 this is UTF-16; convert it to UTF-8'],
      [
        'a line of 50 MiB',
        Buffer.alloc(50 * 1024 * 1024, 'a'),
        'error page-unreadable 1:1 52428800 bytes are more than the 8388608 that are read of a page',
      ],
      [
        'a long line',
        `a\n${'b'.repeat(1_048_577)}\n`,
        'error page-unreadable 2:1 a line of 1048577 characters, where 1048576 are read of one',
      ],
      [
        'a long line of marks',
        `a\n${'<!a '.repeat(16_385)}\n`,
        'error page-unreadable 2:1 a line of 65540 characters, where 65536 are read of one',
      ],
      [
        'a deep quotation',
        `a\n${'>'.repeat(60)}a\n`,
        'error page-unreadable 2:1 lists and quotations within each other are read to a depth of 60',
      ],
      [
        'a deep list',
        `${'- '.repeat(60)}a\n`,
        'error page-unreadable 1:1 lists and quotations within each other are read to a depth of 60',
      ],
      [
        'front matter that is no YAML',
        '---\nprograms: [a\n---\n',
        'warning page-syntax 1:1 this front matter is no YAML, so that the programs it declares are not known',
      ],
      ['a long rule', `${'- '.repeat(100)}\n`],
    ]
  for (const [title, source, ...expected] of problems)
    test(`tells ${title}`, () => assert.deepEqual(problemsOf('page.md', source), expected))

  test('tells where a block begins that is too long, and keeps what stands before it', () => {
    const source = `\`a b\`\n\n${'text\n\n'.repeat(400)}${'> c `d e`\n'.repeat(110_000)}`
    const { snippets, problems } = readPage('page.md', Buffer.from(source))
    assert.equal(snippets[0]!.text, 'a b')
    assert.equal(snippets.length, 1)
    assert.deepEqual(
      problems.map(({ rule, severity }) => `${severity} ${rule}`),
      ['error page-unreadable'],
    )
    assert.ok(problems[0]!.at.line > 3 && problems[0]!.at.line <= 803)
  })

  test('reads on after an image of 300 KB that stands in the page', () => {
    assert.deepEqual(codeOf('page.md', `![](data:image/png;base64,${'iVBORw0K'.repeat(40_000)})\n\n\`a b\`\n`), [
      'inline 3:2 a b',
    ])
  })

  test('takes no code from bytes that are no text', () => {
    assert.deepEqual(codeOf('page.md', '`a b`\0'), [])
    assert.deepEqual(codeOf('page.txt', 'a b\0'), [])
  })
})
