import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { RunproofError } from '../model/error.ts'
import { authorityOf } from './authority.ts'
import { ANY_PURPOSE, type CertificateFacts, CLIENT_AUTH, readCertificate } from './facts.ts'
import { type Finding, type Level, verdictOf } from './finding.ts'
import { type Inspection, OFFERS } from './inspection.ts'
import { type Issued, issueAuthority, issueLeaf } from './issue.ts'
import {
  judgeExpected,
  judgeExpiry,
  judgeKeys,
  judgeLife,
  judgeName,
  judgePurpose,
  judgeSignatures,
  judgeValidity,
} from './judge-certificate.ts'
import { judgeAuthorities, withLibrary } from './judge-chain.ts'
import { judgeProtocol } from './judge-connection.ts'
import { buildPath } from './path.ts'

const DAY_MS = 86_400_000
const root = await issueAuthority()
const leaf = await issueLeaf(root, { names: ['edge.test'] })
const facts = (issued: Issued) => readCertificate(issued.certificatePem, 'it')
const [leafFacts, rootFacts] = [facts(leaf), facts(root)]

/** A certificate of 90 days, the given number of which are left. */
function lasting(daysLeft: number, lifeDays = 90): readonly [CertificateFacts, Date] {
  const now = new Date('2026-11-22T00:00:00Z')
  const validTo = new Date(+now + daysLeft * DAY_MS)
  return [{ ...leafFacts, validTo, validFrom: new Date(+validTo - lifeDays * DAY_MS) }, now]
}

describe('judgeExpiry', () => {
  const cases = [
    ['22 of 90 days', 22, 90, undefined, 'ok'],
    ['20 of 90 days', 20, 90, undefined, 'warn'],
    ['half of one day', 0.5, 1, undefined, 'ok'],
    ['a quarter of one day', 0.25, 1, undefined, 'warn'],
    ['three of eight days', 3, 8, undefined, 'ok'],
    ['two of eight days', 2, 8, undefined, 'warn'],
    ['29 days where 30 are asked for', 29, 90, 30, 'warn'],
    ['one day where none is asked for', 1, 90, 0, 'ok'],
    ['none', -1, 90, undefined, 'warn'],
  ] as const
  for (const [title, left, life, asked, level] of cases) {
    test(`${title} left: ${level}`, () => {
      const [one, now] = lasting(left, life)
      assert.equal(judgeExpiry([one], now, asked).level, level)
    })
  }

  test('names the certificate of the chain that is late, not the one asked for', () => {
    const [soon, now] = lasting(1)
    const [later] = lasting(80)
    const finding = judgeExpiry([later, { ...soon, subject: 'CN=middle' }], now)
    assert.match(finding.actual, /^CN=middle ends 2026-11-23/)
  })
})

test('judgeValidity counts both ends in', () => {
  const { validFrom, validTo } = leafFacts
  for (const now of [validFrom, validTo]) assert.equal(judgeValidity([leafFacts], now).level, 'ok')
  for (const now of [new Date(+validFrom - 1), new Date(+validTo + 1)])
    assert.equal(judgeValidity([leafFacts], now).level, 'fail')
})

test('judgeKeys knows curves by their size, and keys that have none', () => {
  const level = (key: CertificateFacts['key']) => judgeKeys([{ ...leafFacts, key }]).level
  assert.equal(level({ kind: 'ec', name: 'EC secp224r1', bits: 224 }), 'fail')
  assert.equal(level({ kind: 'ec', name: 'EC unknown', bits: 0 }), 'fail')
  assert.equal(level({ kind: 'rsa', name: 'RSA 2047', bits: 2047 }), 'fail')
  assert.equal(level({ kind: 'other', name: 'ed25519', bits: 0 }), 'ok')
  assert.equal(level({ kind: 'other', name: 'dsa', bits: 0 }), 'fail')
})

test('judgeSignatures leaves out only a root that is trusted', () => {
  const weak = { ...rootFacts, signatureHash: 'sha1' }
  assert.equal(judgeSignatures([leafFacts, weak], true).level, 'ok')
  assert.equal(judgeSignatures([leafFacts, weak], false).level, 'fail')
  assert.equal(judgeSignatures([weak], true).level, 'fail')
})

describe('judgeAuthorities', () => {
  const below = { ...rootFacts, subject: 'CN=below' }
  const level = (...issuers: readonly Partial<CertificateFacts>[]) =>
    judgeAuthorities({
      certificates: [leafFacts, ...issuers.map(one => ({ ...below, ...one }))],
      anchored: true,
      broken: null,
      supplied: [],
    }).level
  const cases = [
    ['a root', [{}], 'ok'],
    ['a root that says nothing of itself, as old ones do', [{ isAuthority: null, keyUsage: null }], 'ok'],
    ['an intermediate that says nothing of itself', [{ isAuthority: null }, {}], 'fail'],
    ['one that is none', [{ isAuthority: false }], 'fail'],
    ['one that may not sign certificates', [{ keyUsage: ['cRLSign'] }], 'fail'],
    ['one below a root that allows one', [{}, { pathLength: 1 }], 'ok'],
    ['one below a root that allows none', [{}, { pathLength: 0 }], 'fail'],
    ['none below a root that allows none', [{ pathLength: 0 }], 'ok'],
  ] as const
  for (const [title, issuers, expected] of cases)
    test(`${title}: ${expected}`, () => assert.equal(level(...issuers), expected))
})

describe('judgePurpose', () => {
  const cases = [
    ['the server’s is for clients', [{ purposes: [CLIENT_AUTH] }, {}], 'fail'],
    ['an authority’s is for clients', [{}, { purposes: [CLIENT_AUTH] }], 'fail'],
    ['it is for anything', [{ purposes: [ANY_PURPOSE] }, {}], 'ok'],
    ['it says none', [{ purposes: null }, {}], 'warn'],
    ['no usage of a handshake', [{ keyUsage: ['cRLSign'] }, {}], 'fail'],
    ['every usage', [{ keyUsage: null }, {}], 'ok'],
    [
      'an RSA key that only decrypts',
      [{ keyUsage: ['keyEncipherment'], key: { kind: 'rsa', name: 'RSA 2048', bits: 2048 } }, {}],
      'ok',
    ],
  ] as const
  for (const [title, [own, issuer], expected] of cases)
    test(`${title}: ${expected}`, () =>
      assert.equal(
        judgePurpose([
          { ...leafFacts, ...own },
          { ...rootFacts, ...issuer },
        ]).level,
        expected,
      ))
})

test('judgeProtocol fails a server that speaks an old version, whatever it refused', () => {
  const refused = { calibrated: true, answer: 'refused', detail: '' } as const
  const offers = Object.fromEntries(Object.keys(OFFERS).map(id => [id, refused])) as Inspection['offers']
  assert.equal(judgeProtocol({ protocol: 'TLSv1.2', offers }).level, 'ok')
  assert.equal(judgeProtocol({ protocol: 'TLSv1.1', offers }).level, 'fail')
  assert.match(judgeProtocol({ protocol: 'TLSv1', offers }).actual, /^TLS 1\.0 spoken/)
})

test('judgeExpected needs a connection', () => {
  assert.equal(judgeExpected([leafFacts.sha256], leafFacts, 'file').level, 'ok')
  assert.equal(judgeExpected([], leafFacts, 'file').level, 'unknown')
})

describe('withLibrary', () => {
  const finding = (id: string, level: Level): Finding => ({ id, level, expected: '', actual: '' })
  const levels = (findings: readonly Finding[]) => findings.map(one => `${one.id} ${one.level}`)
  const green = ['chain', 'authorities', 'validity', 'purpose'].map(id => finding(id, 'ok'))

  test('turns the finding red that a refusal belongs to', () => {
    for (const [code, id] of [
      ['INVALID_PURPOSE', 'purpose'],
      ['INVALID_CA', 'authorities'],
      ['CERT_HAS_EXPIRED', 'validity'],
      ['HASH_OF_TOMORROW', 'chain'],
    ])
      assert.deepEqual(
        levels(withLibrary(green, code!)).filter(text => text.endsWith('fail')),
        [`${id} fail`],
      )
  })

  test('changes nothing where the chain is trusted, or its fault was found', () => {
    assert.equal(withLibrary(green, null), green)
    const found = [...green.slice(1), finding('chain', 'fail')]
    assert.equal(withLibrary(found, 'CERT_HAS_EXPIRED'), found)
  })
})

describe('verdictOf', () => {
  const cases = [
    [['ok', 'skipped'], 'fail', 0],
    [['ok', 'warn'], 'fail', 0],
    [['ok', 'warn'], 'warn', 1],
    [['ok', 'unknown'], 'fail', 3],
    [['ok', 'unknown', 'fail'], 'fail', 1],
    [['skipped'], 'fail', 3],
    [[], 'fail', 3],
  ] as const
  for (const [levels, failOn, code] of cases) {
    test(`${levels.join(', ') || 'nothing'} with --fail-on ${failOn} is ${code}`, () => {
      const findings = levels.map(level => ({ id: 'x', level, expected: '', actual: '' }))
      assert.equal(verdictOf(findings, failOn), code)
    })
  }
})

describe('buildPath', () => {
  const rootName = /CN=(.*)/.exec(root.certificate.subject)![1]!

  test('takes the issuer that signed, of several of one name', async () => {
    const impostor = await issueAuthority({ commonName: rootName })
    for (const roots of [
      [impostor, root],
      [root, impostor],
    ]) {
      const path = buildPath(
        [leafFacts, facts(impostor)],
        roots.map(one => one.certificate),
      )
      assert.deepEqual([path.anchored, path.certificates.at(-1)!.sha256], [true, rootFacts.sha256])
    }
  })

  test('says why it ends', async () => {
    assert.equal(buildPath([leafFacts], []).broken, 'no-issuer')
    assert.equal(buildPath([leafFacts, rootFacts], []).broken, 'self-signed')
    const impostor = await issueAuthority({ commonName: rootName })
    assert.equal(buildPath([leafFacts, facts(impostor)], []).broken, 'signature')
  })
})

describe('authorityOf', () => {
  const read = (issued: Issued) => ({ ...issued, certificatesPem: [issued.certificatePem] })

  test('issues with an authority of before', async () => {
    const intermediate = await issueAuthority({ issuer: root })
    const again = authorityOf(
      { ...intermediate, certificatesPem: [intermediate.certificatePem, root.certificatePem] },
      'ca.pem',
      new Date(),
    )
    const issued = await issueLeaf(again, { names: ['edge.test'] })
    assert.ok(issued.certificate.verify(intermediate.certificate.publicKey))
    assert.equal(issued.chainPem.match(/BEGIN/g)?.length, 2)
  })

  const refused = [
    ['a leaf', () => issueLeaf(root, { names: ['a.test'] }), /is no authority/],
    ['one that has ended', () => issueAuthority({ validFrom: new Date(0), validTo: new Date(DAY_MS) }), /ended 1970/],
    ['one of tomorrow', () => issueAuthority({ validFrom: new Date(Date.now() + DAY_MS) }), /begins only/],
  ] as const
  for (const [title, make, message] of refused) {
    test(`refuses ${title}`, async () => {
      const issued = read(await make())
      assert.throws(
        () => authorityOf(issued, 'ca.pem', new Date()),
        (thrown: unknown) =>
          thrown instanceof RunproofError && thrown.code === 'CERTIFICATE_INVALID' && message.test(thrown.message),
      )
    })
  }
})

test('readCertificate refuses what is none', () => {
  for (const bytes of ['', 'x', Buffer.from([0x30, 0x03, 1, 2, 3])])
    assert.throws(
      () => readCertificate(bytes, 'the file'),
      (thrown: unknown) => thrown instanceof RunproofError && thrown.code === 'CERTIFICATE_INVALID',
    )
})

test('a certificate with any byte changed is judged, or refused as none', () => {
  const { raw } = leaf.certificate
  fc.assert(
    fc.property(fc.nat(raw.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const der = Buffer.from(raw)
      der[at]! ^= change
      try {
        const path = buildPath([readCertificate(der, 'it')], [root.certificate])
        for (const judged of [judgeAuthorities(path), judgeName(path.certificates[0]!, 'edge.test')])
          assert.ok(judged.id)
        for (const judgeAll of [judgeKeys, judgePurpose, judgeLife]) assert.ok(judgeAll(path.certificates).id)
        assert.equal(path.anchored, false)
      } catch (thrown) {
        assert.ok(thrown instanceof RunproofError && thrown.code === 'CERTIFICATE_INVALID', String(thrown))
      }
    }),
    { numRuns: 400 },
  )
})
