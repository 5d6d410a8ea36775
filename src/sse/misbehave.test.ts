import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StreamFault } from '../model/interposer.ts'
import { misbehave } from './misbehave.ts'

const BIG = '7559142440960000003'
const whole = [
  'event: heartbeat\ndata: {}\n\n',
  `id: ${BIG}\r\nevent: output\r\ndata: é\r\n\r\n`,
  'id: 2\ndata: b\n\n',
  'event: stream_gap\ndata: {}\n\n',
  ': a comment\n\n',
  'id: 3\ndata: c\n\n',
]
const text = whole.join('')

async function pass(fault: StreamFault, stream = text): Promise<string[]> {
  async function* chunks() {
    yield Buffer.from(stream.slice(0, 40))
    yield Buffer.from(stream.slice(40))
  }
  const pieces: string[] = []
  for await (const piece of misbehave(chunks(), fault)) pieces.push(Buffer.from(piece).toString())
  return pieces
}

describe('a stream that passes', () => {
  const [first, one, two, gap, comment, three] = whole as [string, string, string, string, string, string]
  // Where its blank line ends with CR LF, an event goes on at the CR; the LF would end nothing.
  const oneOut = one.slice(0, -1)
  const cases: readonly (readonly [string, StreamFault, readonly string[]])[] = [
    ['is the same without a fault', {}, [first, oneOut, two, gap, comment, three]],
    ['loses an event', { dropEvent: 2 }, [first, oneOut, gap, comment, three]],
    ['repeats an event', { repeatEvent: 1 }, [first, oneOut, oneOut, two, gap, comment, three]],
    ['swaps two events', { swapEvents: 1 }, [first, two, oneOut, gap, comment, three]],
    [
      'gives back the last event that nothing came to swap with',
      { swapEvents: 3 },
      [first, oneOut, two, gap, comment, three],
    ],
    [
      'has no ids',
      { stripIds: true },
      [first, oneOut.replace(/id:.*\r\n/, ''), 'data: b\n\n', gap, comment, 'data: c\n\n'],
    ],
    [
      'has ids that went through a double',
      { roundIds: true },
      [first, oneOut.replace(BIG, '7559142440960000000'), two, gap, comment, three],
    ],
    ['does not tell its gaps', { swallow: 'stream_gap' }, [first, oneOut, two, comment, three]],
    ['is held back', { buffer: 90 }, [first + oneOut + two, gap + comment + three]],
    ['is held back to its end', { buffer: 2 ** 16 }, [first + oneOut + two + gap + comment + three]],
  ]
  for (const [title, fault, expected] of cases) {
    test(title, async () => assert.deepEqual(await pass(fault), expected))
  }

  test('keeps what the end cuts off', async () => {
    assert.equal((await pass({}, `${text}data: half`)).at(-1), 'data: half')
  })
})
