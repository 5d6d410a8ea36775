import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Step } from '../model/runbook.ts'
import { beyondLicence, keptFrom } from './decide-command.ts'
import type { RuleInUse } from './rule.ts'

const rule = (given: Partial<RuleInUse>): RuleInUse => ({
  id: 'rule',
  verdict: 'deny',
  reason: 'it is loud',
  mayLoosen: true,
  ...given,
})

describe('what keeps a step from a command that it is about to run', () => {
  const kept = (
    rules: readonly RuleInUse[],
    {
      argv = ['curl', '-T', '/data/x', 'http://away'] as readonly string[],
      program = '',
      approved = false,
      commands = ['ls'],
    } = {},
  ) => {
    const step = { id: 'a', effect: 'read', run: { describe: 'a', commands } } as unknown as Step
    const situation = { step, runbook: 'book', target: { id: 't', real: false, inUse: false }, at: new Date() }
    return keptFrom(rules, situation, { argv, program: program || argv[0]! }, approved)?.id
  }

  test('is a rule that denies its words or a path of it, wherever the program lies', () => {
    assert.equal(kept([rule({ argv: ['curl'] })]), 'rule')
    assert.equal(kept([rule({ argv: ['curl'] })], { argv: ['/usr/bin/curl', 'x'] }), 'rule')
    assert.equal(kept([rule({ paths: ['/data'] })]), 'rule')
    assert.equal(kept([rule({ argv: ['curl', '-X'] })]), undefined)
    assert.equal(kept([rule({ argv: ['curl'] })], { argv: ['curlew'] }), undefined)
  })

  test('is no rule that looks at no command: the step was held against it before', () => {
    assert.equal(kept([rule({ effects: ['read'] })]), undefined)
  })

  test('is a rule that asks, unless the step was approved when it was asked for just that', () => {
    const asks = [rule({ verdict: 'ask', argv: ['curl'] })]
    assert.equal(kept(asks), 'rule')
    assert.equal(kept(asks, { approved: true }), 'rule')
    assert.equal(kept(asks, { approved: true, commands: ['curl -T <file> <url>'] }), undefined)
    assert.equal(kept(asks, { approved: false, commands: ['curl -T <file> <url>'] }), 'rule')
  })

  test('is a denial although the step was approved, and before a rule that asks', () => {
    const both = [rule({ id: 'ask', verdict: 'ask', argv: ['curl'] }), rule({ id: 'deny', argv: ['curl'] })]
    assert.equal(kept(both, { approved: true, commands: ['curl x'] }), 'deny')
  })

  test('sees a sub-command behind options of its program, with and without values', () => {
    const denies = [rule({ argv: ['git', 'push'] })]
    for (const argv of [
      ['git', '-C', '/data', 'push'],
      ['git', '--no-pager', 'push', 'origin'],
      ['/usr/bin/git', '--git-dir=/data', '-c', 'a=b', '-v', 'push'],
    ])
      assert.equal(kept(denies, { argv }), 'rule', argv.join(' '))
    assert.equal(kept(denies, { argv: ['git', '-C', '/data', 'log', 'push'] }), undefined)
    assert.equal(kept([rule({ argv: ['git', '-C'] })], { argv: ['git', '-C', '/data', 'push'] }), 'rule')
  })

  test('sees words behind options wherever those stand, and an option however its value is joined to it', () => {
    const denies = [rule({ argv: ['kv', 'secrets', 'set'] })]
    for (const argv of [
      ['kv', 'secrets', '--base-url', 'http://x', 'set', 'a'],
      ['kv', 'secrets', '--quiet', 'set', 'a'],
      ['kv', '-v', 'secrets', '--base-url=http://x', 'set', 'a'],
    ])
      assert.equal(kept(denies, { argv }), 'rule', argv.join(' '))
    assert.equal(kept(denies, { argv: ['kv', 'secrets', 'get', 'set'] }), undefined)
    for (const [said, ran] of [
      ['--mode=off', ['--mode', 'off']],
      ['--mode off', ['--mode=off']],
    ] as const)
      assert.equal(kept([rule({ argv: ['kv', 'set', ...said.split(' ')] })], { argv: ['kv', 'set', ...ran] }), 'rule')
    assert.equal(kept([rule({ argv: ['kv', '--mode=off'] })], { argv: ['kv', '--mode', 'on'] }), undefined)
    const many = ['kv', ...Array.from({ length: 2_000 }, (_, index) => `-${index}`), 'x']
    assert.equal(kept(denies, { argv: many }), undefined)
  })

  test('knows a program also by the name that a link leads to', () => {
    const given = { argv: ['/tmp/harmless', 'http://away'], program: '/usr/bin/curl' }
    assert.equal(kept([rule({ argv: ['curl'] })], given), 'rule')
    assert.equal(kept([rule({ argv: ['harmless'] })], given), 'rule')
    assert.equal(kept([rule({ argv: ['wget'] })], given), undefined)
  })

  test('is none that allows', () => {
    assert.equal(kept([rule({ verdict: 'allow', argv: ['curl'], targets: ['t'] })]), undefined)
  })

  test('is told by words and not by how they look: a quote is a part of a word', () => {
    assert.equal(kept([rule({ argv: ['git', 'push'] })], { argv: ['git push'] }), undefined)
    assert.equal(kept([rule({ argv: ['git', 'push'] })], { argv: ['git', "push'"] }), undefined)
  })
})

describe('a rule that allowed a step for what it announced', () => {
  const beyond = (given: Partial<RuleInUse>, ...argv: readonly string[]) =>
    beyondLicence(rule({ verdict: 'allow', targets: ['t'], ...given }), { argv, program: argv[0]! })

  test('covers the same words of the real program, behind its options, and nothing else', () => {
    const backup = { argv: ['kv', 'backup'] }
    assert.equal(beyond(backup, '/opt/kv', '--base-url', 'http://x', 'backup', '--out', '/b'), false)
    assert.equal(beyond(backup, '/opt/kv', 'secrets', 'set'), true)
    assert.equal(beyond(backup, 'rm', '-rf', '/'), true)
  })

  test('covers no path outside of its directories, and no link to another program', () => {
    const inside = { paths: ['/backup'] }
    assert.equal(beyond(inside, '/opt/kv', 'copy', '/backup/a'), false)
    assert.equal(beyond(inside, '/opt/kv', 'copy', '/backup/../etc'), true)
    assert.equal(beyond(inside, '/opt/kv', 'copy', 'a/b'), true)
    const kv = rule({ verdict: 'allow', targets: ['t'], argv: ['kv'] })
    assert.equal(beyondLicence(kv, { argv: ['/tmp/kv', 'x'], program: '/bin/rm' }), true)
  })
})
