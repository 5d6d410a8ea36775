import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tellWithoutBarrier } from './without-barrier.ts'

const cases = [
  ['none', ['the daemon acted on nothing outside, although nothing kept it from it: namespaces are refused']],
  ['user-namespaces', []],
] as const
for (const [kind, told] of cases) {
  test(`behind a barrier of kind ${kind} a daemon of a suite’s own has ${told.length} assumptions`, async () => {
    const assumed: string[] = []
    const context = {
      tools: { instances: { detectBarrier: async () => ({ kind, reason: 'namespaces are refused' }) } },
      run: { assume: (text: string) => void assumed.push(text) },
    }
    await tellWithoutBarrier(context as never)
    assert.deepEqual(assumed, told)
  })
}
