import { frontOf, withDaemon } from '../../daemon/break.ts'
import { daemon, isolated } from '../../daemon/subjects.ts'
import { defineCheck, failed, passed } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { authorities, issueFor } from '../../suite/tls-front.ts'

/** Whether a server starts with this certificate and key, and why not. */
type Observed = { readonly started: true } | { readonly started: false; readonly why: string }

/** Certificate and key in front of the daemon belong together: another server starts with both, and with no other pair. */
export const tlsKey = defineCheck<Observed>({
  id: 'tls-key',
  title: 'A server starts with the certificate and the key in front of the daemon',
  untested: ({ values }) =>
    values.get(daemon).reached === 'isolated' ? undefined : 'the key of what stands in front is not ours to read',

  async probe(context) {
    const { behind, tls } = frontOf(context)
    try {
      await using _ = await context.tools.interposer.interpose(behind, { tls })
      return { started: true }
    } catch (thrown) {
      if (thrown instanceof RunproofError && thrown.code === 'CERTIFICATE_INVALID')
        return { started: false, why: thrown.message }
      throw thrown
    }
  },

  judge: observed => (observed.started ? passed({ actual: true }) : failed(observed.why)),

  counterproofs: [
    {
      id: 'key-refused',
      breaks: 'no server starts',
      because: /cannot be read/,
      observation: () => ({ started: false, why: 'the key cannot be read' }),
    },
    {
      id: 'key-of-another',
      breaks: 'the key belongs to another certificate of the same authority',
      because: /belongs to another certificate/,
      subject: async context => {
        const subject = context.values.get(isolated)
        const { behind, tls } = frontOf(context)
        const { privateKeyPem } = await issueFor(context, context.values.get(authorities).intermediate)
        return withDaemon(context, { ...subject, front: { behind, tls: { ...tls, key: privateKeyPem } } })
      },
    },
  ],
})
