import { before, describe, test } from 'node:test'

// One of everything that Node's runner tells apart, for the tests of our own count: 4 pass, 5 fail, 5 are skipped.
describe('outer', () => {
  describe('inner', () => {
    test('passes', () => {})
    test('fails', () => {
      throw new Error('planted failure')
    })
  })
  test('is skipped', { skip: 'no such tool' }, () => {})
})

describe('a skipped suite', { skip: 'not on this machine' }, () => {
  test('is never listed', () => {})
})
describe.skip('a suite skipped without a reason', () => {
  test('is never listed', () => {})
})

test('parent that passes', async t => {
  await t.test('subtest', () => {})
  await t.test('skips itself', t => t.skip('decided late'))
})
test('parent that fails by its subtest', async t => {
  await t.test('subtest fails', () => {
    throw new Error('planted failure below')
  })
})

test.todo('is still to do')

describe('a suite whose hook fails', () => {
  before(() => {
    throw new Error('planted hook')
  })
  test('is cancelled', () => {})
})

test('passes too', () => {})
test('skips last', { skip: true }, () => {})
