import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { describe, test } from 'node:test'
import { RunproofError } from '../model/error.ts'
import { formsOf } from './forms.ts'
import { needlesOf } from './known-needles.ts'
import { NeedleSearch } from './qgram.ts'
import { StreamSearch } from './stream-search.ts'

/** Shapes of real credentials, made anew in each run. */
const SECRETS: Record<string, string> = {
  'eight characters': randomBytes(4).toString('hex'),
  'hex key': randomBytes(32).toString('hex'),
  'base64 token': randomBytes(33).toString('base64'),
  'base64url token': randomBytes(24).toString('base64url'),
  'every printable': shuffled(Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index))).join(''),
  'quotes and backslashes': `${randomBytes(6).toString('base64url')}"\\'/<&>\``,
  'not ASCII': `${randomBytes(6).toString('hex')}äß€漢😀é`,
  'with spaces': `${randomBytes(5).toString('hex')} ${randomBytes(5).toString('hex')} x`,
  long: randomBytes(160).toString('base64url'),
}

function shuffled<Item>(items: Item[]): Item[] {
  for (let index = items.length - 1; index > 0; index--) {
    const other = randomInt(index + 1)
    ;[items[index], items[other]] = [items[other]!, items[index]!]
  }
  return items
}

const before = () => randomBytes(randomInt(7)).toString('hex')

/** Encoders that share nothing with the code under test: whatever they make of a value must be found. */
const WRITERS: Record<string, (secret: string) => string | Buffer> = {
  'plain text': secret => `token=${secret}\n`,
  'hex dump': secret => Buffer.from(`${before()}${secret}`).toString('hex'),
  'upper-case hex': secret => Buffer.from(secret).toString('hex').toUpperCase(),
  'hex at 60 columns': secret => wrap(Buffer.from(`ab${secret}cd`).toString('hex'), 60, '\n'),
  'hex with colons': secret => [...Buffer.from(secret)].map(byte => byte.toString(16).padStart(2, '0')).join(':'),
  'base64 after 0 bytes': secret => Buffer.from(`${secret}tail`).toString('base64'),
  'base64 after 1 byte': secret => Buffer.from(`u${secret}t`).toString('base64'),
  'base64 after 2 bytes': secret => Buffer.from(`ab${secret}`).toString('base64'),
  'base64url after 31 bytes': secret => Buffer.from(`${'x'.repeat(31)}${secret}yy`).toString('base64url'),
  'basic header': secret => `Authorization: Basic ${Buffer.from(`operator:${secret}`).toString('base64')}`,
  'base64 at 64 columns': secret => wrap(Buffer.from(`${before()}${secret}${before()}`).toString('base64'), 64, '\n'),
  'base64 at 76 columns, CRLF': secret =>
    wrap(Buffer.from(`${'p'.repeat(40)}${secret}q`).toString('base64'), 76, '\r\n'),
  'base64 wrapped, in JSON': secret =>
    JSON.stringify({ pem: wrap(Buffer.from(`${'p'.repeat(30)}${secret}q`).toString('base64'), 64, '\n') }),
  'base64 wrapped, in JSON in JSON': secret =>
    JSON.stringify(
      JSON.stringify({ pem: wrap(Buffer.from(`${'p'.repeat(35)}${secret}q`).toString('base64'), 64, '\r\n') }),
    ),
  'base64 wrapped and indented': secret =>
    wrap(Buffer.from(`${'p'.repeat(20)}${secret}`).toString('base64'), 60, '\n        '),
  'base64 in a query': secret => encodeURIComponent(Buffer.from(`u${secret}`).toString('base64')),
  encodeURIComponent: secret => `https://localhost/?k=${encodeURIComponent(secret)}`,
  encodeURI: secret => encodeURI(secret),
  'form body': secret => new URLSearchParams({ key: secret }).toString(),
  'every byte percent-encoded': secret =>
    [...Buffer.from(secret)].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  'URL in a URL': secret => encodeURIComponent(`https://localhost/?k=${encodeURIComponent(secret)}`),
  JSON: secret => JSON.stringify({ secret }),
  'JSON in JSON': secret => JSON.stringify({ body: JSON.stringify({ secret }) }),
  'JSON in JSON in JSON': secret => JSON.stringify(JSON.stringify(JSON.stringify([secret]))),
  'JSON, every unit escaped': secret =>
    [...Array(secret.length).keys()]
      .map(at => `\\u${secret.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0')}`)
      .join(''),
  'XML attribute': secret =>
    secret
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&apos;'),
  'decimal entities': secret => [...secret].map(character => `&#${character.codePointAt(0)};`).join(''),
  'C string': secret => [...Buffer.from(secret)].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  'UTF-16LE file': secret => Buffer.from(`\ufeff password: ${secret}\r\n`, 'utf16le'),
  'UTF-16BE file': secret => Buffer.from(`password: ${secret}\r\n`, 'utf16le').swap16(),
  'PowerShell -EncodedCommand': secret => Buffer.from(`Login "${secret}"`, 'utf16le').toString('base64'),
  reversed: secret => [...secret].reverse().join(''),
  'Buffer printed as JSON': secret => JSON.stringify(Buffer.from(secret)),
  'list of numbers': secret => [...Buffer.from(secret)].join(', '),
}

function wrap(text: string, columns: number, lineEnd: string): string {
  return (text.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []).join(lineEnd)
}

describe('forms of a known value', () => {
  for (const [shape, secret] of Object.entries(SECRETS)) {
    test(`are found however they were written and wherever the chunk ends: ${shape}`, () => {
      const needles = needlesOf([{ name: 'it', value: secret }])
      const search = new NeedleSearch(needles)
      const stream = new StreamSearch(search, 96)
      for (const [writer, write] of Object.entries(WRITERS)) {
        const written = Buffer.from(write(secret) as string)
        const text = Buffer.concat([randomBytes(50), written, randomBytes(50)])
        assert.ok(search.find(text).length > 0, `${writer} is not found in one piece`)
        const step = Math.max(1, Math.floor(text.length / 40))
        for (let edge = 0; edge <= text.length; edge += step) {
          stream.reset()
          const hits = [...stream.push(text.subarray(0, edge)), ...stream.push(text.subarray(edge))]
          assert.ok(hits.length > 0, `${writer} is not found when a chunk ends at ${edge} of ${text.length}`)
        }
      }
    })
  }

  test('are found by base32 encoders of others too', () => {
    // RFC 4648 section 10
    const forms = formsOf({ name: 'vector', value: 'foobarfoobar' }).forms
    assert.ok(forms.some(form => form.name === 'base32' && form.bytes.toString().startsWith('MZXW6YTBOJ')))
  })

  test('hold no duplicate and nothing under 8 bytes', () => {
    for (const value of Object.values(SECRETS)) {
      const { forms } = formsOf({ name: 'it', value })
      assert.equal(new Set(forms.map(form => form.bytes.toString('latin1'))).size, forms.length)
      assert.ok(forms.every(form => form.bytes.length >= 8))
    }
  })

  test('ignore the line end a token file closes with', () => {
    const value = randomBytes(16).toString('hex')
    assert.deepEqual(formsOf({ name: 'it', value: `${value}\n` }), formsOf({ name: 'it', value }))
  })

  test('are refused for a value under 8 characters', () => {
    for (const value of ['1234567', '1234567\n', '']) {
      assert.throws(
        () => formsOf({ name: 'pin', value }),
        (thrown: unknown) =>
          thrown instanceof RunproofError && thrown.code === 'SECRET_TOO_SHORT' && /pin/.test(thrown.message),
      )
    }
  })

  test('of a PEM key include the lines of its body, which survive other line ends', () => {
    const body = [0, 1, 2].map(() => randomBytes(48).toString('base64'))
    const value = ['-----BEGIN PRIVATE KEY-----', ...body, '-----END PRIVATE KEY-----'].join('\n')
    const search = new NeedleSearch(needlesOf([{ name: 'key', value }]))
    assert.ok(search.find(Buffer.from(value.replaceAll('\n', '\r\n    '))).length >= 3)
    assert.equal(search.find(Buffer.from('-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n')).length, 0)
  })
})
