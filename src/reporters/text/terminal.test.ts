import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { shownJson } from './json.ts'
import { terminalLine } from './terminal.ts'

describe('a line for a terminal', () => {
  test('shows escape sequences, line breaks and reading-direction marks instead of acting on them', () => {
    assert.equal(terminalLine('run\u001b[1A\u001b[32mtrusted\n\r'), 'run\\u{1b}[1A\\u{1b}[32mtrusted\\u{a}\\u{d}')
    assert.equal(terminalLine('a\u202eb\u009bc'), 'a\\u{202e}b\\u{9b}c')
  })

  test('leaves words of every language alone', () => {
    assert.equal(terminalLine('Zürich 東京 — ok ✓'), 'Zürich 東京 — ok ✓')
  })
})

test('JSON that is shown means the same, and none of its characters acts on a terminal', () => {
  const value = { 'a\u009b2J': ['\u001b[2J\u007f', '\u202e \u2028 \u{e0041}', 'Zürich\n東京'] }
  for (const indent of [undefined, 2]) {
    const text = shownJson(value, indent)
    assert.deepEqual(JSON.parse(text), value)
    assert.doesNotMatch(text, /[^\P{C}\n]|[\u2028\u2029]/u)
    assert.match(text, /Zürich\\n東京/)
  }
})
