import { withProxy } from '../../daemon/break.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { daemon } from '../../daemon/subjects.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import { ask } from '../../suite/ask.ts'

/** HTTP status by what was shown; null for a token that was not given. */
interface Observed {
  readonly none: number
  /** With one that nobody gave out: what stands in front may put its own in place of any. */
  readonly unknown: number
  readonly readonly: number | null
  readonly admin: number | null
}

/** Tokens come through TLS as they are, and nobody gets in without one. */
export const tlsTokens = defineCheck<Observed>({
  id: 'tls-tokens',
  title:
    'Through TLS, the status is refused without a token and with an unknown one, and given with each that is known',
  covers: ['7.2/3'],

  async probe(context) {
    const { adminToken, readonlyToken } = context.values.get(daemon)
    const { status: path } = context.target.http
    const askWith = async (bearer: typeof adminToken) =>
      bearer === undefined ? null : (await ask(context, path, { bearer })).status
    return {
      none: (await ask(context, path, { bearer: 'none' })).status,
      unknown: (await ask(context, path, { bearer: randomSecret('unknown-token') })).status,
      readonly: await askWith(readonlyToken),
      admin: await askWith(adminToken),
    }
  },

  judge(observed) {
    const { none, unknown, ...shown } = observed
    const actual = { ...observed }
    if (none !== 401) return failed(`without a token it answers ${none}`, { expected: 401, actual })
    if (unknown !== 401) return failed(`with an unknown token it answers ${unknown}`, { expected: 401, actual })
    const given = Object.entries(shown).filter(([, status]) => status !== null)
    if (given.length === 0) return failed('no token was shown')
    const wrong = given.find(([, status]) => status !== 200)
    return wrong === undefined
      ? passed({ actual })
      : failed(`with the ${wrong[0]} token it answers ${wrong[1]}`, { expected: 200, actual })
  },

  counterproofs: [
    {
      id: 'limiter',
      breaks: 'the refusal is the limiter speaking',
      because: /without a token it answers 429/,
      observation: observed => ({ ...observed, none: 429 }),
    },
    {
      id: 'any-token',
      breaks: 'what stands in front puts a token of its own in place of any',
      because: /with an unknown token it answers 200/,
      observation: observed => ({ ...observed, unknown: 200 }),
    },
    {
      id: 'no-token-shown',
      breaks: 'no token was shown',
      because: /no token was shown/,
      observation: observed => ({ ...observed, readonly: null, admin: null }),
    },
    {
      id: 'answered-in-front',
      breaks: 'what stands in front answers by itself, from what it kept',
      because: /without a token it answers 200/,
      subject: (context, scope) =>
        withProxy(context, scope, {
          answer: { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' },
        }),
    },
    {
      id: 'token-dropped',
      breaks: 'what stands in front drops the token',
      because: /with the readonly token it answers 401/,
      subject: (context, scope) => withProxy(context, scope, { dropHeader: 'authorization' }),
    },
  ],
})
