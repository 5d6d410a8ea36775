import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseMarkup } from './parse.ts'
import { placeOf } from './place-of.ts'
import { readPage } from './read-page.ts'

/** Lines and stretches that open, continue and close everything that holds code, in any order. */
const MARKDOWN = [
  ...[
    '# h `a b`\n',
    '\n',
    '\n\n',
    '  \n',
    '```sh\n',
    '```\n',
    '~~~ x y\n',
    '~~~\n',
    'tool a\n',
    '    tool i\n',
    '\ttool t\n',
  ],
  ...[
    '- item `x`\n',
    '  cont\n',
    '1. n\n',
    '   ~~~\n',
    '  - `n`\n',
    '> q `z`\n',
    '> ```\n',
    '> > `zz`\n',
    'para `one\n',
    'two` para\n',
  ],
  ...[
    '<div>\n',
    '</div>\n',
    '<pre>\n',
    '</pre>\n',
    '<!--\n',
    '-->\n',
    '<code>a &lt;b&gt;</code>\n',
    '`` d ` e ``\n',
    '`é 🚀 שלום` ',
  ],
  ...[
    '| a | b |\n',
    '|---|---|\n',
    '| `x` | `y \\| z` |\n',
    '---\n',
    '===\n',
    '[a]: /b\n',
    '[l](u) `k`\n',
    '* * *\n',
    'a\r\n',
    '`b\r',
  ],
  ...['!!! note\n', '=== "T"\n', '    ```sh\n', '    ```\n', '\t```\n', ':::tip\n'],
]
const MDX = [
  '<A>\n',
  '</A>\n',
  '<C>{`t \\`u\\``}</C>\n',
  '<run_id>',
  '{x}',
  '<code>{"q"}</code>\n',
  "import a from 'a'\n\n",
  '{#id}\n',
]

const page = (parts: readonly string[]) =>
  fc.array(fc.constantFrom(...parts), { maxLength: 40, size: 'max' }).map(chosen => chosen.join(''))

describe('places of code', () => {
  for (const [file, parts, runs] of [
    ['page.md', MARKDOWN, 500],
    ['page.mdx', [...MARKDOWN, ...MDX], 150],
    ['page.txt', ['\u{a0}a `b` \r\n', ' \t c 🚀\n', '\r', '\n'], 100],
  ] as const) {
    test(`each unit of each snippet of ${file} is the one at its place, but for white space and references`, () => {
      fc.assert(
        fc.property(page(parts), fc.boolean(), (source, marked) => {
          const lines = source.split(/\r\n?|\n/)
          for (const snippet of readPage(file, Buffer.from(marked ? `\u{feff}${source}` : source)).snippets) {
            for (let offset = 0; offset < snippet.text.length; offset++) {
              const unit = snippet.text[offset]!
              const { line, column } = placeOf(file, snippet, offset, offset + 1)
              const there = lines[line - 1]?.[column - 1]
              const same = unit === there || (there === undefined && /\s/.test(unit)) || there === '&'
              assert.ok(same, `${JSON.stringify(unit)} at ${line}:${column} is ${JSON.stringify(there)}`)
            }
          }
        }),
        { numRuns: runs },
      )
    })
  }

  test('a page read in pieces is the page read at once', () => {
    const start = { line: 1, column: 1, offset: 0 }
    const told = (source: string, size: number) =>
      [...parseMarkup(source, 'markdown', start, () => assert.fail('a block too long'), size)]
        .flat()
        .filter(([, { type }]) => /^(?:code|atx|setext|html|resource)/.test(type))
        .map(
          ([side, { type, start, end }]) => `${side} ${type} ${start.line}:${start.column} ${end.line}:${end.column}`,
        )
    fc.assert(
      fc.property(page(MARKDOWN), source => assert.deepEqual(told(source, 1), told(source, Number.POSITIVE_INFINITY))),
      { numRuns: 500 },
    )
  })
})
