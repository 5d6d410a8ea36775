import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { RunproofError } from '../model/error.ts'
import { type Issued, issueAuthority, issueLeaf } from './issue.ts'
import { KEY_KINDS } from './template.ts'

const NAMES = ['daemon.test', '*.daemon.test', '127.0.0.1', '::1']
const SERVER = '1.3.6.1.5.5.7.3.1'
const CLIENT = '1.3.6.1.5.5.7.3.2'

function assertIssued(leaf: Issued, issuer: Issued): void {
  const { certificate } = leaf
  assert.ok(certificate.checkIssued(issuer.certificate))
  assert.ok(certificate.verify(issuer.certificate.publicKey))
  assert.ok(certificate.checkPrivateKey(leaf.privateKey))
}

describe('issueAuthority, issueLeaf', () => {
  for (const key of KEY_KINDS.filter(kind => kind !== 'rsa-4096')) {
    test(`make a chain of two with ${key}`, async () => {
      const authority = await issueAuthority({ key })
      const leaf = await issueLeaf(authority, { key, names: NAMES })
      assertIssued(leaf, authority)
      assertIssued(authority, authority)
      assert.deepEqual([authority.certificate.ca, leaf.certificate.ca], [true, false])
      assert.equal(leaf.certificate.checkHost('daemon.test'), 'daemon.test')
      assert.equal(leaf.certificate.checkHost('a.daemon.test'), '*.daemon.test')
      assert.deepEqual(
        ['127.0.0.1', '::1', '127.0.0.2'].map(ip => leaf.certificate.checkIP(ip)),
        ['127.0.0.1', '::1', undefined],
      )
      assert.deepEqual(leaf.certificate.keyUsage, [SERVER])
      assert.equal(leaf.chainPem, leaf.certificatePem)
    })
  }

  test('mix keys of both kinds in one chain, which leaves the root out', async () => {
    const root = await issueAuthority({ key: 'rsa-2048', pathLength: 1 })
    const intermediate = await issueAuthority({ issuer: root, pathLength: 0 })
    const leaf = await issueLeaf(intermediate, { key: 'rsa-2048', names: NAMES, purposes: ['clientAuth'] })
    assertIssued(intermediate, root)
    assertIssued(leaf, intermediate)
    assert.equal(leaf.chainPem, `${leaf.certificatePem}${intermediate.certificatePem}`)
    assert.deepEqual(leaf.certificate.keyUsage, [CLIENT])
  })

  test('begin a little before now, and end with what issued them', async () => {
    const now = Date.now()
    const validTo = new Date(now + 60_000)
    const authority = await issueAuthority({ validTo })
    const { certificate } = await issueLeaf(authority, { names: NAMES })
    assert.equal(certificate.validToDate.getTime(), Math.floor(validTo.getTime() / 1_000) * 1_000)
    const early = now - certificate.validFromDate.getTime()
    assert.ok(early >= 290_000 && early < 330_000, `${early} ms`)
  })

  test('give every certificate a serial of its own, positive and not too long', async () => {
    const authority = await issueAuthority()
    const serials = await Promise.all(
      Array.from({ length: 20 }, async () => (await issueLeaf(authority, { names: NAMES })).certificate.serialNumber),
    )
    assert.equal(new Set(serials).size, serials.length)
    for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/)
  })

  test('make what is to be refused', async () => {
    const authority = await issueAuthority({ key: 'rsa-2048' })
    const past = new Date(Date.now() - 60_000)
    const expired = await issueLeaf(authority, { names: NAMES, validFrom: new Date(0), validTo: past })
    assert.ok(expired.certificate.validToDate < new Date())
    const future = await issueLeaf(authority, { names: NAMES, validFrom: new Date(Date.now() + 3_600_000) })
    assert.ok(future.certificate.validFromDate > new Date())
    const alone = await issueLeaf('itself', { names: NAMES })
    assert.ok(alone.certificate.verify(alone.certificate.publicKey))
    assert.equal(alone.certificate.ca, false)
    const nameless = await issueLeaf(authority, { names: [], commonName: 'daemon.test', purposes: [] })
    assert.equal(nameless.certificate.subjectAltName, undefined)
    assert.equal(nameless.certificate.keyUsage, undefined)
    for (const hash of ['md5', 'sha1'] as const) {
      const weak = await issueLeaf(authority, { key: 'rsa-1024', hash, names: NAMES })
      assert.match(weak.certificate.signatureAlgorithm ?? '', new RegExp(`^${hash}`, 'i'))
      assert.equal(weak.certificate.publicKey.asymmetricKeyDetails?.modulusLength, 1024)
    }
    const long = await issueLeaf(authority, { names: NAMES, paddingBytes: 2 ** 20 })
    assert.ok(new X509Certificate(long.certificatePem).raw.length > 2 ** 20)
    const longRsa = await issueLeaf(authority, { key: 'rsa-2048', names: NAMES, paddingBytes: 127 })
    assertIssued(longRsa, authority)
  })

  test('hold every address as it is meant', async () => {
    const addresses = fc.oneof(
      fc.ipV6(),
      fc.ipV4(),
      fc.constantFrom('::ffff:1.2.3.4', '::1.2.3.4', '::', '2001:DB8::1'),
    )
    for (const key of ['ec-p256', 'rsa-1024'] as const) {
      const names = fc.sample(addresses, 40)
      const { certificate } = await issueLeaf('itself', { key, names, commonName: 'addresses' })
      for (const name of names) assert.equal(certificate.checkIP(name), name)
      assert.equal(certificate.checkIP('203.0.113.255') === undefined, !names.includes('203.0.113.255'))
    }
  })

  test('print no key', async () => {
    const leaf = await issueLeaf('itself', { names: NAMES })
    const { inspect } = await import('node:util')
    assert.doesNotMatch(`${inspect(leaf, { depth: 9 })}${JSON.stringify(leaf)}`, /PRIVATE KEY/)
    assert.match(leaf.privateKeyPem.reveal(), /^-----BEGIN PRIVATE KEY-----/)
  })

  const wrong = [
    '',
    'a b',
    'a..b',
    '-a.test',
    '*',
    'a.*.test',
    '1.2.3.256',
    '1.2.3.04',
    '::1%eth0',
    '::1]x[',
    ':::',
    '1.2.3',
    `${'a'.repeat(64)}.test`,
    'ä.test',
    'a\n',
  ]
  for (const name of wrong) {
    test(`refuse the name ${JSON.stringify(name)}`, () =>
      assert.rejects(issueLeaf('itself', { names: [name] }), isInvalid(/neither a DNS name nor an IP address/)))
  }

  test('refuse what no certificate can be', async () => {
    await assert.rejects(issueLeaf('itself', { names: NAMES, validTo: new Date(0) }), isInvalid(/never valid/))
    await assert.rejects(issueLeaf('itself', { names: NAMES, hash: 'md5' }), isInvalid(/MD5/))
  })
})

function isInvalid(message: RegExp) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof RunproofError)
    assert.equal(thrown.code, 'CERTIFICATE_INVALID')
    assert.match(thrown.message, message)
    return true
  }
}
