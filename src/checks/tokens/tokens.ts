import { withProxy } from '../../daemon/break.ts'
import { randomSecret } from '../../daemon/random-secret.ts'
import { isolated, type Reached } from '../../daemon/subjects.ts'
import { type Check, type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import type { Secret } from '../../model/secret.ts'

/** HTTP status per way of asking. */
interface Observed {
  readonly admin: number
  readonly readonlyRead: number
  readonly readonlyWrite: number
  readonly none: number
  readonly wrong: number
  /** Null where nobody has the replaced one any more. */
  readonly replaced: number | null
}

const EXPECTED: Observed = { admin: 200, readonlyRead: 200, readonlyWrite: 403, none: 401, wrong: 401, replaced: 401 }

const ASKED: Readonly<Record<keyof Observed, string>> = {
  admin: 'the admin token',
  readonlyRead: 'the read-only token',
  readonlyWrite: 'a change with the read-only token',
  none: 'no token',
  wrong: 'a wrong token',
  replaced: 'the replaced token',
}

/** The daemon, its tokens, and one that was replaced while it ran. */
interface Held {
  readonly instance: Reached
  readonly adminToken: Secret
  readonly readonlyToken: Secret
  /** Undefined where nobody has it any more. */
  readonly replacedToken: Secret | undefined
}

/** The right tokens are accepted, a wrong, a missing and a replaced one are refused, and read-only can't change anything. */
export function tokensApart(id: string, title: string, heldIn: (context: CheckContext) => Held): Check<Observed> {
  return defineCheck<Observed>({
    id,
    title,

    async probe(context) {
      const { target } = context
      const { instance, adminToken, readonlyToken, replacedToken } = heldIn(context)
      const ask = async (bearer: Secret | undefined) =>
        (await instance.request(target.http.status, bearer === undefined ? {} : { bearer })).status
      const { path, body } = target.http.refusedMutation
      const mutation = await instance.request(path, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
        bearer: readonlyToken,
      })
      return {
        admin: await ask(adminToken),
        readonlyRead: await ask(readonlyToken),
        readonlyWrite: mutation.status,
        none: await ask(undefined),
        wrong: await ask(randomSecret('wrong-token')),
        replaced: replacedToken === undefined ? null : await ask(replacedToken),
      }
    },

    judge(observed) {
      const wrong = (Object.keys(EXPECTED) as (keyof Observed)[]).filter(
        name => observed[name] !== EXPECTED[name] && observed[name] !== null,
      )
      return wrong.length === 0
        ? passed({ expected: { ...EXPECTED }, actual: { ...observed } })
        : failed(wrong.map(name => `${ASKED[name]} gave ${observed[name]}, expected ${EXPECTED[name]}`).join('; '), {
            expected: { ...EXPECTED },
            actual: { ...observed },
          })
    },

    counterproofs: [
      {
        id: 'wrong-accepted',
        breaks: 'a wrong token is accepted',
        because: /a wrong token gave 200/,
        observation: observed => ({ ...observed, wrong: 200 }),
      },
      {
        id: 'limited',
        breaks: 'a refusal is the rate limiter speaking',
        because: /no token gave 429/,
        observation: observed => ({ ...observed, none: 429 }),
      },
      {
        id: 'old-token-accepted',
        breaks: 'the replaced token still opens the door',
        because: /the replaced token gave 200/,
        unavailable: context =>
          heldIn(context).replacedToken === undefined ? 'nobody has the replaced token any more' : undefined,
        subject: (context, scope) => {
          const { replacedToken, adminToken } = heldIn(context)
          return withProxy(context, scope, { swapBearer: { from: replacedToken!, to: adminToken } })
        },
      },
      {
        id: 'readonly-mutates',
        breaks: 'the read-only token may change things',
        because: /a change with the read-only token gave 200/,
        subject: (context, scope) => {
          const { readonlyToken, adminToken } = heldIn(context)
          return withProxy(context, scope, { swapBearer: { from: readonlyToken, to: adminToken } })
        },
      },
    ],
  })
}

export const tokensSeparate = tokensApart(
  'tokens',
  'Right tokens are accepted, wrong and replaced ones refused, read-only cannot change anything',
  ({ values }) => values.get(isolated),
)
