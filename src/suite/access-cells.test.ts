import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { edge } from '../targets/kheish/edge.ts'
import { CELLS, expectedOf, nameOf, refusedBy } from './access-cells.ts'

const { refusals, refusalsPerMinute } = edge

describe('the matrix of tokens, requests and origins', () => {
  test('has every combination once', () => {
    assert.equal(CELLS.length, 4 * 3 * 4)
    assert.equal(new Set(CELLS.map(nameOf)).size, CELLS.length)
  })

  test('stays below what the limiter allows, also asked both ways within a minute', () => {
    const direct: Readonly<Record<string, number>> = refusedBy(CELLS, 'direct', refusals)
    const through: Readonly<Record<string, number>> = refusedBy(CELLS, 'edge', refusals)
    for (const [code, count] of Object.entries(direct)) assert.ok(count + through[code]! < refusalsPerMinute, code)
    assert.deepEqual(direct, { missing_token: 6, invalid_token: 6, insufficient_access: 4, origin_not_allowed: 24 })
    assert.deepEqual(through, { missing_token: 9, invalid_token: 9, insufficient_access: 6, origin_not_allowed: 12 })
  })

  test('expects refusals by the origin before those by the token', () => {
    const of = (token: 'none' | 'wrong' | 'readonly' | 'admin', operation: 'read' | 'write' | 'secret') =>
      (['none', 'loopback', 'foreign', 'public'] as const).map(origin => {
        const cell = { token, operation, origin }
        return (['direct', 'edge'] as const).map(way => expectedOf(cell, way, refusals).status)
      })
    const foreign = [403, 403]
    assert.deepEqual(of('none', 'read'), [[401, 401], [401, 401], foreign, [403, 401]])
    assert.deepEqual(of('readonly', 'read'), [[200, 200], [200, 200], foreign, [403, 200]])
    assert.deepEqual(of('readonly', 'secret'), [[403, 403], [403, 403], foreign, [403, 403]])
    assert.deepEqual(of('admin', 'write'), [[200, 200], [200, 200], foreign, [403, 200]])
  })
})
