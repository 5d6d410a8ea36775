import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokensRotated } from '../checks/tokens/tokens-rotated.ts'
import type { CheckContext } from '../model/check.ts'
import type { RequestOptions } from '../model/http.ts'
import { Secret } from '../model/secret.ts'
import { pauseWithin, rotateTokens } from './token-rotation.ts'

/** A daemon that knows the token in its file, and says so of another one on the given question about a wrong one. */
function contextOf(wronglyAccepted: number): CheckContext {
  const first = new Secret('first', 'a-first-token')
  let known = first
  let wrong = 0
  const instance = {
    async request(_path: string, { bearer }: RequestOptions) {
      if (bearer?.reveal() === known.reveal()) return { status: 200 }
      wrong += 1
      return { status: wrong === wronglyAccepted ? 200 : 401 }
    },
  }
  return {
    values: { get: () => ({ instance, adminToken: first, adminTokenFile: '/keys/admin' }) },
    target: { http: { status: '/status' } },
    signal: new AbortController().signal,
    deadlineMs: 5_000,
    protect: () => {},
    tools: {
      clock: { monotonicMs: () => performance.now() },
      files: {
        async write(_file: string, token: Secret) {
          known = token
        },
      },
    },
  } as unknown as CheckContext
}

test('an old token that is refused, and accepted once more a moment later, is no rotation', async () => {
  const judged = async (wronglyAccepted: number) =>
    tokensRotated.judge(await rotateTokens(contextOf(wronglyAccepted), 1_000)).outcome
  assert.equal(await judged(0), 'passed')
  // The first question comes before the replacement, and after the second one the old token is taken for refused.
  for (const question of [3, 5, 10]) assert.equal(await judged(question), 'failed', `question ${question}`)
})

test('between looks no more time is passed than is given, and right before its end there is one more', () => {
  const looksAt = (withinMs: number) => {
    const looks = [0]
    for (let usualMs = 250; looks.at(-1)! <= withinMs; usualMs *= 2)
      looks.push(looks.at(-1)! + pauseWithin(withinMs - looks.at(-1)!, usualMs))
    return looks
  }
  assert.deepEqual(looksAt(5_000), [0, 250, 750, 1_750, 3_750, 4_900, 5_001])
  assert.deepEqual(looksAt(600), [0, 250, 500, 601])
  assert.deepEqual(looksAt(50), [0, 51])
})
