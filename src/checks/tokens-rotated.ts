import { withBrokenDaemon } from '../daemon/break.ts'
import { changed, defineCheck, failed, passed } from '../model/check.ts'
import { rotateTokens, type TokenRotation, tokenRotation } from '../suite/token-rotation.ts'
import { withoutFaults } from './without-faults.ts'

const EXPECTED = { oldBefore: 200, newBefore: 401, oldAfter: 401, newAfter: 200 } as const

/** A token that was replaced in its file is refused while the daemon runs, and the one in its place is good. */
export const tokensRotated = defineCheck<TokenRotation>({
  id: 'tokens-rotated',
  title: 'A replaced admin token is refused within 30 s and the new one accepted, without a restart',
  covers: ['7.3/42', '7.3/43', '9.A/34'],

  probe: async ({ values }) => values.get(tokenRotation),

  judge({ turns, refusals }) {
    if (turns.length < 2) return failed(`the token was replaced ${turns.length} times`, { expected: 2 })
    for (const turn of turns) {
      const limited = Object.values(turn).includes(429)
      if (limited) return failed('the limiter spoke, and nothing is known of the token', { actual: { ...turn } })
      const wrong = (Object.keys(EXPECTED) as (keyof typeof EXPECTED)[]).find(name => turn[name] !== EXPECTED[name])
      if (wrong !== undefined)
        return failed(`${wrong} gave ${turn[wrong]}, expected ${EXPECTED[wrong]}`, {
          expected: { ...EXPECTED },
          actual: { ...turn },
        })
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
      because: /oldBefore gave 401/,
      observation: ({ turns, ...rest }) => ({ ...rest, turns: turns.map(turn => ({ ...turn, oldBefore: 401 })) }),
    },
    {
      id: 'new-refused-too',
      breaks: 'the new token is refused as well',
      because: /newAfter gave 401/,
      observation: ({ turns, ...rest }) => ({ ...rest, turns: turns.map(turn => ({ ...turn, newAfter: 401 })) }),
    },
    {
      id: 'stale-token',
      breaks: 'a daemon goes on accepting a token that was replaced',
      because: /oldAfter gave 200/,
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
