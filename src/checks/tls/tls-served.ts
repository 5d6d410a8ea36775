import { daemon } from '../../daemon/subjects.ts'
import { defineCheck, failed, passed, type SubjectCounterproof } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import { hostOf } from '../../model/host-text.ts'
import { CHAIN_BREAKS, withCertificate } from '../../suite/tls-front.ts'
import type { Finding } from '../../tls/finding.ts'
import type { LeafOptions } from '../../tls/issue.ts'

const SAFE_PROTOCOLS = ['TLSv1.2', 'TLSv1.3']
const COMMON_NAME = { names: [], commonName: '127.0.0.1' }

interface Observed {
  /** Why there was no handshake to look at. */
  readonly refused?: string
  readonly protocol: string
  /** Whose certificates were sent, the server's own first. */
  readonly chain: readonly string[]
  readonly findings: readonly Finding[]
}

/** What is shown is in order by itself, also where the client at hand would put up with less. Green, it warns of an end that is near. */
export const tlsServed = defineCheck<Observed>({
  id: 'tls-served',
  title:
    'The chain leads to an authority that is trusted; the certificate is for the daemon’s host and for servers, valid and strong',
  covers: ['7.2/1'],

  async probe({ values, tools, deadlineMs, signal }) {
    const { instance } = values.get(daemon)
    try {
      const peer = await instance.peer?.({ timeoutMs: Math.min(deadlineMs, 10_000), signal })
      if (peer === undefined)
        throw new RunproofError('INTERNAL', `${instance.place.baseUrl} is asked for a certificate`)
      const host = hostOf(new URL(instance.place.baseUrl))
      // Reading certificates brings a library that costs more than listing all suites does.
      const { judgeServed } = await import('../../tls/judge-served.ts')
      return { protocol: peer.protocol, ...judgeServed(peer, host, tools.clock.now()) }
    } catch (thrown) {
      // That nobody speaks TLS there is the answer here, not a lack of one.
      if (!(thrown instanceof RunproofError) || thrown.code !== 'TLS_FAILED') throw thrown
      return { refused: thrown.message, protocol: '', chain: [], findings: [] }
    }
  },

  judge({ refused, protocol, chain, findings }) {
    if (refused !== undefined) return failed(refused)
    if (findings.length === 0) return failed('no certificate is shown')
    if (!SAFE_PROTOCOLS.includes(protocol)) return failed(`${protocol} was agreed on`)
    // A client may take no purpose for every purpose; a server's certificate has no reason to leave it open.
    const wrong = findings.find(({ id, level }) => level === 'fail' || (id === 'purpose' && level === 'warn'))
    if (wrong !== undefined)
      return failed(`${wrong.id}: ${wrong.actual}`, { expected: wrong.expected, actual: wrong.actual })
    const seen = { protocol, chain: [...chain], ...Object.fromEntries(findings.map(({ id, actual }) => [id, actual])) }
    const soon = findings.find(({ level }) => level === 'warn')
    return passed({
      actual: soon === undefined ? seen : { level: 'warn', reason: `${soon.id}: ${soon.actual}`, ...seen },
    })
  },

  counterproofs: [
    {
      id: 'nothing-shown',
      breaks: 'no certificate is shown',
      because: /no certificate is shown/,
      observation: observed => ({ ...observed, findings: [] }),
    },
    {
      id: 'old-protocol',
      breaks: 'an old version of the protocol is agreed on',
      because: /TLSv1.1 was agreed on/,
      observation: observed => ({ ...observed, protocol: 'TLSv1.1' }),
    },
    shows('no-purpose', 'the certificate does not say what it is for', { purposes: [] }, /purpose: .*says no purpose/),
    shows(
      'for-clients',
      'the certificate is for clients',
      { purposes: ['clientAuth'] },
      /purpose: .*is for clientAuth/,
    ),
    shows('no-name', 'the host is the certificate’s common name, and it has no others', COMMON_NAME, /names nobody/),
    shows('wrong-name', 'the certificate is for another host', { names: ['elsewhere.test'] }, /name: .*elsewhere/),
    shows('weak-key', 'the key is RSA with 1024 bits', { key: 'rsa-1024' }, /key-strength: .*RSA 1024/),
    shows('weak-signature', 'the certificate is signed with SHA-1', { hash: 'sha1' }, /signature: .*sha1/),
    {
      id: 'served-other-authority',
      ...CHAIN_BREAKS.otherAuthority,
      because: /chain: .*issuer was not sent/,
    },
    {
      id: 'served-self-signed',
      ...CHAIN_BREAKS.selfSigned,
      because: /chain: .*signed by itself, and not trusted/,
    },
    {
      id: 'served-no-intermediate',
      ...CHAIN_BREAKS.noIntermediate,
      because: /chain: .*issuer was not sent/,
    },
    {
      id: 'served-issued-by-leaf',
      ...CHAIN_BREAKS.issuedByLeaf,
      because: /authorities: .*is no authority/,
    },
    {
      id: 'served-expired',
      breaks: 'the certificate has expired',
      because: /validity: .*ended/,
      subject: (context, scope) =>
        withCertificate(context, scope, { validFrom: new Date(0), validTo: new Date(1_000) }),
    },
    {
      id: 'served-plain',
      ...CHAIN_BREAKS.plainHttp,
      because: /does not speak TLS/,
    },
  ],
})

/** Another certificate is shown, from the authority that is trusted. */
function shows(id: string, breaks: string, options: Partial<LeafOptions>, because: RegExp): SubjectCounterproof {
  return { id: `served-${id}`, breaks, because, subject: (context, scope) => withCertificate(context, scope, options) }
}
