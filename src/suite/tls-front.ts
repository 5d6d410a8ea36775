import { join } from 'node:path'
import { withFront } from '../daemon/break.ts'
import type { Isolated } from '../daemon/subjects.ts'
import { capture } from '../model/capture.ts'
import type { CheckContext, SubjectCounterproof } from '../model/check.ts'
import type { StepContext } from '../model/runbook.ts'
import { type Issued, issueAuthority, issueLeaf, type LeafOptions } from '../tls/issue.ts'

/** What a front is asked as, on loopback. */
const NAMES = ['localhost', '127.0.0.1', '::1']

/** Who issues certificates for what stands in front of a suite's own daemon. Their keys are in memory only. */
export interface Authorities {
  readonly root: Issued
  /** Below the root; every server's certificate comes from it. */
  readonly intermediate: Issued
  /** Nobody trusts it. */
  readonly stranger: Issued
  /** Directory of their certificates, which commands inside can read. */
  readonly directory: string
  /** The root's certificate. */
  readonly caFile: string
  /** The stranger's. */
  readonly strangerFile: string
}

export const authorities = capture<Authorities>('authorities', 'who issues certificates')

/** Makes a root, an authority below it and one that nobody trusts. Certificates are written, keys are not. */
export async function makeAuthorities(context: StepContext): Promise<Authorities> {
  const { files } = context.tools
  const directory = join(context.run.scratchDir, 'tls')
  await files.makeDirectory(directory)
  const [root, stranger] = await Promise.all([issueAuthority(), issueAuthority()])
  const intermediate = await issueAuthority({ issuer: root })
  for (const { privateKeyPem } of [root, stranger, intermediate]) context.protect(privateKeyPem)
  const [caFile, strangerFile] = [join(directory, 'ca.pem'), join(directory, 'stranger.pem')]
  await files.write(caFile, root.certificatePem, 0o644)
  await files.write(strangerFile, stranger.certificatePem, 0o644)
  return { root, intermediate, stranger, directory, caFile, strangerFile }
}

/** Ends TLS in front of a daemon, with a certificate of the authorities' as it should be. */
export async function putTlsBefore(context: StepContext, made: Isolated): Promise<Isolated> {
  const { root, intermediate, caFile } = context.values.get(authorities)
  const leaf = await issueFor(context, intermediate)
  const tls = { chain: leaf.chainPem, key: leaf.privateKeyPem, roots: [root.certificatePem], caFile }
  const instance = await context.tools.interposer.interpose(made.instance, { tls })
  context.run.defer('TLS in front of the daemon', async () => instance[Symbol.asyncDispose]())
  return { ...made, instance, front: { behind: made.instance, tls } }
}

/** A certificate for what stands in front of the daemon, wrong as told. @param issuer - `itself` for one that nobody issued */
export async function issueFor(
  context: CheckContext,
  issuer: Issued | 'itself',
  options: Partial<LeafOptions> = {},
): Promise<Issued> {
  const leaf = await issueLeaf(issuer, { names: NAMES, ...options })
  context.protect(leaf.privateKeyPem)
  return leaf
}

/** The context in which another certificate is shown. */
export async function withCertificate(
  context: CheckContext,
  scope: AsyncDisposableStack,
  options: Partial<LeafOptions>,
  issuer: Issued | 'itself' = context.values.get(authorities).intermediate,
): Promise<CheckContext> {
  const leaf = await issueFor(context, issuer, options)
  return withFront(context, scope, { chain: leaf.chainPem, key: leaf.privateKeyPem })
}

type ChainBreak = Pick<SubjectCounterproof, 'breaks' | 'subject'>

/** Chains that nobody may take, whoever looks at them. */
export const CHAIN_BREAKS = {
  otherAuthority: {
    breaks: 'the certificate comes from another authority',
    subject: (context, scope) => withCertificate(context, scope, {}, context.values.get(authorities).stranger),
  },
  selfSigned: {
    breaks: 'the certificate is signed by itself',
    subject: (context, scope) => withCertificate(context, scope, {}, 'itself'),
  },
  issuedByLeaf: {
    breaks: 'the certificate is issued by one that is no authority',
    subject: async (context, scope) => {
      const { intermediate } = context.values.get(authorities)
      return withCertificate(context, scope, {}, await issueFor(context, intermediate))
    },
  },
  noIntermediate: {
    breaks: 'the authority between root and certificate is not sent',
    subject: async (context, scope) => {
      const { certificatePem, privateKeyPem } = await issueFor(context, context.values.get(authorities).intermediate)
      return withFront(context, scope, { chain: certificatePem, key: privateKeyPem })
    },
  },
  plainHttp: {
    breaks: 'plain HTTP is spoken where TLS is expected',
    subject: (context, scope) => withFront(context, scope, { plain: true }),
  },
} as const satisfies Readonly<Record<string, ChainBreak>>
