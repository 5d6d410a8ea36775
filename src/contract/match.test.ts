import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../model/check.ts'
import type { Shape } from '../model/contract.ts'
import { mismatch, requiredMembers } from './match.ts'

describe('the shape of an answer', () => {
  const fits: readonly (readonly [Json, Shape])[] = [
    ['x', 'text'],
    [0, 'count'],
    [0.5, 'number'],
    [false, 'flag'],
    [null, 'any'],
    ['run-7', /^run-\d+$/],
    [[], { is: [] }],
    ['b', { oneOf: ['a', 'b'] }],
    [[1, 2], { listOf: 'count' }],
    [[], { listOf: 'any' }],
    [{ a: 1, more: 2 }, { members: { a: 'count', 'b?': 'text' } }],
  ]
  for (const [value, shape] of fits)
    test(`${JSON.stringify(value)} fits`, () => assert.equal(mismatch(value, shape), undefined))

  const differs: readonly (readonly [Json, Shape, RegExp])[] = [
    [1, 'text', /^the answer should be text, it is 1$/],
    [-1, 'count', /a whole number, it is -1/],
    [1.5, 'count', /a whole number/],
    ['1', 'number', /a number/],
    [0, 'flag', /true or false/],
    ['x-7', /^run-\d+$/, /like/],
    [[1], { is: [] }, /should be \[\]/],
    ['c', { oneOf: ['a', 'b'] }, /one of \["a","b"\]/],
    [[1, 'x'], { listOf: 'count' }, /^the answer\[1\] should be a whole number/],
    [{}, { listOf: 'count' }, /a list/],
    [[], { listOf: 'count' }, /should be a list of at least one, it is \[\]$/],
    [[], { members: {} }, /an object/],
    [null, { members: {} }, /an object/],
    [
      { a: { b: 1 } },
      { members: { a: { members: { b: 'count', c: 'text' } } } },
      /^the answer\.a\.c should be text, it is missing$/,
    ],
    [{ a: 1 }, { members: { 'a?': 'text' } }, /^the answer\.a should be text/],
    [{}, { members: { a: 'any' } }, /the answer\.a should be there, it is missing/],
  ]
  for (const [value, shape, why] of differs)
    test(`${JSON.stringify(value)} does not fit ${why}`, () => assert.match(mismatch(value, shape)!, why))

  test('names the members that must be there, inner ones after outer ones', () => {
    const shape: Shape = { members: { a: { members: { b: 'text', 'c?': 'text' } }, 'd?': { members: { e: 'text' } } } }
    assert.deepEqual(requiredMembers(shape), [['a'], ['a', 'b']])
    assert.deepEqual(requiredMembers({ listOf: shape }), [])
  })
})
