import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckContext } from '../../model/check.ts'
import type { RequestOptions } from '../../model/http.ts'
import { events } from '../../targets/kheish/events.ts'
import { cursorRefused } from './cursor-refused.ts'

test('a refusal whose body never ends is waited for as long as the check may take', { timeout: 10_000 }, async () => {
  const instance = {
    openStream: async (_path: string, { signal }: RequestOptions) => ({
      status: 400,
      headers: {},
      chunks: (async function* () {
        yield Buffer.from('{')
        await new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))
      })(),
      close: () => {},
    }),
  }
  const context = {
    target: { events },
    signal: new AbortController().signal,
    deadlineMs: 50,
    values: { get: () => ({ instance }) },
  } as unknown as CheckContext
  await using _alive = {
    timer: setInterval(() => {}, 1_000),
    async [Symbol.asyncDispose]() {
      clearInterval(this.timer)
    },
  }
  await assert.rejects(cursorRefused.probe(context), { name: 'TimeoutError' })
})
