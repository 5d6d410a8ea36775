import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listenInside } from './inner-listener.ts'
import type { WardenLink } from './warden-link.ts'
import type { FromWarden, ToWarden } from './warden-protocol.ts'

/** A warden that answers every order the same way. */
function answering(answer: (order: ToWarden) => FromWarden): WardenLink {
  const listeners = new Set<(message: FromWarden) => void>()
  return {
    ended: new Promise<void>(() => {}),
    send(order: ToWarden) {
      queueMicrotask(() => {
        for (const tell of [...listeners]) tell(answer(order))
      })
    },
    on(listener: (message: FromWarden) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  } as unknown as WardenLink
}

test('a warden that cannot listen, or loses what it hands over, is no endless wait', { timeout: 5_000 }, async () => {
  await using _alive = aliveMeanwhile()
  const failing = answering(() => ({ kind: 'failed', message: 'listen EMFILE' }))
  await assert.rejects(
    listenInside(failing, 'i1', () => {}),
    { code: 'INSTANCE_FAILED', message: /EMFILE/ },
  )
  const losing = answering(order => ({ kind: 'listening', id: order.kind === 'listen' ? order.id : 0 }))
  await assert.rejects(
    listenInside(losing, 'i1', () => {}),
    { code: 'INSTANCE_FAILED', message: /no listener/ },
  )
})

/** Promises alone keep no process. */
function aliveMeanwhile(): AsyncDisposable {
  const timer = setInterval(() => {}, 1_000)
  return { [Symbol.asyncDispose]: async () => clearInterval(timer) }
}
