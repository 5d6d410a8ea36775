import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connectors } from './connectors.ts'

describe('webhook routes in a slot', () => {
  const signings = (routes: unknown) => connectors.signings(JSON.stringify(routes))

  test('say how each route is signed, and whether an event of ours would count', () => {
    const seen = signings({
      closed: { secret: 'a-secret', allowed_events: ['push'] },
      open: { secret: 'another', signature_header: 'X-Sign', event_header: 'X-Event' },
      ours: { secret: 'a-third', allowed_events: ['ignored'] },
    })
    assert.deepEqual(
      seen.map(one => [one.route, one.takesNoneOfOurs]),
      [
        ['closed', true],
        ['open', false],
        ['ours', false],
      ],
    )
    const { path, headers } = connectors.request('d-1', 'abc', seen[1])
    assert.deepEqual([path, headers['X-Sign'], headers['X-Event']], ['/webhooks/open', 'sha256=abc', 'ignored'])
  })

  test('are none where any signature is taken, and where the value is something else', () => {
    assert.deepEqual(signings({ open: { secret: ' ' }, off: { secret: 'INSECURE_NO_AUTH' }, odd: 'x' }), [])
    for (const value of ['a-bot-token', '[]', '"text"', '']) assert.deepEqual(connectors.signings(value), [])
  })
})

describe('a configuration that starts the process anew', () => {
  const slots = { WEBHOOK_ROUTES_JSON: 'hook.routes' }
  const whole = { platform: 'webhook', child_process: { command: 'c', env: { REGION: 'eu' }, credential_slots: slots } }

  test('is the same with one more variable, which another generation changes', () => {
    const made = connectors.restarting(whole, 'second')
    const env = { REGION: 'eu', [connectors.marker]: 'second' }
    assert.deepEqual(made.configuration, { ...whole, child_process: { ...whole.child_process, env } })
    assert.deepEqual([made.slots, made.envKeys], [['hook.routes'], ['REGION']])
  })

  test('is refused without a process, and with the value of a secret in it, which is not repeated', () => {
    assert.throws(() => connectors.restarting({ platform: 'webhook' }, 'x'), /has no child_process/)
    const open = { ...whole, shared_token: { value: 'a-value-that-leaks' } }
    assert.throws(
      () => connectors.restarting(open, 'x'),
      (error: Error) => /name its slot/.test(error.message) && !error.message.includes('a-value'),
    )
  })
})
