import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readPage } from './read-page.ts'

/** What a page has as code: kind, language, text and the place of its first unit. */
function codeOf(source: string, file = 'page.md'): string[] {
  return readPage(file, Buffer.from(source)).snippets.map(({ kind, language, text, segments }) => {
    const { line, column } = segments[0]!
    return `${[kind, language].filter(Boolean).join(' ')} ${line}:${column} ${text}`
  })
}

describe('readPage', () => {
  const cases: readonly (readonly [title: string, source: string, ...code: string[]])[] = [
    ['a fence', '# T\n\n```bash\ntool a\n```\n', 'fence bash 4:1 tool a'],
    ['a fence of tildes', '~~~ sh\ntool a\n~~~\n', 'fence sh 2:1 tool a'],
    ['an info string with more than a language', '```Bash title="x" {1,3}\ntool a\n```\n', 'fence bash 2:1 tool a'],
    ['a fence in a list', '1. x\n   ```sh\n   tool a\n     b\n   ```\n', 'fence sh 3:4 tool a\n  b'],
    ['a fence in a quotation', '> ```sh\n> tool a\n>\n> tool b\n> ```\n', 'fence sh 2:3 tool a\n\ntool b'],
    ['a blank first line of a fence', '```\n\ntool a\n```\n', 'fence 2:1 \ntool a'],
    ['indented code', 'x\n\n    tool a\n      b\n', 'fence 3:5 tool a\n  b'],
    ['inline code', 'Run `tool a`.\n', 'inline 1:6 tool a'],
    ['inline code between double backticks', '`` tool `a` ``\n', 'inline 1:4 tool `a`'],
    ['inline code over two lines', '- Run `tool\n  a`.\n', 'inline 1:8 tool a'],
    ['cells of a table', '| a | b |\n|---|---|\n| `x \\| y` | `t` |\n', 'inline 3:4 x | y', 'inline 3:15 t'],
  ]
  for (const [title, source, ...code] of cases) test(`reads ${title}`, () => assert.deepEqual(codeOf(source), code))
})
