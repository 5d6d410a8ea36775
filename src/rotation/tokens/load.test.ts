import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { RunproofError } from '../../model/error.ts'
import { Secret } from '../../model/secret.ts'
import { processClock } from '../../testing/memory-tools.ts'
import { Load, type LoadReport, MOST_IN_FLIGHT } from './load.ts'

const [from, to, other] = ['the-old-token', 'the-new-token', 'the-other-token'].map(value => new Secret(value, value))

/** A daemon that takes what it is told to, asked for some time; `act` changes that while it is asked. */
async function asked(
  act: (takes: Set<Secret>, load: Load) => Promise<void>,
  answer?: () => number,
): Promise<LoadReport> {
  const takes = new Set([from!, other!])
  const load = new Load({
    clock: processClock,
    ratePerSecond: 200,
    rotated: ['/secrets', '/cheap'],
    unrotated: ['/cheap'],
    from: from!,
    to: to!,
    other: other!,
    ask: async (_, bearer) => answer?.() ?? (takes.has(bearer) ? 200 : 401),
  })
  await delay(50)
  await act(takes, load)
  await delay(50)
  return load.stop()
}

const swap = (takes: Set<Secret>) => {
  takes.delete(from!)
  takes.add(to!)
}

describe('clients of both roles', () => {
  test('see no gap where the new token counts from the moment on from which the old one does not', async () => {
    const seen = await asked(async (takes, load) => {
      load.announce()
      swap(takes)
    })
    assert.deepEqual([seen.neither, seen.gapMs, seen.gapOpen, seen.otherRefused, seen.unanswered], [0, 0, false, 0, 0])
    // A machine that was busy asks all that is due at once: each of those on their way at the swap is refused once.
    assert.ok(seen.switched >= 1 && seen.switched <= MOST_IN_FLIGHT, `${seen.switched} switched`)
    assert.ok(seen.accepted > 5 && seen.otherAccepted > 2, JSON.stringify(seen))
  })

  test('see a gap as long as it is, and are refused seldom while it lasts', async () => {
    const beganMs = performance.now()
    let closedMs = 0
    const seen = await asked(async (takes, load) => {
      load.announce()
      const closedAtMs = performance.now()
      takes.delete(from!)
      await delay(400)
      takes.add(to!)
      closedMs = performance.now() - closedAtMs
      await delay(450)
    })
    const allMs = performance.now() - beganMs
    assert.ok(seen.neither > 0 && !seen.gapOpen)
    assert.ok(seen.gapMs >= closedMs && seen.gapMs <= Math.ceil(allMs), `${seen.gapMs} of ${closedMs} to ${allMs} ms`)
    // After 0, 100 and 300 ms, each time those on their way, with both tokens; at a steady rate it would be over a hundred.
    assert.ok(seen.refusals <= 3 * 2 * MOST_IN_FLIGHT, `${seen.refusals} refusals`)
  })

  test('that were refused together ask again as soon as one that was refused alone', async () => {
    const seen = await asked(async (takes, load) => {
      load.announce()
      takes.delete(from!)
      // A machine that was busy: what was due meanwhile is asked at once.
      const until = performance.now() + 60
      while (performance.now() < until);
      await delay(20)
      takes.add(to!)
      await delay(280)
    })
    assert.ok(seen.neither > 1 && !seen.gapOpen, JSON.stringify(seen))
  })

  test('ask again at once when somebody else was let in with the new token, however often they were refused', async () => {
    const seen = await asked(async (takes, load) => {
      load.announce()
      takes.delete(from!)
      await delay(400)
      takes.add(to!)
      load.seen(to!, 200)
    })
    assert.ok(seen.neither > 0 && !seen.gapOpen, JSON.stringify(seen))
  })

  test('say that a gap did not end', async () => {
    const seen = await asked(async (takes, load) => {
      load.announce()
      takes.delete(from!)
      await delay(100)
    })
    assert.ok(seen.gapOpen && seen.gapMs >= 100)
  })

  test('do not show the new token before they heard of it', async () => {
    const seen = await asked(async takes => swap(takes))
    assert.ok(seen.neither > 0 && seen.switched === 0)
  })

  test('count the other role apart, and what is no answer and no verdict', async () => {
    const refused = await asked(async takes => void takes.delete(other!))
    assert.ok(refused.otherRefused > 0 && refused.neither === 0 && refused.gapMs === 0)
    const odd = await asked(
      async () => {},
      () => 503,
    )
    assert.ok(odd.odd === odd.requests && odd.requests > 0 && odd.accepted === 0)
    const silent = await asked(
      async () => {},
      () => {
        throw new RunproofError('TIMEOUT', 'no answer')
      },
    )
    assert.ok(silent.unanswered === silent.requests && silent.requests > 0)
  })
})
