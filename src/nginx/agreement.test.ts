import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disagreements, sayDisagreement } from './agreement.ts'

test('claim and answer agree where they say the same of the same', () => {
  const account = { status: '200', 'header host at the upstream': 'a' }
  assert.deepEqual(disagreements([{ request: 'GET /', claimed: account, seen: { ...account } }]), [])
})

test('they disagree where one says something else, and where only one says anything', () => {
  const found = disagreements([
    { request: 'GET /', claimed: { status: '200', path: '/' }, seen: { status: '404', path: '/' } },
    { request: 'GET /b', claimed: { host: 'a' }, seen: { origin: 'b' } },
  ])
  assert.deepEqual(found.map(sayDisagreement), [
    'GET /: status is 200 by the configuration, and 404 in truth',
    'GET /b: host is a by the configuration, and nothing in truth',
    'GET /b: origin is nothing by the configuration, and b in truth',
  ])
})
