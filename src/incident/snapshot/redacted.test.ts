import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutSentAlong } from './redacted.ts'

const HOOK = '{"headers":{"x-key":"a-value-nobody-knows"}}'

test('a document whose hooks cannot be taken apart is not kept: what they send along would stand in it', () => {
  assert.doesNotMatch(withoutSentAlong(` [${HOOK}]`), /nobody-knows/)
  const deep = 20_000
  for (const text of [`[${HOOK}`, `{"a":${HOOK},}`, `${'['.repeat(deep)}${HOOK}${']'.repeat(deep)}`])
    assert.throws(() => withoutSentAlong(text), { code: 'ANSWER_MALFORMED' })
  assert.equal(withoutSentAlong('502 Bad Gateway'), '502 Bad Gateway')
})
