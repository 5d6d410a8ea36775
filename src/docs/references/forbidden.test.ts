import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findForbidden } from './forbidden.ts'

const places = (text: string, ...fragments: readonly string[]): readonly string[] =>
  findForbidden(
    'a.md',
    text,
    fragments.map(fragment => ({ fragment, reason: 'it is gone' })),
  ).map(({ at }) => `${at.line}:${at.column}-${at.endLine}:${at.endColumn}`)

describe('forbidden text', () => {
  const cases: readonly (readonly [title: string, text: string, fragment: string, expected: readonly string[]])[] = [
    ['is found in prose', 'use bypassPermissions here', 'bypassPermissions', ['1:5-1:22']],
    ['is found in code', '```sh\nrun --mode old\n```\n', '--mode old', ['2:5-2:15']],
    ['is found wherever it stands, also side by side', 'oldold\n old', 'old', ['1:1-1:4', '1:4-1:7', '2:2-2:5']],
    ['is counted in lines that end in CRLF, LF and CR', 'a\r\nb\nc\rold', 'old', ['4:1-4:4']],
    ['is placed in UTF-16 units', '🙂 old', 'old', ['1:4-1:7']],
    ['may span lines', 'first\nsecond', 'st\nse', ['1:4-2:3']],
    ['is literal, never a pattern', 'oxd old', 'o.d', []],
    ['is not found where case differs', 'OLD', 'old', []],
    ['that is empty is nowhere', 'text', '', []],
    ['is not found on an empty page', '', 'old', []],
  ]
  for (const [title, text, fragment, expected] of cases)
    test(title, () => assert.deepEqual(places(text, fragment), expected))

  test('is told in the order of the page, with its reason', () => {
    assert.deepEqual(places('b a b', 'a', 'b'), ['1:1-1:2', '1:3-1:4', '1:5-1:6'])
    const [finding] = findForbidden('a.md', '/home/op', [{ fragment: '/home/', reason: 'pages name no home' }])
    assert.equal(finding!.rule, 'forbidden-fragment')
    assert.equal(finding!.severity, 'error')
    assert.equal(finding!.message, '"/home/" must not occur: pages name no home')
  })

  test('is found a hundred thousand times in one pass', () => {
    const found = places('old\n'.repeat(100_000), 'old')
    assert.equal(found.length, 100_000)
    assert.equal(found.at(-1), '100000:1-100000:4')
  })
})
