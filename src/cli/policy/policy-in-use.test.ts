import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { RunproofError } from '../../model/error.ts'
import { exitCodeOf } from '../exit-code.ts'
import { policyInUse } from './policy-in-use.ts'

const root = mkdtempSync(path.join(tmpdir(), 'runproof-policy-'))
after(() => rmSync(root, { recursive: true, force: true }))

const deep = path.join(root, 'a', 'b')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const policyOf = (id: string, more: object = {}) =>
  JSON.stringify({ schema: 'runproof-policy-1', rules: [{ id, verdict: 'deny', reason: 'a test', ...more }] })

function put(name: string, text: string): string {
  const file = path.join(root, name)
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

function refusal(named: string | undefined): RunproofError {
  try {
    policyInUse(named, deep)
  } catch (thrown) {
    assert.ok(thrown instanceof RunproofError, String(thrown))
    return thrown
  }
  assert.fail('it was taken')
}

beforeEach(() => {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(deep, { recursive: true, mode: 0o700 })
})

describe('the policy in use', () => {
  test('is none where there is none, and evidence then says nothing of any', () => {
    assert.deepEqual(policyInUse(undefined, deep), { rules: [], facts: {} })
  })

  test('is the one that was named: it may loosen, and its digest is on record', () => {
    const { rules, facts } = policyInUse(put('named.json', policyOf('one')), deep)
    assert.deepEqual(
      [rules.map(({ id, mayLoosen }) => [id, mayLoosen]), facts],
      [[['one', true]], { 'policy.sha256': sha256(policyOf('one')) }],
    )
  })

  test('is the one that the configuration above names, from where that lies: it may not loosen', () => {
    put('runproof.config.json', '{"docs": {}, "policy": "own.json"}')
    put('own.json', policyOf('own'))
    const { rules, facts } = policyInUse(undefined, deep)
    assert.deepEqual(
      [rules.map(({ id, mayLoosen }) => [id, mayLoosen]), facts],
      [[['own', false]], { 'policy.sha256': sha256(policyOf('own')) }],
    )
  })

  test('is both of them, each with its own right and digest', () => {
    put('runproof.config.json', '{"policy": "own.json"}')
    put('own.json', policyOf('own'))
    const { rules, facts } = policyInUse(put('named.json', policyOf('one')), deep)
    assert.deepEqual(
      rules.map(({ id, mayLoosen }) => [id, mayLoosen]),
      [
        ['one', true],
        ['own', false],
      ],
    )
    assert.deepEqual(facts, {
      'policy.sha256': sha256(policyOf('one')),
      'policy.configured.sha256': sha256(policyOf('own')),
    })
  })

  test('counts once as the one that was named when it was found, too, by its place or as a copy', () => {
    put('runproof.config.json', '{"policy": "own.json"}')
    const own = put('own.json', policyOf('own'))
    for (const named of [own, '../../own.json', put('copy.json', policyOf('own'))])
      assert.deepEqual(
        policyInUse(named, deep).rules.map(({ id, mayLoosen }) => [id, mayLoosen]),
        [['own', true]],
      )
  })

  test('is none where a configuration is of other things', () => {
    put('runproof.config.json', '{"docs": {}}')
    assert.deepEqual(policyInUse(undefined, deep).rules, [])
  })
})

describe('a policy that is not to be used', () => {
  test('is refused with file, line, rule and member before anything runs', () => {
    const error = refusal(put('named.json', policyOf('one', { verdict: 'dney', effects: ['x'] })))
    assert.deepEqual([error.code, exitCodeOf(error)], ['POLICY_INVALID', 3])
    assert.match(error.message, /named\.json:1: one: verdict: it is none of allow, ask, deny \(and 1 more\)$/)
    assert.match(error.hint!, /^runproof policy check .*named\.json$/)
  })

  test('is refused when it was found, too, and when it is empty', () => {
    put('runproof.config.json', '{"policy": "own.json"}')
    put('own.json', '{"schema": "runproof-policy-1", "rules": []}')
    assert.match(refusal(undefined).message, /own\.json:1: rules: there are no rules/)
  })

  test('is refused when the file that was named cannot be read, as a usage error', () => {
    for (const named of ['nowhere.json', root, '/dev/null', 'a\0b']) {
      const error = refusal(named)
      assert.deepEqual([error.code, exitCodeOf(error)], ['USAGE', 2], named)
    }
  })

  test('is refused when a configuration names one that is not there', () => {
    put('runproof.config.json', '{"policy": "own.json"}')
    assert.equal(refusal(undefined).code, 'FILE_UNREADABLE')
  })

  test('is refused when another file has a rule of the same name', () => {
    put('runproof.config.json', '{"policy": "own.json"}')
    put('own.json', policyOf('one'))
    const error = refusal(put('named.json', policyOf('one', { verdict: 'ask' })))
    assert.equal(error.code, 'POLICY_INVALID')
    assert.match(error.message, /both have a rule one$/)
  })

  for (const [what, config] of [
    ['a mistyped member', '{"polcy": "own.json"}'],
    ['a list', '[]'],
    ['no JSON', '{'],
    ['a policy that is no path', '{"policy": {"rules": []}}'],
    ['an empty path', '{"policy": " "}'],
  ] as const) {
    test(`is not passed over for ${what} in the configuration`, () => {
      put('runproof.config.json', config)
      assert.equal(refusal(undefined).code, 'CONFIG_INVALID')
    })
  }

  test('is refused when others can write what was found: the configuration, the policy, or its directory', () => {
    const config = put('runproof.config.json', '{"policy": "sub/own.json"}')
    mkdirSync(path.join(root, 'sub'), { mode: 0o700 })
    const own = put('sub/own.json', policyOf('own'))
    for (const place of [config, own, path.dirname(own)]) {
      chmodSync(place, 0o777)
      const error = refusal(undefined)
      assert.deepEqual(
        [error.code, error.message.endsWith('can be written by others than its owner')],
        ['CONFIG_INVALID', true],
      )
      chmodSync(place, place === path.dirname(own) ? 0o700 : 0o600)
    }
    assert.equal(policyInUse(undefined, deep).rules.length, 1)
    chmodSync(own, 0o666)
    assert.equal(policyInUse(own, deep).rules.length, 1, 'whoever names it has chosen it')
  })

  test('is refused when what was found leads to a file that others can write', () => {
    put('runproof.config.json', '{"policy": "own.json"}')
    chmodSync(put('theirs.json', policyOf('own')), 0o666)
    symlinkSync('theirs.json', path.join(root, 'own.json'))
    assert.equal(refusal(undefined).code, 'CONFIG_INVALID')
  })
})
