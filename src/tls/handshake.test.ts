import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readServerFlight } from './handshake.ts'

const SUITE = { modern: [0x13, 0x01], older: [0xc0, 0x2b] }

function record(type: number, ...body: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(body)
  return Buffer.concat([Buffer.from([type, 3, 3, bytes.length >> 8, bytes.length & 255]), bytes])
}

function message(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type, 0, body.length >> 8, body.length & 255]), body])
}

/** Version, random, an empty session, a suite. */
function hello(suite: readonly number[]): Buffer {
  return message(2, Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 7), Buffer.from([0, ...suite, 0])]))
}

function list(...certificates: readonly string[]): Buffer {
  const entries = certificates.map(text => Buffer.concat([Buffer.from([0, 0, text.length]), Buffer.from(text)]))
  const body = Buffer.concat(entries)
  return message(11, Buffer.concat([Buffer.from([0, 0, body.length]), body]))
}

const certificateRequest = message(13, Buffer.from([0]))
const chain = (bytes: Buffer) => readServerFlight(bytes, []).chain?.map(String) ?? null

describe('readServerFlight', () => {
  test('reads messages of one record, of several, and cut across records', () => {
    const messages = Buffer.concat([hello(SUITE.older), list('own', 'issuer')])
    assert.deepEqual(chain(record(22, messages)), ['own', 'issuer'])
    assert.deepEqual(chain(Buffer.concat([record(22, hello(SUITE.older)), record(22, list('own'))])), ['own'])
    for (let at = 1; at < messages.length; at++)
      assert.deepEqual(
        chain(Buffer.concat([record(22, messages.subarray(0, at)), record(22, messages.subarray(at))])),
        ['own', 'issuer'],
      )
  })

  test('says whether a certificate is asked for, and whether the server agreed', () => {
    const with_ = readServerFlight(record(22, hello(SUITE.older), list('own'), certificateRequest), [])
    assert.deepEqual([with_.asksForCertificate, with_.agreed], [true, true])
    const without = readServerFlight(record(22, hello(SUITE.older), list('own')), [])
    assert.deepEqual([without.asksForCertificate, without.agreed], [false, true])
    assert.equal(readServerFlight(record(21, Buffer.from([2, 70])), []).agreed, false)
  })

  test('knows nothing of a flight that it cannot decrypt, except that the server agreed', () => {
    const flight = Buffer.concat([
      record(22, hello(SUITE.modern)),
      record(20, Buffer.from([1])),
      record(23, Buffer.alloc(64)),
    ])
    const wrong = `SERVER_HANDSHAKE_TRAFFIC_SECRET ${'00'.repeat(32)} ${'11'.repeat(32)}`
    for (const keyLog of [[], [wrong]])
      assert.deepEqual(readServerFlight(flight, keyLog), { agreed: true, chain: null, asksForCertificate: null })
  })

  test('reads no list that is cut off', () => {
    const body = Buffer.from([0, 0, 9, 0, 0, 200, 1])
    assert.equal(chain(record(22, hello(SUITE.older), message(11, body))), null)
  })

  test('throws on nothing', () => {
    const good = Buffer.concat([record(22, hello(SUITE.modern), list('own')), record(23, Buffer.alloc(40))])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        readServerFlight(Buffer.from(bytes), [])
      }),
    )
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, end) => {
        const changed = Buffer.from(good)
        changed[at] = value
        readServerFlight(changed.subarray(0, end), [`SERVER_HANDSHAKE_TRAFFIC_SECRET 00 ${'11'.repeat(32)}`])
      }),
    )
  })
})
