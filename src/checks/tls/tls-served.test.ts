import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Finding } from '../../tls/finding.ts'
import { tlsServed } from './tls-served.ts'

const found = (id: string, level: Finding['level'], actual = 'seen'): Finding => ({
  id,
  level,
  expected: 'good',
  actual,
})
const fine = [found('name', 'ok'), found('validity', 'ok'), found('purpose', 'ok')]
const { judge } = tlsServed

describe('what a server shows', () => {
  test('passes when all is as it should be, and says what was seen', () => {
    const judgement = judge({ protocol: 'TLSv1.3', chain: ['CN=a'], findings: fine })
    assert.deepEqual(judgement, {
      outcome: 'passed',
      actual: { protocol: 'TLSv1.3', chain: ['CN=a'], name: 'seen', validity: 'seen', purpose: 'seen' },
    })
  })

  const cases: readonly (readonly [string, Partial<Parameters<typeof judge>[0]>, RegExp])[] = [
    ['no handshake', { refused: 'what listens does not speak TLS' }, /^what listens/],
    ['no certificate', { findings: [] }, /no certificate is shown/],
    ['an old protocol', { protocol: 'TLSv1.1' }, /TLSv1.1 was agreed on/],
    ['anything a client refuses', { findings: [...fine, found('key-strength', 'fail', 'RSA 1024')] }, /RSA 1024/],
    ['a purpose left open', { findings: [found('purpose', 'warn', 'says no purpose')] }, /purpose: says no purpose/],
  ]
  for (const [title, change, why] of cases) {
    test(`fails for ${title}`, () => {
      const judgement = judge({ protocol: 'TLSv1.3', chain: ['CN=a'], findings: fine, ...change })
      assert.ok(judgement.outcome === 'failed')
      assert.match(judgement.reason, why)
    })
  }

  test('warns of an end that is near, and is green', () => {
    const judgement = judge({
      protocol: 'TLSv1.2',
      chain: ['CN=a'],
      findings: [...fine, found('expiry', 'warn', 'in 2 days')],
    })
    assert.equal(judgement.outcome, 'passed')
    assert.deepEqual(
      [judgement.actual]
        .map(actual => (actual as { level?: string; reason?: string }) ?? {})
        .map(one => [one.level, one.reason]),
      [['warn', 'expiry: in 2 days']],
    )
  })
})
