import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
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
