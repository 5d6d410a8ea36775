import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NginxVerdict } from '../../model/nginx.ts'
import type { Finding } from '../../nginx/judge.ts'
import { parseConfig } from '../../nginx/parse.ts'
import { askNginx } from './ask-nginx.ts'

const configuration = {
  files: [parseConfig('edge.conf', Buffer.from('events {}\nhttp {}\n'))],
  included: new Map(),
}
const program = { path: '/usr/sbin/nginx', version: '1.22.1', modules: [], from: 'machine' } as const
const refusal = {
  level: 'emerg',
  text: 'no "ssl_certificate" is defined',
  at: { file: 'edge.conf', line: 7, column: 3 },
} as const

function verdict(outcome: 'accepted' | 'refused', messages: (typeof refusal)[] = []): NginxVerdict {
  return { outcome, messages, rewrites: [], program, barrier: 'none', durationMs: 9 }
}

const finding = (id: string, line: number): Finding => ({
  rule: { id, title: '', why: '', severity: 'error' },
  at: { file: 'edge.conf', line, column: 1 },
  paths: [],
  expected: '',
  actual: '',
  waived: undefined,
})

const ask = (said: NginxVerdict, findings: readonly Finding[] = []) =>
  askNginx(configuration, findings, { test: async () => said })

describe('what nginx says of a configuration', () => {
  test('is skipped with the reason where there is no nginx', async () => {
    assert.deepEqual(await ask({ outcome: 'missing', reason: 'this machine has no nginx' }), {
      outcome: 'skipped',
      by: 'this machine has no nginx',
      messages: [],
      foreseen: true,
    })
  })

  test('names the nginx that accepted', async () => {
    const { outcome, by, foreseen } = await ask(verdict('accepted'))
    assert.deepEqual([outcome, by, foreseen], ['accepted', 'nginx 1.22.1', true])
  })

  test('is foreseen when a finding stands in the line it refuses, or is about what it accepts at all', async () => {
    const said = verdict('refused', [refusal])
    assert.equal((await ask(said, [finding('tls-certificate', 7)])).foreseen, true)
    assert.equal((await ask(said, [finding('syntax', 2)])).foreseen, true)
    assert.equal((await ask(said, [finding('directive-unknown', 2)])).foreseen, true)
  })

  test('is not foreseen when all findings are about something else', async () => {
    const said = verdict('refused', [refusal])
    assert.equal((await ask(said)).foreseen, false)
    assert.equal((await ask(said, [finding('stream-buffering', 8)])).foreseen, false)
  })
})
