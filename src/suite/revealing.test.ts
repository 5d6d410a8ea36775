import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { revealing } from './revealing.ts'

describe('revealing', () => {
  const token = `tok_${randomBytes(32).toString('hex')}`
  const pattern = /tok_[0-9a-f]{64}/g
  const digest = (encoding: 'hex' | 'base64' | 'base64url') => createHash('sha256').update(token).digest(encoding)
  const cases = [
    ['nothing to see', { id: 'lease-machine-screen-0011223344556677', at: 1, ok: true, none: null }, []],
    ['a token', { one: token }, ['one']],
    ['a token inside a text', { log: `Bearer ${token}, refused` }, ['log']],
    ['a token in a list of a list', [[{ leases: ['x', token] }]], ['[0][0].leases[1]']],
    ['a token as the name of a member', { tokens: { [token]: 1 } }, ['tokens.(name of a member)']],
    ['a digest in hexadecimal', { sha: digest('hex') }, ['sha']],
    ['a digest in capitals', { sha: digest('hex').toUpperCase() }, ['sha']],
    ['a digest in base64', { sha: digest('base64') }, ['sha']],
    ['a digest in base64url', { sha: digest('base64url') }, ['sha']],
    ['a digest that is known to be of something else', { print: digest('hex') }, []],
    ['a token where such a digest is expected', { print: token }, ['print']],
    ['a bare text', token, ['']],
  ] as const
  for (const [title, document, expected] of cases) {
    test(`finds ${title}`, () => assert.deepEqual(revealing(document, pattern, ['print']), expected))
  }

  test('finds the same a second time, whatever the pattern remembers', () => {
    for (const _ of [1, 2]) assert.deepEqual(revealing([token, token], pattern, []), ['[0]', '[1]'])
  })
})
