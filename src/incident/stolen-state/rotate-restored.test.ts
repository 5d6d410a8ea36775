import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StepContext } from '../../model/runbook.ts'
import { Secret } from '../../model/secret.ts'
import { newValues } from './rotate-restored.ts'

test('a slot gets its new value from a file in the directory alone, whatever somebody called it', async () => {
  const read: string[] = []
  const files = {
    facts: async () => ({ type: 'file' }),
    readSecret: async (file: string, name: string) => {
      read.push(file)
      return new Secret(name, 'a-new-value')
    },
  }
  const newValue = newValues({ params: { 'new-dir': '/new' }, tools: { files } } as unknown as StepContext, false)
  const slot = (id: string) => ({ id, provider: 'p', updatedAtMs: 1 })
  for (const id of ['../keys/master-key', '/etc/shadow', '..', '.', '', 'a/b', 'a\0b'])
    assert.equal(await newValue(slot(id)), undefined, id)
  assert.deepEqual(read, [])
  assert.equal((await newValue(slot('openai.prod')))?.reveal(), 'a-new-value')
  assert.deepEqual(read, ['/new/openai.prod'])
})
