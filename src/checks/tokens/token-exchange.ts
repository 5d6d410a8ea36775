import { withProxy } from '../../daemon/break.ts'
import { daemon } from '../../daemon/subjects.ts'
import { changed, defineCheck, failed, passed } from '../../model/check.ts'
import { exchange } from '../../rotation/tokens/subjects.ts'
import { whyUnfit } from '../../rotation/tokens/token-rules.ts'
import { ask } from '../../suite/ask.ts'

/** The new token is one, and no other token of the daemon. Asked before anything is written. */
export const newTokenFits = defineCheck<{ readonly unfit: string | undefined }>({
  id: 'new-token-fits',
  title: 'The new token is one word of enough characters, and neither the token of now nor that of the other role',

  untested: ({ values }) =>
    values.get(exchange).replaced ? 'it took the place of the old one before the run broke off' : undefined,

  async probe({ values }) {
    const { to, from, other } = values.get(exchange)
    return { unfit: whyUnfit(to, from!, other) }
  },

  judge({ unfit }) {
    return unfit === undefined ? passed() : failed(`the new token is refused: ${unfit}; nothing was written`)
  },

  counterproofs: [
    {
      id: 'unfit',
      breaks: 'the new token has a line break',
      because: /a line break/,
      observation: () => ({ unfit: 'it has a line break' }),
    },
    {
      id: 'same-as-other',
      breaks: 'the new token is the one of the other role',
      because: /of the other role/,
      subject: async context => {
        const given = context.values.get(exchange)
        return changed(context, { values: context.values.with(exchange, { ...given, to: given.other }) })
      },
    },
    {
      id: 'same-as-now',
      breaks: 'the new token is the one that it is to replace',
      because: /that it is to replace/,
      subject: async context => {
        const given = context.values.get(exchange)
        return changed(context, { values: context.values.with(exchange, { ...given, to: given.from! }) })
      },
    },
  ],
})

/** HTTP status per token and path. */
interface Opens {
  readonly adminSecrets: number
  readonly adminRead: number
  readonly readonlyRead: number
}

const ASKED: Readonly<Record<keyof Opens, readonly [token: string, what: string]>> = {
  adminSecrets: ['the admin token', 'a list of secrets'],
  adminRead: ['the admin token', 'a read'],
  readonlyRead: ['the read-only token', 'a read'],
}

/** Both tokens in the files are good before anything is replaced: of a token that never was nothing could be proven afterwards. */
export const rolesOpen = defineCheck<Opens>({
  id: 'roles-open',
  title: 'The tokens in both files open what they are meant for, before anything is replaced',

  async probe(context) {
    const { role, from, to, other, replaced } = context.values.get(exchange)
    const { secrets, cheap } = context.target.http
    const inFile = replaced ? to : from!
    const [admin, readonly] = role === 'admin' ? [inFile, other] : [other, inFile]
    return {
      adminSecrets: (await ask(context, secrets, { bearer: admin })).status,
      adminRead: (await ask(context, cheap, { bearer: admin })).status,
      readonlyRead: (await ask(context, cheap, { bearer: readonly })).status,
    }
  },

  judge(opens) {
    const wrong = (Object.keys(opens) as (keyof Opens)[]).find(name => opens[name] !== 200)
    if (wrong === undefined) return passed({ actual: { ...opens } })
    const [token, what] = ASKED[wrong]
    return failed(`${token} gave ${opens[wrong]} for ${what}, expected 200; nothing was replaced`, {
      actual: { ...opens },
    })
  },

  counterproofs: [
    {
      id: 'admin-refused',
      breaks: 'the token in the admin file is not good any longer',
      because: /the admin token gave 401 for a list of secrets/,
      observation: opens => ({ ...opens, adminSecrets: 401 }),
    },
    {
      id: 'readonly-refused',
      breaks: 'the token in the read-only file is not good any longer',
      because: /the read-only token gave 401 for a read/,
      observation: opens => ({ ...opens, readonlyRead: 401 }),
    },
    {
      id: 'files-mixed-up',
      breaks: 'the read-only token stands in for the admin token',
      because: /the admin token gave 403 for a list of secrets/,
      subject: (context, scope) => {
        const { adminToken, readonlyToken } = context.values.get(daemon)
        return withProxy(context, scope, { swapBearer: { from: adminToken!, to: readonlyToken! } })
      },
    },
  ],
})
