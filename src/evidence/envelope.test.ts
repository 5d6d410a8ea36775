import assert from 'node:assert/strict'
import { generateKeyPairSync, verify } from 'node:crypto'
import { describe, test } from 'node:test'
import { canonicalJson } from './canonical.ts'
import { keyIdOf, openEnvelope, signerOf } from './envelope.ts'

const TYPE = 'application/vnd.in-toto+json'
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer = signerOf(privateKey)
const text = signer.envelope(TYPE, Buffer.from('{"hello":"world"}'))
const opened = (changed: string, pem = signer.publicKeyPem) => openEnvelope(changed, TYPE, pem)
const tampered = { code: 'EVIDENCE_TAMPERED' }

/** The envelope with one member changed, written canonically. */
function remade(
  change: (envelope: { payloadType: string; payload: string; signatures: Record<string, unknown>[] }) => unknown,
) {
  return `${canonicalJson(change(JSON.parse(text)))}\n`
}

describe('a DSSE envelope', () => {
  test('gives its payload back', () => assert.equal(opened(text).toString(), '{"hello":"world"}'))

  test('is signed over the pre-authentication encoding that DSSE defines', () => {
    const { payload, signatures } = JSON.parse(text)
    const body = Buffer.from(payload, 'base64')
    const encoded = `DSSEv1 ${TYPE.length} ${TYPE} ${body.length} ${body}`
    assert.ok(verify(null, Buffer.from(encoded), publicKey, Buffer.from(signatures[0].sig, 'base64')))
    assert.equal(signatures[0].keyid, keyIdOf(publicKey))
  })

  const { publicKey: foreign } = generateKeyPairSync('ed25519')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  const pem = (key: typeof foreign) => key.export({ type: 'spki', format: 'pem' }).toString()
  const refusals: readonly [string, string, string?][] = [
    ['another payload', remade(one => ({ ...one, payload: 'aGVsbG8=' }))],
    ['another type', remade(one => ({ ...one, payloadType: 'text/plain' }))],
    ['no signature', remade(one => ({ ...one, signatures: [] }))],
    ['a null for a signature', remade(one => ({ ...one, signatures: [null] as never }))],
    ['two signatures', remade(one => ({ ...one, signatures: [one.signatures[0], one.signatures[0]] }))],
    ['another key id', remade(one => ({ ...one, signatures: [{ ...one.signatures[0], keyid: 'sha256:0' }] }))],
    ['a key id that is no text', remade(one => ({ ...one, signatures: [{ ...one.signatures[0], keyid: 7 }] }))],
    ['a member more', remade(one => ({ ...one, more: 1 }))],
    ['white space', text.replace(',', ', ')],
    ['a line more', `${text}\n`],
    ['null in its place', 'null\n'],
    ['a list in its place', '[]\n'],
    ['no JSON in it', '{'],
    ['the key of somebody else', text, pem(foreign)],
    ['a key of another kind', text, pem(rsa)],
    ['no key', text, 'not a key'],
  ]
  for (const [title, changed, key] of refusals) {
    test(`is refused with ${title}`, () => assert.throws(() => opened(changed, key), tampered))
  }

  test('is refused with any single character changed', () => {
    for (let at = 0; at < text.length; at++) {
      const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1)
      assert.throws(() => opened(changed), tampered, `character ${at}`)
    }
  })

  test('is held by the signer that made it only', () => {
    const payload = Buffer.from('{"hello":"world"}')
    assert.ok(signer.holds(text, TYPE, payload))
    assert.ok(!signer.holds(text, TYPE, Buffer.from('{}')))
    assert.ok(!signerOf(generateKeyPairSync('ed25519').privateKey).holds(text, TYPE, payload))
  })
})
