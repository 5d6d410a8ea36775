import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Capture } from '../model/capture.ts'
import { CapturedValues } from '../model/capture.ts'
import type { StepContext } from '../model/runbook.ts'
import { Secret } from '../model/secret.ts'
import { delivery } from './delivery.ts'
import { newSecret, takeNewSecret } from './new-secret.ts'

describe('the new value of a rotation', () => {
  function taken(values: CapturedValues, given?: Secret) {
    const seen: { set: string[]; protected: Secret[] } = { set: [], protected: [] }
    const context = {
      values,
      secrets: given === undefined ? {} : { new: given },
      protect: (secret: Secret) => void seen.protected.push(secret),
      set: ({ id }: Capture<unknown>) => void seen.set.push(id),
    } as unknown as StepContext
    return { value: takeNewSecret(context), ...seen }
  }
  const handedOver = new CapturedValues().with(delivery, { at: '2026-01-02T03:04:05.000Z', heldBefore: undefined })
  const given = new Secret('new', 'the-value-that-was-given')

  test('is the one that was given, or one that nobody knows; protected and yielded', () => {
    assert.equal(taken(new CapturedValues(), given).value, given)
    const made = taken(new CapturedValues())
    assert.ok(made.value.reveal().length > 40)
    assert.deepEqual([made.set, made.protected], [[newSecret.id], [made.value]])
  })

  test('is not made anew where the run has handed one over before it broke off', () => {
    assert.throws(() => taken(handedOver), {
      code: 'SECRET_MISSING',
      message: /handed a new value over, at 2026-01-02/,
    })
    assert.equal(taken(handedOver, given).value, given)
  })
})
