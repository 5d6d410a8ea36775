import { withFront } from '../../daemon/break.ts'
import { client, type Ran, refused, refusedToken } from '../../daemon/client.ts'
import { defineCheck, passed } from '../../model/check.ts'
import type { StatusView } from '../../model/target.ts'
import { authorities, withCertificate } from '../../suite/tls-front.ts'

/** The daemon's own client gets through, and looks at the certificate, too. */
export const tlsClient = defineCheck<Ran<StatusView>>({
  id: 'tls-client',
  title: '`status` of the daemon’s own client works over TLS, and trusts only whom it is told to',
  needs: ['binary'],
  probe: context => client(context, ['status'], context.target.read.status),
  judge: ran =>
    ran.exitCode === 0 && ran.view !== undefined
      ? passed({ actual: { healthy: ran.view.healthOk } })
      : refused('status', ran),
  counterproofs: [
    {
      id: 'client-other-authority',
      breaks: 'the client is told to trust another authority',
      expects: 'TARGET_UNREACHABLE',
      subject: (context, scope) => withFront(context, scope, { caFile: context.values.get(authorities).strangerFile }),
    },
    {
      id: 'client-wrong-name',
      breaks: 'the certificate is for another name',
      expects: 'TARGET_UNREACHABLE',
      subject: (context, scope) => withCertificate(context, scope, { names: ['elsewhere.test'] }),
    },
    refusedToken('client-refused'),
    {
      id: 'client-silent',
      breaks: 'the client printed nothing and ended well',
      because: /status: exit 0/,
      observation: observed => ({ ...observed, view: undefined }),
    },
  ],
})
