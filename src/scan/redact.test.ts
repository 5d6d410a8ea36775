import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formsOf } from './forms.ts'
import { needlesOf } from './known-needles.ts'
import { NeedleSearch } from './qgram.ts'
import { Redactor } from './redact.ts'

const secretValue = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 40 }).filter(value => value.trimEnd().length >= 8),
  fc.stringMatching(/^[ab]{8,16}$/),
  fc.base64String({ minLength: 12, maxLength: 80 }),
)

interface Scene {
  readonly values: readonly { name: string; value: string }[]
  readonly text: Buffer
  readonly chunks: readonly Buffer[]
}

/** Text in which forms of the secrets, parts of them and other bytes follow each other, cut anywhere. */
const scene: fc.Arbitrary<Scene> = fc
  .array(secretValue, { minLength: 1, maxLength: 3 })
  .chain(secrets => {
    const values = secrets.map((value, index) => ({ name: `s${index}`, value }))
    const forms = values.flatMap(value => formsOf(value).forms.map(form => form.bytes))
    const part = fc.oneof(
      fc.constantFrom(...forms),
      fc.tuple(fc.constantFrom(...forms), fc.nat(60)).map(([form, length]) => form.subarray(0, length)),
      fc.tuple(fc.constantFrom(...forms), fc.nat(60)).map(([form, at]) => form.subarray(at)),
      fc.string({ maxLength: 20 }).map(text => Buffer.from(text)),
      fc.constantFrom(Buffer.from('\n'), Buffer.from('ab'), Buffer.from('%')),
    )
    return fc.record({
      values: fc.constant(values),
      text: fc.array(part, { maxLength: 12 }).map(parts => Buffer.concat(parts)),
      cuts: fc.array(fc.nat(400), { maxLength: 10 }),
    })
  })
  .map(({ values, text, cuts }) => {
    const edges = [0, ...cuts.map(cut => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
    return { values, text, chunks: edges.slice(1).map((edge, index) => text.subarray(edges[index], edge)) }
  })

/** Labels become a byte that no form holds, so that what stands around them can't join into one. */
const withoutLabels = (text: Buffer) =>
  Buffer.from(text.toString('latin1').replaceAll(/\[secret s\d\]/g, '\u00fe'), 'latin1')

describe('Redactor', () => {
  test('never lets any form of a secret out, however the stream is cut', () => {
    fc.assert(
      fc.property(scene, ({ values, chunks }) => {
        const search = new NeedleSearch(needlesOf(values))
        const stream = new Redactor(values).stream()
        const out = Buffer.concat([...chunks.map(chunk => stream.push(chunk)), stream.flush()])
        assert.deepEqual(search.find(withoutLabels(out)), [])
      }),
      { numRuns: 600 },
    )
  })

  test('gives the same bytes for every way to cut the stream, line breaks inside a form aside', () => {
    fc.assert(
      fc.property(
        scene.filter(({ text }) => !/[\s\\]/.test(text.toString('latin1'))),
        ({ values, text, chunks }) => {
          const redactor = new Redactor(values)
          const [whole, cut] = [redactor.stream(), redactor.stream()]
          const expected = Buffer.concat([whole.push(text), whole.flush()])
          const actual = Buffer.concat([...chunks.map(chunk => cut.push(chunk)), cut.flush()])
          assert.equal(actual.toString('latin1'), expected.toString('latin1'))
        },
      ),
      { numRuns: 600 },
    )
  })

  test('leaves every byte that is not part of a secret as it was', () => {
    const value = randomBytes(24).toString('base64url')
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 }), chunks => {
        const stream = new Redactor([{ name: 'it', value }]).stream()
        const out = Buffer.concat([...chunks.map(chunk => stream.push(chunk)), stream.flush()])
        assert.deepEqual(out, Buffer.concat(chunks))
      }),
      { numRuns: 300 },
    )
  })

  test('replaces each occurrence in each form by the name, and nothing around it', () => {
    const value = 'q'.concat(randomBytes(16).toString('hex'))
    for (const { name, bytes } of formsOf({ name: 'it', value }).forms) {
      const text = Buffer.concat([Buffer.from('<<'), bytes, Buffer.from('>>\n<<'), bytes, Buffer.from('>>')])
      const stream = new Redactor([{ name: 'it', value }]).stream()
      const out = [...text].map(byte => stream.push(Buffer.of(byte)))
      out.push(stream.flush())
      assert.equal(Buffer.concat(out).toString('latin1'), '<<[secret it]>>\n<<[secret it]>>', name)
    }
  })

  test('shows a line at once unless its end may be the start of a secret', () => {
    const value = `zq${randomBytes(16).toString('hex')}`
    const stream = new Redactor([{ name: 'it', value }]).stream()
    assert.equal(stream.push(Buffer.from('a line\n')).toString(), 'a line\n')
    // base64 of a value that starts with z starts with e
    assert.equal(stream.push(Buffer.from('one\n')).toString(), 'one\n')
    assert.equal(stream.push(Buffer.from(`token=${value.slice(0, 20)}`)).toString(), 'token=')
    assert.equal(stream.push(Buffer.from(`${value.slice(20)} done\n`)).toString(), '[secret it] done\n')
  })

  test('masks base64 that was wrapped, wherever the line and the stream are cut', () => {
    const value = randomBytes(40).toString('hex')
    const encoded = Buffer.from(value).toString('base64').slice(0, -4)
    for (const lineEnd of ['\n', '\r\n', '\\n']) {
      for (let broken = 1; broken < encoded.length; broken++) {
        const text = Buffer.from(`<${encoded.slice(0, broken)}${lineEnd}${encoded.slice(broken)}`)
        const stream = new Redactor([{ name: 'it', value }]).stream()
        const chunks = [text.subarray(0, broken + 1), text.subarray(broken + 1, broken + 3), text.subarray(broken + 3)]
        const out = Buffer.concat([...chunks.map(chunk => stream.push(chunk)), stream.flush()]).toString()
        assert.match(out, /^<.{0,3}(\s|\\n)*\[secret it\].{0,3}$/s, `${JSON.stringify(lineEnd)} after ${broken}`)
      }
    }
  })

  test('still masks the rest of a secret whose first bytes were flushed', () => {
    const value = `zq${randomBytes(16).toString('hex')}`
    const stream = new Redactor([{ name: 'it', value }]).stream()
    const out = [
      stream.push(Buffer.from(value.slice(0, 3))),
      stream.flush(),
      stream.push(Buffer.from(`${value.slice(3)}.`)),
    ]
    assert.equal(Buffer.concat(out).toString(), `${value.slice(0, 3)}[secret it].`)
  })

  test('masks a secret that the stream ends in the middle of', () => {
    const value = `zq${randomBytes(16).toString('hex')}`
    const stream = new Redactor([{ name: 'it', value }]).stream()
    const out = [stream.push(Buffer.from(`x=${value.slice(0, 30)}`)), stream.flush()]
    assert.equal(Buffer.concat(out).toString(), 'x=[secret it]')
    assert.equal(stream.push(Buffer.from(`${value.slice(30)};`)).toString(), ';')
    assert.equal(new Redactor([{ name: 'it', value }]).redactText(`x=${value.slice(0, 30)}`), 'x=[secret it]')
  })

  test('masks a secret that is learned while the stream runs', () => {
    const redactor = new Redactor()
    const stream = redactor.stream()
    const value = randomBytes(20).toString('hex')
    assert.equal(stream.push(Buffer.from(`before ${value}\n`)).toString(), `before ${value}\n`)
    redactor.add({ name: 'lease', value })
    assert.equal(stream.push(Buffer.from(`after ${value}\n`)).toString(), 'after [secret lease]\n')
  })

  test('masks the same whether all secrets were known before, or one after the other while texts went through', () => {
    fc.assert(
      fc.property(scene, ({ values, text }) => {
        const grown = new Redactor()
        for (const value of values) {
          grown.add(value)
          grown.redactText(text.toString())
        }
        assert.equal(grown.redactText(text.toString()), new Redactor(values).redactText(text.toString()))
      }),
      { numRuns: 100 },
    )
  })

  test('masks a form across line breaks once a secret is known in which it wraps, under the name that it had', () => {
    const value = randomBytes(24).toString('hex')
    const encoded = Buffer.from(value).toString('base64')
    const redactor = new Redactor([{ name: 'encoded', value: encoded }])
    const wrapped = `<${encoded.slice(0, 30)}\n${encoded.slice(30)}>`
    assert.notEqual(redactor.redactText(wrapped), '<[secret encoded]>')
    redactor.add({ name: 'plain', value })
    assert.equal(redactor.redactText(wrapped), '<[secret encoded]>')
    assert.equal(redactor.redactText(`<${encoded}>`), '<[secret encoded]>')
  })

  test('names both secrets when they overlap, and the longer when one starts the other', () => {
    const [head, middle, tail] = [8, 9, 10].map(length => randomBytes(length).toString('hex'))
    const overlap = new Redactor([
      { name: 'a', value: `${head}${middle}` },
      { name: 'b', value: `${middle}${tail}` },
    ])
    assert.equal(overlap.redactText(`(${head}${middle}${tail})`), '([secret a][secret b])')
    const nested = new Redactor([
      { name: 'short', value: `${head}` },
      { name: 'long', value: `${head}${tail}` },
    ])
    assert.equal(nested.redactText(`(${head}${tail}) (${head})`), '([secret long]) ([secret short])')
  })

  test('keeps little in memory while a secret of one repeated letter goes on for ever', () => {
    const stream = new Redactor([{ name: 'it', value: 'aaaaaaaaaaaa' }]).stream()
    const out: Buffer[] = []
    for (let index = 0; index < 2000; index++) out.push(stream.push(Buffer.from('aaaaaaa')))
    out.push(stream.push(Buffer.from('.')), stream.flush())
    assert.equal(Buffer.concat(out).toString(), '[secret it].')
  })

  test('gives a text without a secret back as it is, lone surrogates included', () => {
    const redactor = new Redactor([{ name: 'it', value: randomBytes(12).toString('hex') }])
    for (const text of ['', 'plain', '\ud800 broken', 'äöü 😀']) assert.equal(redactor.redactText(text), text)
  })
})
