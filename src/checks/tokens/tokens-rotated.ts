import { withBrokenDaemon } from '../../daemon/break.ts'
import { changed, defineCheck, failed, type Judgement, passed } from '../../model/check.ts'
import { rotateTokens, type TokenRotation, type Turn, tokenRotation } from '../../suite/token-rotation.ts'
import { withoutFaults } from '../daemon/without-faults.ts'

/** In the order in which they are judged: the old token is asked about only once the new one is good. */
const EXPECTED = { oldBefore: 200, newBefore: 401, newAfter: 200, oldAfter: 401 } as const
const ASKED: Readonly<Record<keyof Turn, readonly [token: string, when: string]>> = {
  oldBefore: ['the old token', 'before anything was replaced'],
  newBefore: ['the new token', 'before anything was replaced'],
  newAfter: ['the new token', 'afterwards'],
  oldAfter: ['the old token', 'afterwards'],
}

/** What is wrong with what both tokens gave before and after one took the place of the other; undefined where nothing is. */
export function judgeTurn(turn: Turn, after = ''): Judgement | undefined {
  if (Object.values(turn).includes(429))
    return failed('the limiter spoke, and nothing is known of the token', { actual: { ...turn } })
  const wrong = (Object.keys(EXPECTED) as (keyof Turn)[]).find(name => turn[name] !== EXPECTED[name])
  if (wrong === undefined) return undefined
  const [token, when] = ASKED[wrong]
  return failed(`${token} gave ${turn[wrong]} ${when}, expected ${EXPECTED[wrong]}${after}`, {
    expected: { ...EXPECTED },
    actual: { ...turn },
  })
}

/** A token that was replaced in its file is refused while the daemon runs, and the one in its place is good. */
export const tokensRotated = defineCheck<TokenRotation>({
  id: 'tokens-rotated',
  title: 'A replaced admin token is refused within 30 s and the new one accepted, without a restart',
  covers: ['7.3/42', '7.3/43', '9.A/34'],

  probe: async ({ values }) => values.get(tokenRotation),

  judge({ turns, refusals }) {
    if (turns.length < 2) return failed(`the token was replaced ${turns.length} times`, { expected: 2 })
    for (const turn of turns) {
      const wrong = judgeTurn(turn)
      if (wrong !== undefined) return wrong
    }
    return passed({ actual: { replacements: turns.length, refusals } })
  },

  counterproofs: [
    {
      id: 'limiter',
      breaks: 'a refusal is the rate limiter speaking',
      because: /the limiter spoke/,
      observation: ({ turns, ...rest }) => ({ ...rest, turns: turns.map(turn => ({ ...turn, oldAfter: 429 })) }),
    },
    {
      id: 'never-good',
      breaks: 'the old token had never been good',
      because: /the old token gave 401 before/,
      observation: ({ turns, ...rest }) => ({ ...rest, turns: turns.map(turn => ({ ...turn, oldBefore: 401 })) }),
    },
    {
      id: 'new-refused-too',
      breaks: 'the new token is refused as well',
      because: /the new token gave 401 afterwards/,
      observation: ({ turns, ...rest }) => ({ ...rest, turns: turns.map(turn => ({ ...turn, newAfter: 401 })) }),
    },
    {
      id: 'stale-token',
      breaks: 'a daemon goes on accepting a token that was replaced',
      because: /the old token gave 200 afterwards/,
      cost: { instances: 1 },
      unavailable: withoutFaults,
      subject: async (context, scope) => {
        const broken = await withBrokenDaemon(context, scope, { extras: { faults: ['stale-token'] } })
        const rotation = await rotateTokens(broken, 0)
        return changed(broken, { values: broken.values.with(tokenRotation, rotation) })
      },
    },
  ],
})
