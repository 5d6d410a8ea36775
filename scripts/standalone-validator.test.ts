import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Type } from 'typebox'
import { generateValidator } from './standalone-validator.ts'

const root = path.resolve(import.meta.dirname, '..')

const schema = Type.Object(
  {
    name: Type.String({ minLength: 2, maxLength: 3 }),
    at: Type.Optional(Type.String({ format: 'date-time' })),
    tags: Type.Array(Type.Object({ id: Type.String() }, { additionalProperties: false }), { uniqueItems: true }),
    extra: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'urn:runproof:schema:planted-1', additionalProperties: false },
)

describe('generateValidator', async () => {
  // Below the checkout, so that the module finds ajv's run-time functions as the committed ones do.
  const scratch = mkdtempSync(path.join(root, 'node_modules/.validator-'))
  after(() => rmSync(scratch, { recursive: true }))
  const made = generateValidator({ name: 'planted-1', schema, type: 'Planted', typeModule: '../schema.ts' })
  const file = path.join(scratch, 'planted-1.mjs')
  writeFileSync(file, made.module)
  const { default: validate } = await import(pathToFileURL(file).href)
  const valid = { name: 'ab', at: '2026-01-02T03:04:05Z', tags: [{ id: 'x' }, { id: 'y' }], extra: { any: [1] } }

  test('accepts a valid document', () => assert.equal(validate(valid), true))

  const cases = [
    ['a member nobody declared', { ...valid, other: 1 }],
    ['a missing member', { ...valid, name: undefined }],
    ['an instant that is none', { ...valid, at: 'yesterday' }],
    ['repeated items', { ...valid, tags: [{ id: 'x' }, { id: 'x' }] }],
    ['a text that is too long in code points', { ...valid, name: 'abcd' }],
    ['another type', { ...valid, extra: [] }],
  ] as const
  for (const [title, document] of cases) {
    test(`refuses ${title}`, () => {
      assert.equal(validate(JSON.parse(JSON.stringify(document))), false)
      assert.ok(validate.errors.length > 0)
    })
  }

  test('counts code points, not code units', () =>
    assert.equal(validate({ ...valid, name: '\u{1f600}'.repeat(3) }), true))

  test('publishes the schema with its draft and id', () => {
    const published = JSON.parse(made.schema)
    assert.equal(published.$schema, 'https://json-schema.org/draft/2020-12/schema')
    assert.equal(published.$id, 'urn:runproof:schema:planted-1')
  })

  test('loads no compiler', () => {
    const script = `await import(${JSON.stringify(file)}); const { createRequire } = await import('node:module')
      process.stdout.write(Object.keys(createRequire(import.meta.url).cache).join('\\n'))`
    const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    assert.match(loaded, /ajv\/dist\/runtime\//)
    assert.doesNotMatch(loaded, /ajv\/dist\/(compile|core|2020|ajv)|typebox/)
  })

  test('refuses a schema with a keyword that means nothing', () => {
    const wrong = { type: 'object', propertees: {} }
    assert.throws(() => generateValidator({ name: 'x', schema: wrong, type: 'X', typeModule: './x.ts' }), /strict mode/)
  })
})
