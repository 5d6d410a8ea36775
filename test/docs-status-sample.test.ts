import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Site } from '../fixtures/kheish-daemon/server/testing/daemon-process.ts'
import { mismatch } from '../src/contract/match.ts'
import type { Shape } from '../src/model/contract.ts'
import { STATUS } from '../src/targets/kheish/contract/shapes.ts'

const FILE = fileURLToPath(new URL('../fixtures/samples/kheish-daemon/status.json', import.meta.url))
const SAMPLE = JSON.parse(readFileSync(FILE, 'utf8'))

/** Every member of a document as a path; the items of a list together. */
function members(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(item => members(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [`${path}.${name}`, ...members(inner, `${path}.${name}`)])
}

/** The same of a shape, with the members that may be absent. */
function shapeMembers(shape: Shape, path = ''): readonly string[] {
  if (typeof shape !== 'object' || shape instanceof RegExp) return []
  if ('listOf' in shape) return shapeMembers(shape.listOf, `${path}[]`)
  if (!('members' in shape)) return []
  return Object.entries(shape.members).flatMap(([name, inner]) => {
    const below = `${path}.${name.replace(/\?$/, '')}`
    return [below, ...shapeMembers(inner, below)]
  })
}

describe('the sample of a status that pages are checked with', () => {
  const known = new Set(members(SAMPLE))

  test('has the shape of the contract, with everything that may be absent', () => {
    assert.equal(mismatch(SAMPLE, STATUS), undefined)
    assert.deepEqual(
      shapeMembers(STATUS).filter(path => !known.has(path)),
      [],
    )
  })

  test('has every member that the stand-in answers', async () => {
    using site = new Site()
    await using daemon = await site.serve([...site.tokens])
    const answered = members(await daemon.status(site.readOnly))
    assert.ok(answered.includes('.health.ok') && answered.length > 100)
    assert.deepEqual(
      answered.filter(path => !known.has(path)),
      [],
    )
  })

  test('has no paths of a machine and nothing that reads as a secret', () => {
    const text = readFileSync(FILE, 'utf8')
    assert.doesNotMatch(text, /\/(?:home|root|Users|tmp|work)\//)
    assert.doesNotMatch(text, /"(?=[^"]*\d)[A-Za-z\d+/_-]{20,}"(?!:)/)
  })
})
