import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckContext } from '../model/check.ts'
import { RunproofError } from '../model/error.ts'
import type { HttpClient } from '../model/http.ts'
import { Secret } from '../model/secret.ts'
import { connectors } from '../targets/kheish/connectors.ts'
import { sidecarHealth } from './sidecar.ts'

const context = { target: { connectors }, signal: new AbortController().signal } as unknown as CheckContext

function healthOf(code: 'TIMEOUT' | 'TARGET_UNREACHABLE'): Promise<string | undefined> {
  const door = {
    request: async () => {
      throw new RunproofError(code, 'no answer')
    },
  } as unknown as HttpClient
  return sidecarHealth(context, { door, sharedToken: new Secret('token', 'of-a-sidecar') })
}

test('a sidecar that hangs has not ended', async () => {
  assert.equal(await healthOf('TIMEOUT'), 'silent')
  assert.equal(await healthOf('TARGET_UNREACHABLE'), undefined)
})
