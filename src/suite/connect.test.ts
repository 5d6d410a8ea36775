import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StepContext } from '../model/runbook.ts'
import standIn from '../targets/stand-in.ts'
import { connectRunning } from './connect.ts'

/** A daemon that refuses every token. */
const refusing = (tokens: Readonly<Record<string, string>>) =>
  ({
    params: { 'base-url': 'http://127.0.0.1:9', 'admin-token-file': '/admin', 'readonly-token-file': '/readonly' },
    target: standIn,
    tools: {
      files: { readText: async (path: string) => tokens[path] },
      http: { connect: async () => ({ request: async () => ({ status: 401 }), close: async () => {} }) },
    },
    run: { defer: () => {}, assume: () => {} },
    protect: () => {},
  }) as unknown as StepContext

describe('a running daemon that refuses a token', () => {
  const [one, other] = ['a-token-of-some-length', 'another-token-of-some-length']

  test('refuses both where they are equal, and that is said', async () => {
    await assert.rejects(connectRunning(refusing({ '/admin': one, '/readonly': one }), true), {
      hint: /^both roles have the same token here/,
    })
  })

  test('is asked about by its file where they differ', async () => {
    await assert.rejects(connectRunning(refusing({ '/admin': one, '/readonly': other }), true), {
      message: /refuses the token in \/readonly$/,
      hint: /^is it the token that the daemon has now/,
    })
  })
})
