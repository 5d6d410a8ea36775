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
  test('ask as often as they are told to, and do not make up for the time that a machine slept', async () => {
    let sleptMs = 0
    const load = new Load({
      clock: {
        now: processClock.now,
        monotonicMs: () => processClock.monotonicMs() + sleptMs,
        sinceBootMs: processClock.sinceBootMs,
      },
      ratePerSecond: 20,
      rotated: ['/cheap'],
      unrotated: ['/cheap'],
      ...{ from: from!, to: to!, other: other! },
      ask: async () => 200,
    })
    await delay(200)
    const { requests } = load.report()
    assert.ok(requests >= 2 && requests <= 6, `${requests} at rest`)
    load.pace(200)
    load.watch()
    await delay(300)
    const paced = load.ofLate()
    assert.ok(load.report().requests >= paced.requests + requests)
    assert.ok(paced.requests > 10 && paced.perSecond > 40, JSON.stringify(paced))
    sleptMs = 3_600_000
    await delay(50)
    const slept = await load.stop()
    assert.ok(slept.requests < requests + paced.requests + 300, `${slept.requests - paced.requests} since then`)
    assert.ok(slept.tookMs > sleptMs && slept.longestSilenceMs >= sleptMs)
  })

  test('show the new token alone where the old one was replaced before', async () => {
    const shown = new Set<Secret>()
    const ask = async (_: string, bearer: Secret) => {
      shown.add(bearer)
      return bearer === to ? 401 : 200
    }
    const tokens = { from: undefined, to: to!, other: other! }
    const load = new Load({
      clock: processClock,
      ratePerSecond: 200,
      rotated: ['/a'],
      unrotated: ['/b'],
      ...tokens,
      ask,
    })
    load.announce()
    await delay(100)
    const seen = await load.stop()
    assert.deepEqual(shown, new Set([to, other]))
    assert.ok(seen.neither > 0 && seen.otherAccepted > 0 && seen.gapOpen)
  })

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

  test('count what lets the old token in once it was seen refused: one of several that answer does not know of the new one', async () => {
    const shows = async (gone: boolean) => {
      let turn = 0
      const load = new Load({
        clock: processClock,
        ratePerSecond: 200,
        rotated: ['/cheap'],
        unrotated: ['/cheap'],
        ...{ from: from!, to: to!, other: other! },
        // Every other time a process is met that has not read the file, and then once more.
        ask: async (_, bearer) => (bearer === to && turn++ % 2 === 0 ? 401 : 200),
      })
      load.announce()
      load.seen(to!, 200)
      if (gone) load.oldIsGone()
      await delay(150)
      return load.stop()
    }
    assert.equal((await shows(false)).oldAgain, 0)
    const seen = await shows(true)
    assert.ok(seen.oldAgain > 0 && seen.oldAgain <= seen.accepted, JSON.stringify(seen))
  })
})
