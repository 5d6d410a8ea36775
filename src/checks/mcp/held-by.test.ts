import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../model/secret.ts'
import { heldBy } from './held-by.ts'

const value = 'c2VjcmV0LW-value~1'
const values = [
  { kind: 'access', value: new Secret('access', value) },
  { kind: 'refresh', value: new Secret('refresh', 'another-value-of-another-token') },
]

test('a value is found plain and encoded, and no other one', () => {
  const said = (text: string) => heldBy(`{"note":"${text}"}`, values)
  assert.deepEqual(said(value), ['access'])
  assert.deepEqual(said(value.slice(1)), [])
  for (const encoding of ['base64', 'base64url', 'hex'] as const)
    assert.match(said(Buffer.from(`Bearer ${value}`).toString(encoding)).join(), /^access as /, encoding)
})
