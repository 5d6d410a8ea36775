import { withFront } from '../../daemon/break.ts'
import { daemon } from '../../daemon/subjects.ts'
import { defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { authorities, CHAIN_BREAKS, issueFor, withCertificate } from '../../suite/tls-front.ts'
import type { LeafOptions } from '../../tls/issue.ts'

const DAY_MS = 86_400_000

interface Observed {
  /** Zero where no connection came about. */
  readonly status: number
  /** Why the certificate was refused; absent when it was not. */
  readonly refused?: string
}

/** A client that trusts one authority and nothing else gets through to the daemon. */
export const tlsTrusted = defineCheck<Observed>({
  id: 'tls-trusted',
  title: 'The daemon answers over TLS to a client that trusts the given authority and nobody else',
  covers: ['7.2/2'],

  async probe({ values, target, deadlineMs, signal }) {
    try {
      const options = { timeoutMs: Math.min(deadlineMs, 10_000), signal }
      const { status } = await values.get(daemon).instance.request(target.http.ready, options)
      return { status }
    } catch (thrown) {
      // That a certificate does not satisfy is the answer here, not a lack of one.
      if (thrown instanceof RunproofError && thrown.code === 'TLS_FAILED') return { status: 0, refused: thrown.message }
      throw thrown
    }
  },

  judge({ status, refused }) {
    if (refused !== undefined) return failed(refused)
    return status === 200
      ? passed({ expected: 200, actual: status })
      : failed(`it answers ${status}`, { expected: 200, actual: status })
  },

  counterproofs: [
    {
      id: 'tls-unready',
      breaks: 'what is in front answers for a daemon that is gone',
      because: /answers 502/,
      observation: observed => ({ ...observed, status: 502 }),
    },
    shown(
      'wrong-name',
      'the certificate is for another name',
      () => ({ names: ['elsewhere.test'] }),
      /is not for .*elsewhere/,
    ),
    shown('no-name', 'the certificate names nobody', () => ({ names: [], commonName: '127.0.0.1' }), /it names nobody/),
    shown('expired', 'the certificate has expired', () => days(-2, -1), /has expired/),
    shown('not-yet-valid', 'the certificate is not valid yet', () => days(1, 2), /not valid yet/),
    shown('weak-key', 'the key is RSA with 1024 bits', () => ({ key: 'rsa-1024' }), /key too weak/),
    shown(
      'weak-signature',
      'the certificate is signed with SHA-1',
      () => ({ hash: 'sha1' }),
      /signature digest.* too weak/,
    ),
    shown('for-clients', 'the certificate is for clients', () => ({ purposes: ['clientAuth'] }), /is not for servers/),
    {
      id: 'other-authority',
      ...CHAIN_BREAKS.otherAuthority,
      because: /issuer of its certificate is not known/,
    },
    {
      id: 'other-root-sent',
      breaks: 'the certificate comes from another authority, whose own is sent along',
      because: /leads to a root that is not trusted|self-signed/,
      subject: async (context, scope) => {
        const { stranger } = context.values.get(authorities)
        const { chainPem, privateKeyPem } = await issueFor(context, stranger)
        return withFront(context, scope, { chain: `${chainPem}${stranger.certificatePem}`, key: privateKeyPem })
      },
    },
    {
      id: 'self-signed',
      ...CHAIN_BREAKS.selfSigned,
      because: /self-signed/,
    },
    {
      id: 'issued-by-leaf',
      ...CHAIN_BREAKS.issuedByLeaf,
      because: /its certificate (is refused|was issued)/,
    },
    {
      id: 'no-intermediate',
      ...CHAIN_BREAKS.noIntermediate,
      because: /intermediate certificate is missing/,
    },
    {
      id: 'plain-http',
      ...CHAIN_BREAKS.plainHttp,
      because: /does not speak TLS/,
    },
  ],
})

function days(from: number, to: number): Partial<LeafOptions> {
  return { validFrom: new Date(Date.now() + from * DAY_MS), validTo: new Date(Date.now() + to * DAY_MS) }
}

/** Another certificate is shown, from the authority that is trusted. */
function shown(id: string, breaks: string, options: () => Partial<LeafOptions>, because: RegExp): SubjectCounterproof {
  return { id, breaks, because, subject: (context, scope) => withCertificate(context, scope, options()) }
}
