/** The cases of badssl.com that a daemon behind a proxy can meet, each a server of its own, and what is found there. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { TlsOptions } from 'node:tls'
import type { Level } from '../../tls/finding.ts'
import type { Issued } from '../../tls/issue.ts'
import type { Asked } from '../../tls/judge.ts'
import { isAddress } from '../../tls/template.ts'
import { look, notable } from './testdata/look.ts'
import { FUTURE, makePki, NAME, PAST, type Pki, withBrokenSignature } from './testdata/pki.ts'
import { type Presented, presented, type Serving, serveHttps, serveTls } from './testdata/serve.ts'

const openssl = spawnSync('openssl', ['version']).status === 0
const directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const pki = await makePki()

interface Case {
  readonly presents: Presented
  readonly roots?: readonly Issued[]
  readonly server?: TlsOptions
  /** Without HTTP, and so without ALPN. */
  readonly bare?: boolean
  readonly name?: string
  readonly asked?: Partial<Asked>
  /** Why its verdict is another one. */
  readonly opensslDiffers?: string
}

type Expected = Readonly<Record<string, Level>>
const fine: Expected = {}
const old = (version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2'): TlsOptions => ({
  minVersion: version,
  ciphers: 'ECDHE+AESGCM:ECDHE+AES:@SECLEVEL=0',
})
const modern = { server: { ciphers: 'ECDHE+AESGCM' } }
const weak = { server: { ciphers: 'ECDHE+AESGCM:@SECLEVEL=0' } }
const suites = (ciphers: string): TlsOptions => ({ maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` })

/** Of each the findings that are neither fine nor skipped; all others have to be. */
const CASES: readonly (readonly [title: string, expected: Expected, make: (pki: Pki) => Promise<Case>])[] = [
  ['a leaf by a root', fine, async p => ({ presents: presented(await p.leaf(p.root)) })],
  ['a leaf by an intermediate', fine, async p => ({ presents: presented(await p.leaf(p.intermediate)) })],
  [
    'RSA throughout',
    fine,
    async p => ({ presents: presented(await p.leaf(p.rsaRoot, { key: 'rsa-2048' })), roots: [p.rsaRoot], ...modern }),
  ],
  ['ECDSA by RSA', fine, async p => ({ presents: presented(await p.leaf(p.rsaRoot)), roots: [p.rsaRoot] })],
  ['P-384', fine, async p => ({ presents: presented(await p.leaf(p.root, { key: 'ec-p384', hash: 'sha384' })) })],
  ['a wildcard', fine, async p => ({ presents: presented(await p.leaf(p.root)), name: 'a.edge.test' })],
  ['an IPv4 address', fine, async p => ({ presents: presented(await p.leaf(p.root)), name: '127.0.0.1' })],
  ['an IPv6 address', fine, async p => ({ presents: presented(await p.leaf(p.root)), name: '::1' })],
  [
    'the root sent along',
    fine,
    async p => {
      const leaf = await p.leaf(p.intermediate)
      return { presents: presented(leaf, `${leaf.chainPem}${p.root.certificatePem}`) }
    },
  ],
  [
    'TLS 1.2 alone',
    fine,
    async p => ({
      presents: presented(await p.leaf(p.intermediate)),
      server: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE+AESGCM' },
    }),
  ],
  [
    'TLS 1.3 alone',
    fine,
    async p => ({ presents: presented(await p.leaf(p.intermediate)), server: { minVersion: 'TLSv1.3' } }),
  ],
  ['no ALPN', fine, async p => ({ presents: presented(await p.leaf(p.root)), bare: true })],
  [
    'HTTP/2 chosen where it has to be',
    fine,
    async p => ({
      presents: presented(await p.leaf(p.root)),
      server: { ALPNProtocols: ['h2'] },
      bare: true,
      asked: { alpn: 'h2' },
    }),
  ],
  [
    'HTTP/1.1 chosen where HTTP/2 has to be',
    { alpn: 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root)), asked: { alpn: 'h2' } }),
  ],
  [
    '1000 names',
    fine,
    async p => ({
      presents: presented(
        await p.leaf(p.root, { names: [...Array.from({ length: 999 }, (_, n) => `n${n}.edge.test`), NAME] }),
      ),
    }),
  ],
  [
    'a self-signed certificate that is trusted',
    fine,
    async p => {
      const alone = await p.leaf('itself')
      return { presents: presented(alone), roots: [alone] }
    },
  ],
  // validity
  [
    'an expired leaf',
    { validity: 'fail', expiry: 'warn' },
    async p => ({ presents: presented(await p.leaf(p.root, PAST)) }),
  ],
  ['a leaf of tomorrow', { validity: 'fail' }, async p => ({ presents: presented(await p.leaf(p.root, FUTURE)) })],
  [
    'an expired intermediate',
    { validity: 'fail', expiry: 'warn', 'outlives-issuer': 'warn' },
    async p => {
      const over = await p.authority({ issuer: p.root, ...PAST })
      return { presents: presented(await p.leaf(over, { validTo: p.root.certificate.validToDate })) }
    },
  ],
  [
    'an expired root',
    { validity: 'fail', expiry: 'warn', 'outlives-issuer': 'warn' },
    async p => {
      const over = await p.authority(PAST)
      return { presents: presented(await p.leaf(over, { validTo: p.root.certificate.validToDate })), roots: [over] }
    },
  ],
  [
    'a leaf that ends in an hour of its day',
    { expiry: 'warn' },
    async p => ({
      presents: presented(await p.leaf(p.root, { validFrom: PAST.validTo, validTo: new Date(Date.now() + 3_600_000) })),
    }),
  ],
  [
    'a leaf that ends within the days asked for',
    { expiry: 'warn' },
    async p => ({
      presents: presented(await p.leaf(p.root, { validTo: p.root.certificate.validToDate })),
      asked: { warnDays: 10 },
    }),
  ],
  [
    'a leaf that outlives its root',
    { 'outlives-issuer': 'warn' },
    async p => ({ presents: presented(await p.leaf(p.root, { validTo: new Date(Date.now() + 30 * 86_400_000) })) }),
  ],
  // names
  ['another name', { name: 'fail' }, async p => ({ presents: presented(await p.leaf(p.root)), name: 'other.test' })],
  [
    'a name two labels below a wildcard',
    { name: 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root)), name: 'a.b.edge.test' }),
  ],
  ['another address', { name: 'fail' }, async p => ({ presents: presented(await p.leaf(p.root)), name: '127.0.0.2' })],
  [
    'an address and only DNS names',
    { name: 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root, { names: [NAME] })), name: '127.0.0.1' }),
  ],
  [
    'a common name and no subject alternative name',
    { name: 'fail' },
    async p => ({
      presents: presented(await p.leaf(p.root, { names: [], commonName: NAME })),
      opensslDiffers: 'it still reads common names',
    }),
  ],
  // trust
  ['a self-signed certificate', { chain: 'fail' }, async p => ({ presents: presented(await p.leaf('itself')) })],
  ['another root', { chain: 'fail' }, async p => ({ presents: presented(await p.leaf(p.root)), roots: [p.otherRoot] })],
  [
    'another root that is sent along',
    { chain: 'fail' },
    async p => {
      const leaf = await p.leaf(p.otherRoot)
      return { presents: presented(leaf, `${leaf.certificatePem}${p.otherRoot.certificatePem}`) }
    },
  ],
  [
    'no intermediate',
    { chain: 'fail' },
    async p => {
      const leaf = await p.leaf(p.intermediate)
      return { presents: presented(leaf, leaf.certificatePem) }
    },
  ],
  [
    'no intermediate, where only the file of roots has it',
    { chain: 'warn' },
    async p => {
      const leaf = await p.leaf(p.intermediate)
      return { presents: presented(leaf, leaf.certificatePem), roots: [p.intermediate, p.root] }
    },
  ],
  [
    'a chain in reverse behind the leaf',
    { 'chain-order': 'warn' },
    async p => {
      const low = await p.authority({ issuer: p.intermediate })
      const leaf = await p.leaf(low)
      return {
        presents: presented(leaf, `${leaf.certificatePem}${p.intermediate.certificatePem}${low.certificatePem}`),
      }
    },
  ],
  [
    'a stranger in the chain',
    { 'chain-order': 'warn' },
    async p => {
      const leaf = await p.leaf(p.intermediate)
      return { presents: presented(leaf, `${leaf.chainPem}${p.otherRoot.certificatePem}`) }
    },
  ],
  [
    'a signature that does not hold',
    { chain: 'fail' },
    async p => {
      const leaf = await p.leaf(p.root)
      return { presents: presented(leaf, withBrokenSignature(leaf.certificatePem)) }
    },
  ],
  // algorithms
  [
    'SHA-1 on the leaf',
    { signature: 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root, { hash: 'sha1' })), ...weak }),
  ],
  [
    'SHA-1 on an intermediate',
    { signature: 'fail' },
    async p => ({ presents: presented(await p.leaf(await p.authority({ issuer: p.root, hash: 'sha1' }))), ...weak }),
  ],
  [
    'SHA-1 on the root, where it says nothing',
    fine,
    async p => {
      const root = await p.authority({ hash: 'sha1' })
      return { presents: presented(await p.leaf(root)), roots: [root] }
    },
  ],
  [
    'MD5 on the leaf',
    { signature: 'fail' },
    async p => ({
      presents: presented(await p.leaf(p.rsaRoot, { key: 'rsa-2048', hash: 'md5' })),
      roots: [p.rsaRoot],
      ...weak,
    }),
  ],
  [
    'RSA of 1024 bits',
    { 'key-strength': 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root, { key: 'rsa-1024' })), ...weak }),
  ],
  [
    'an intermediate with RSA of 1024 bits',
    { 'key-strength': 'fail' },
    async p => ({ presents: presented(await p.leaf(await p.authority({ issuer: p.root, key: 'rsa-1024' }))), ...weak }),
  ],
  // what may be done with it
  [
    'a leaf for clients',
    { purpose: 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root, { purposes: ['clientAuth'] })) }),
  ],
  [
    'a leaf for both',
    fine,
    async p => ({ presents: presented(await p.leaf(p.root, { purposes: ['serverAuth', 'clientAuth'] })) }),
  ],
  [
    'a leaf of no purpose',
    { purpose: 'warn' },
    async p => ({ presents: presented(await p.leaf(p.root, { purposes: [] })) }),
  ],
  [
    'an intermediate for clients',
    { purpose: 'fail' },
    async p => ({ presents: presented(await p.leaf(await p.authority({ issuer: p.root, purposes: ['clientAuth'] }))) }),
  ],
  [
    'a leaf that may only agree on keys',
    { purpose: 'warn' },
    async p => ({ presents: presented(await p.leaf(p.root, { keyUsage: ['keyAgreement'] })) }),
  ],
  [
    'a leaf that may only sign lists of revocations',
    { purpose: 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root, { keyUsage: ['cRLSign'] })) }),
  ],
  [
    'a leaf by a leaf',
    { authorities: 'fail' },
    async p => ({ presents: presented(await p.leaf(await p.leaf(p.root))) }),
  ],
  [
    'more authorities than allowed',
    { authorities: 'fail' },
    async p => {
      const root = await p.authority({ pathLength: 0 })
      return { presents: presented(await p.leaf(await p.authority({ issuer: root }))), roots: [root] }
    },
  ],
  [
    'an authority that may not sign certificates',
    { authorities: 'fail' },
    async p => ({ presents: presented(await p.leaf(await p.authority({ issuer: p.root, keyUsage: ['cRLSign'] }))) }),
  ],
  [
    'an authority as a server',
    { authorities: 'warn', name: 'fail', purpose: 'fail' },
    async p => ({ presents: presented(await p.authority({ issuer: p.root })) }),
  ],
  // versions and suites
  [
    'TLS 1.0 accepted',
    { 'protocol-floor': 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root)), server: old('TLSv1') }),
  ],
  [
    'TLS 1.1 accepted',
    { 'protocol-floor': 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root)), server: old('TLSv1.1') }),
  ],
  ['TLS 1.2 as the floor', fine, async p => ({ presents: presented(await p.leaf(p.root)), server: old('TLSv1.2') })],
  [
    'TLS 1.0 alone',
    { 'protocol-floor': 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root)), server: { ...old('TLSv1'), maxVersion: 'TLSv1' } }),
  ],
  [
    'TLS 1.1 alone',
    { 'protocol-floor': 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root)), server: { ...old('TLSv1.1'), maxVersion: 'TLSv1.1' } }),
  ],
  [
    'a suite without encryption',
    { ciphers: 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root)), server: suites('ECDHE+AESGCM:eNULL') }),
  ],
  [
    'a suite without authentication',
    { ciphers: 'fail' },
    async p => ({ presents: presented(await p.leaf(p.root)), server: suites('ECDHE+AESGCM:aNULL') }),
  ],
  [
    'a suite without forward secrecy',
    { ciphers: 'warn' },
    async p => ({
      presents: presented(await p.leaf(p.rsaRoot, { key: 'rsa-2048' })),
      roots: [p.rsaRoot],
      server: suites('ECDHE+AESGCM:kRSA+AESGCM'),
    }),
  ],
]

/** The findings that are about certificates, where OpenSSL has a verdict too. */
const ABOUT_CERTIFICATES = ['chain', 'authorities', 'name', 'validity', 'key-strength', 'signature', 'purpose']

describe('a server of each kind', { concurrency: 4 }, () => {
  for (const [title, expected, make] of CASES) {
    test(`${title}: ${
      Object.entries(expected)
        .map(([id, level]) => `${id} ${level}`)
        .join(', ') || 'fine'
    }`, async () => {
      const one = await make(pki)
      await using server = await serve(one)
      const { name = NAME, roots = [pki.root] } = one
      const findings = await look({ port: server.port, name, roots, asked: one.asked })
      assert.deepEqual(notable(findings), expected)

      if (!openssl || one.opensslDiffers !== undefined) return
      const ours = findings.every(({ id, level }) => !ABOUT_CERTIFICATES.includes(id) || level !== 'fail')
      const theirs = await opensslVerifies(title, one, name, roots)
      assert.equal(ours, theirs.trusted, theirs.text)
    })
  }

  test('are more than forty', () => assert.ok(CASES.length >= 40))
})

function serve({ presents, server, bare }: Case): Promise<Serving> {
  return bare === true ? serveTls(presents, server) : serveHttps(presents, server)
}

/** At 112 bits of security, which is where keys of 2048 bits and hashes beyond SHA-1 begin. */
async function opensslVerifies(title: string, { presents }: Case, name: string, roots: readonly Issued[]) {
  const stem = join(directory, title.replaceAll(/\W+/g, '-'))
  writeFileSync(`${stem}.pem`, presents.cert)
  writeFileSync(`${stem}-roots.pem`, roots.map(root => root.certificatePem).join(''))
  const asked = isAddress(name) ? ['-verify_ip', name] : ['-verify_hostname', name]
  const words = ['verify', '-no-CApath', '-no-CAstore', '-CAfile', `${stem}-roots.pem`, '-untrusted', `${stem}.pem`]
  return new Promise<{ trusted: boolean; text: string }>(resolve => {
    execFile(
      'openssl',
      [...words, '-purpose', 'sslserver', '-auth_level', '2', ...asked, `${stem}.pem`],
      (error, out, text) => resolve({ trusted: error === null, text: `${out}${text}` }),
    )
  })
}
