import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disagreements, sayDisagreement } from './agreement.ts'

test('claim and answer agree where they say the same of the same', () => {
  const account = { status: '200', 'host at the daemon': 'a' }
  assert.deepEqual(disagreements([{ request: 'GET /', claimed: account, seen: { ...account } }]), [])
})

test('what is not known is held against nobody', () => {
  const told = { request: 'GET /', claimed: { path: undefined, host: 'a' }, seen: { path: '/x', host: 'a' } }
  assert.deepEqual(disagreements([told]), [])
})

test('they disagree where one says something else, and where only one says that there is anything', () => {
  const found = disagreements([
    { request: 'GET /', claimed: { status: '200', path: '/' }, seen: { status: '404', path: '/' } },
    { request: 'GET /b', claimed: { host: 'a', gone: 'absent' }, seen: { origin: 'b' } },
  ])
  assert.deepEqual(found.map(sayDisagreement), [
    'GET /: status is 200 by the configuration, and 404 in truth',
    'GET /b: host is a by the configuration, and absent in truth',
    'GET /b: origin is absent by the configuration, and b in truth',
  ])
})
