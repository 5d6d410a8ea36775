import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StepContext } from '../../model/runbook.ts'
import { tellHeldStream } from './leaked-token.ts'

test('a stream that is held with the leaked token is let go of before it is told: a daemon that is stopped waits for none', () => {
  const told: string[] = []
  const held = {
    close: () => told.push('closed'),
    state: () => 'still open 5 ms after it was opened',
    isOpen: () => true,
  }
  tellHeldStream({
    values: { get: () => ({ held }) },
    run: { fact: (name: string) => told.push(name), assume: () => told.push('still reads it') },
  } as unknown as StepContext)
  assert.deepEqual(told, ['closed', 'containment.heldStream', 'still reads it'])
})
