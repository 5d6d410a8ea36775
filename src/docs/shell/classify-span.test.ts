import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { classifySpan, type SpanKind } from './classify-span.ts'

const SPANS: Readonly<Record<SpanKind, readonly string[]>> = {
  'command-like': [
    ...[
      'doctor',
      'revoke-slot',
      'runs get <run_id>',
      'secrets set <auth_ref> --provider ...',
      './bin/tool x',
      'A=1 tool x',
    ],
    ...[
      'put-external|put-http NAME',
      'start|stop',
      '<program> status',
      '$TOOL status',
      'tool status | jq .',
      'git push origin HEAD:main',
    ],
  ],
  flag: ['--wait', '-v', '--as=json', '--provider <name>', '--http-auth-mode bearer', '--a|--b'],
  path: [
    ...[
      'routes.json',
      'deploy/reverse-proxy/x.conf',
      '/v1/status',
      '<state_root>/audit.jsonl',
      '~/.config',
      'auth/',
      './x',
      'README.md',
    ],
    ...['/v1/runs/<run_id>/stream', '.env', 'audit-signing.key'],
  ],
  url: ['http://127.0.0.1:8080/x', 'GET /readyz', 'localhost:5173', '127.0.0.1:80', '[::1]:80'],
  'json-path': ['.health.ok', '.storage.probes[]', '.runs.queued', 'status.health.ok', 'shared_token.secret_ref'],
  identifier: [
    'auth_ref',
    'AUTH_KEY',
    'std::env',
    'run()',
    'KEY=value',
    'debug_level=full',
    'Last-Event-ID',
    'v1.2.3',
    'X=1',
  ],
  other: ['', ' ', '{"a": 1}', '[1, 2]', '"x y"', '*', '=> x', 'a := 1', 'x = 1', '42', '1 << bits', 'a <= b'],
}

describe('a span of code', () => {
  for (const [kind, spans] of Object.entries(SPANS)) {
    for (const span of spans) test(`${JSON.stringify(span)} is ${kind}`, () => assert.equal(classifySpan(span), kind))
  }
})
