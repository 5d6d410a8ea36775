import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, test } from 'node:test'
import { interruptible } from './interrupt.ts'

/** Ends nothing: it notes with what code the process would have ended. */
class Process extends EventEmitter {
  readonly ended: number[] = []
  exit = (code: number): never => {
    this.ended.push(code)
    return undefined as never
  }
}

describe('interruptible', () => {
  const cases = [
    ['one SIGINT stops and tears down', ['SIGINT'], []],
    ['a second SIGINT ends at once', ['SIGINT', 'SIGINT'], [130]],
    ['a SIGTERM after a SIGHUP ends at once', ['SIGHUP', 'SIGTERM'], [130]],
    ['a terminal that goes away is told twice, and is torn down all the same', ['SIGHUP', 'SIGHUP'], []],
  ] as const
  for (const [title, signals, ended] of cases) {
    test(title, () => {
      const source = new Process()
      let told = 0
      using interrupt = interruptible(source, () => void told++)
      for (const signal of signals) source.emit(signal, signal)
      assert.equal(interrupt.signal.aborted, true)
      assert.equal(told, 1)
      assert.deepEqual(source.ended, ended)
    })
  }

  test('nothing is listened to any more when it is disposed of', () => {
    const source = new Process()
    interruptible(source, () => {})[Symbol.dispose]()
    assert.deepEqual(source.eventNames(), [])
  })
})
