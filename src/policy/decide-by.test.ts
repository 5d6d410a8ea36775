import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { explainBy } from './decide.ts'
import type { Situation } from './match-rule.ts'
import type { RuleInUse } from './rule.ts'

const PROD = { id: 'prod', real: true, inUse: false }
const STAND_IN = { id: 'stand-in', real: false, inUse: false }
/** A Sunday; in Berlin the clocks went from 02:00 to 03:00 that night. */
const SPRING = '2026-03-29'
/** A Sunday; in Berlin 02:00 to 03:00 came twice that night. */
const AUTUMN = '2026-10-25'

interface Given {
  readonly effect?: string
  readonly commands?: readonly string[] | undefined
  readonly undo?: readonly string[]
  readonly target?: Situation['target']
  readonly role?: string
  readonly at?: string
}

function situation({ effect = 'write', commands, undo, target = PROD, role, at = '2026-11-18T12:00:00Z' }: Given) {
  const run = { describe: 'acts', execute: async () => {}, ...(commands === undefined ? {} : { commands }) }
  const step = { id: 'set', effect, run, role, ...(undo === undefined ? {} : { undo: { commands: undo } }) }
  return { step, runbook: 'rotate', target, at: new Date(at) } as Situation
}

const rule = (given: Partial<RuleInUse>): RuleInUse => ({
  id: given.verdict ?? 'deny',
  verdict: 'deny',
  reason: 'a test',
  mayLoosen: true,
  ...given,
})
const deny = (given: Partial<RuleInUse> = {}) => rule({ verdict: 'deny', ...given })
const ask = (given: Partial<RuleInUse> = {}) => rule({ verdict: 'ask', ...given })
const allow = (given: Partial<RuleInUse> = {}) => rule({ verdict: 'allow', targets: ['prod'], ...given })
const berlin = (days: readonly string[], from: number, to: number) =>
  ({ zone: 'Europe/Berlin', days, fromMinute: from * 60, toMinute: to * 60 }) as NonNullable<RuleInUse['window']>

const SET = ['kheish-daemon secrets set a --stdin']
const PUSH = ['git push origin']

type Case = readonly [title: string, rules: readonly RuleInUse[], given: Given, verdict: string, by: string]

const cases: readonly Case[] = [
  // what decides
  ['no rule leaves it to the default policy', [], {}, 'ask', 'default.write'],
  ['a rule without conditions is for every step', [deny()], {}, 'deny', 'policy.deny'],
  ['a deny stops a read', [deny()], { effect: 'read' }, 'deny', 'policy.deny'],
  ['a deny stops what a stand-in allows', [deny()], { target: STAND_IN }, 'deny', 'policy.deny'],
  ['an ask asks where a stand-in allows', [ask()], { target: STAND_IN }, 'ask', 'policy.ask'],
  ['an ask asks before a read', [ask()], { effect: 'read' }, 'ask', 'policy.ask'],
  ['deny goes before ask', [ask(), deny()], {}, 'deny', 'policy.deny'],
  ['deny goes before allow', [allow(), deny()], {}, 'deny', 'policy.deny'],
  ['ask goes before allow', [allow(), ask()], {}, 'ask', 'policy.ask'],
  ['a typed word goes before a yes', [ask({ id: 'a' }), ask({ id: 'b', confirm: 'w' })], {}, 'ask', 'policy.b'],
  ['equals are told apart by name', [deny({ id: 'b' }), deny({ id: 'a' })], {}, 'deny', 'policy.a'],
  ['an effect that nobody knows stays denied by default', [allow()], { effect: 'burn' }, 'deny', 'default.none'],
  // what may loosen
  ['an allow that names the target lets a write go', [allow()], {}, 'allow', 'policy.allow'],
  ['an allow of another target does not', [allow({ targets: ['qa'] })], {}, 'ask', 'default.write'],
  ['a target is a whole name', [allow({ targets: ['pro'] })], {}, 'ask', 'default.write'],
  ['an allow without targets does not', [rule({ verdict: 'allow' })], {}, 'ask', 'default.write'],
  ['a found allow does not', [allow({ mayLoosen: false })], {}, 'ask', 'default.write'],
  ['a found ask tightens', [ask({ mayLoosen: false })], { effect: 'read' }, 'ask', 'policy.ask'],
  ['a found deny tightens', [deny({ mayLoosen: false })], {}, 'deny', 'policy.deny'],
  ['a destroy is not allowed unless it is named', [allow()], { effect: 'destroy' }, 'ask', 'default.destroy'],
  ['a destroy that is named is', [allow({ effects: ['destroy'] })], { effect: 'destroy' }, 'allow', 'policy.allow'],
  // effects, runbooks, steps, roles
  ['an effect', [deny({ effects: ['write'] })], {}, 'deny', 'policy.deny'],
  ['another effect', [deny({ effects: ['destroy', 'read'] })], {}, 'ask', 'default.write'],
  ['a runbook', [deny({ runbooks: ['rotate'] })], {}, 'deny', 'policy.deny'],
  ['another runbook', [deny({ runbooks: ['rotate-all'] })], {}, 'ask', 'default.write'],
  ['a step', [deny({ steps: ['get', 'set'] })], {}, 'deny', 'policy.deny'],
  ['a step of another runbook', [deny({ steps: ['set'], runbooks: ['backup'] })], {}, 'ask', 'default.write'],
  ['the role of the step', [deny({ roles: ['comms'] })], { role: 'comms' }, 'deny', 'policy.deny'],
  ['a step without a role has none of them', [deny({ roles: ['comms'] })], {}, 'ask', 'default.write'],
  // words of commands
  ['the program', [deny({ argv: ['git'] })], { commands: PUSH }, 'deny', 'policy.deny'],
  [
    'a program whose name begins alike',
    [deny({ argv: ['git'] })],
    { commands: ['gitleaks x'] },
    'ask',
    'default.write',
  ],
  ['a program as a later word', [deny({ argv: ['git'] })], { commands: ['echo git'] }, 'ask', 'default.write'],
  [
    'a program in a directory, by its name',
    [deny({ argv: ['git'] })],
    { commands: ['/opt/git x'] },
    'deny',
    'policy.deny',
  ],
  ['an allow only where it was said', [allow({ argv: ['git'] })], { commands: ['/opt/git x'] }, 'ask', 'default.write'],
  ['the first words', [deny({ argv: ['git', 'push'] })], { commands: PUSH }, 'deny', 'policy.deny'],
  ['all of the words', [deny({ argv: ['git', 'push', 'origin'] })], { commands: PUSH }, 'deny', 'policy.deny'],
  [
    'more words than there are',
    [deny({ argv: ['git', 'push', 'origin', 'x'] })],
    { commands: PUSH },
    'ask',
    'default.write',
  ],
  ['another word', [deny({ argv: ['git', 'pull'] })], { commands: PUSH }, 'ask', 'default.write'],
  ['part of a word', [deny({ argv: ['git', 'pus'] })], { commands: PUSH }, 'ask', 'default.write'],
  ['any word', [deny({ argv: ['git', '*', 'origin'] })], { commands: PUSH }, 'deny', 'policy.deny'],
  ['any word is one', [deny({ argv: ['git', '*'] })], { commands: ['git'] }, 'ask', 'default.write'],
  [
    'quoted words are as they are run',
    [deny({ argv: ['git', 'push'] })],
    { commands: [`'git' "push"`] },
    'deny',
    'policy.deny',
  ],
  ['one word with a blank', [deny({ argv: ['git'] })], { commands: ["'git push'"] }, 'ask', 'default.write'],
  [
    'one of several commands is enough to deny',
    [deny({ argv: ['git'] })],
    { commands: [...SET, ...PUSH] },
    'deny',
    'policy.deny',
  ],
  [
    'what stands behind an operator is a command',
    [deny({ argv: ['git'] })],
    { commands: ['a|git x'] },
    'deny',
    'policy.deny',
  ],
  ['what would undo the step counts', [deny({ argv: ['git'] })], { commands: SET, undo: PUSH }, 'deny', 'policy.deny'],
  [
    'an allow needs all of the commands',
    [allow({ argv: ['git'] })],
    { commands: [...PUSH, ...SET] },
    'ask',
    'default.write',
  ],
  ['and has them', [allow({ argv: ['git', 'push'] })], { commands: [...PUSH, 'git push x'] }, 'allow', 'policy.allow'],
  [
    'a later word in a directory is another',
    [deny({ argv: ['x', 'git'] })],
    { commands: ['x /opt/git'] },
    'ask',
    'default.write',
  ],
  // not knowing
  [
    'a program that could be of that name',
    [deny({ argv: ['git'] })],
    { commands: ['/opt/<x> y'] },
    'deny',
    'policy.deny',
  ],
  ['a program that could not', [deny({ argv: ['git'] })], { commands: ['/opt/re<x> y'] }, 'ask', 'default.write'],
  ['a later word that could not', [deny({ argv: ['x', 'git'] })], { commands: ['x /opt/<y>'] }, 'ask', 'default.write'],
  ['no commands count for a deny', [deny({ argv: ['git'] })], {}, 'deny', 'policy.deny'],
  ['no commands count for an ask', [ask({ paths: ['/data'] })], {}, 'ask', 'policy.ask'],
  ['no commands do not for an allow', [allow({ argv: ['git'] })], {}, 'ask', 'default.write'],
  [
    'a placeholder may be the word',
    [deny({ argv: ['git', 'push'] })],
    { commands: ['git <verb>'] },
    'deny',
    'policy.deny',
  ],
  ['and may be another one', [allow({ argv: ['git', 'push'] })], { commands: ['git <verb>'] }, 'ask', 'default.write'],
  [
    'unless the rest of it does not fit',
    [deny({ argv: ['git', 'push'] })],
    { commands: ['git re<x>'] },
    'ask',
    'default.write',
  ],
  ['a placeholder is any word', [allow({ argv: ['git', '*'] })], { commands: ['git <verb>'] }, 'allow', 'policy.allow'],
  ['an announced end is not known', [deny({ argv: ['git', 'push'] })], { commands: ['git …'] }, 'deny', 'policy.deny'],
  [
    'what a shell would run is not known',
    [allow({ argv: ['git'] })],
    { commands: ['git $(x)'] },
    'ask',
    'default.write',
  ],
  ['and may be what is denied', [deny({ argv: ['git'] })], { commands: ['echo `x`'] }, 'deny', 'policy.deny'],
  // paths
  ['a path inside', [allow({ paths: ['/data'] })], { commands: ['cp /data/a /data/b/c'] }, 'allow', 'policy.allow'],
  ['the root itself', [allow({ paths: ['/data'] })], { commands: ['ls /data/'] }, 'allow', 'policy.allow'],
  ['one path outside', [allow({ paths: ['/data'] })], { commands: ['cp /data/a /etc/b'] }, 'ask', 'default.write'],
  [
    'one path inside is enough to deny',
    [deny({ paths: ['/etc'] })],
    { commands: ['cp /data/a /etc/b'] },
    'deny',
    'policy.deny',
  ],
  [
    'a neighbour whose name begins alike',
    [allow({ paths: ['/data'] })],
    { commands: ['ls /database'] },
    'ask',
    'default.write',
  ],
  ['a path that climbs out', [allow({ paths: ['/data'] })], { commands: ['ls /data/../etc'] }, 'ask', 'default.write'],
  ['a path that climbs in', [deny({ paths: ['/etc'] })], { commands: ['ls /data/../etc/x'] }, 'deny', 'policy.deny'],
  ['a path that stays', [allow({ paths: ['/data'] })], { commands: ['ls //data/a/../b'] }, 'allow', 'policy.allow'],
  ['a relative path', [allow({ paths: ['/data'] })], { commands: ['ls data/a'] }, 'ask', 'default.write'],
  ['the directory above', [allow({ paths: ['/data'] })], { commands: ['ls /data/a ..'] }, 'ask', 'default.write'],
  ['a home', [allow({ paths: ['/data'] })], { commands: ['ls /data/a ~/x'] }, 'ask', 'default.write'],
  [
    'the value of an option',
    [allow({ paths: ['/data'] })],
    { commands: ['a --out=/etc/x /data/y'] },
    'ask',
    'default.write',
  ],
  [
    'the value of a short option',
    [allow({ paths: ['/data'] })],
    { commands: ['a -o/etc/x /data/y'] },
    'ask',
    'default.write',
  ],
  ['where output goes', [allow({ paths: ['/data'] })], { commands: ['a /data/y >/etc/x'] }, 'ask', 'default.write'],
  [
    'where output goes, by a bare name',
    [allow({ paths: ['/data'] })],
    { commands: ['a /data/y > x'] },
    'ask',
    'default.write',
  ],
  [
    'a placeholder for a path',
    [allow({ paths: ['/data'] })],
    { commands: ['a /data/y <file>'] },
    'ask',
    'default.write',
  ],
  [
    'a placeholder that could climb',
    [allow({ paths: ['/data'] })],
    { commands: ['a /data/<id>'] },
    'ask',
    'default.write',
  ],
  [
    'a placeholder for a path, to a deny',
    [deny({ paths: ['/data'] })],
    { commands: ['a <file>'] },
    'deny',
    'policy.deny',
  ],
  [
    'an address is no path',
    [allow({ paths: ['/data'] })],
    { commands: ['a http://h/etc /data/y'] },
    'allow',
    'policy.allow',
  ],
  ['no path is none inside', [allow({ paths: ['/data'] })], { commands: ['status'] }, 'ask', 'default.write'],
  ['and none to deny', [deny({ paths: ['/data'] })], { commands: ['status'] }, 'ask', 'default.write'],
  [
    'a program is a path, too',
    [allow({ paths: ['/data'] })],
    { commands: ['/bin/cp /data/a /data/b'] },
    'ask',
    'default.write',
  ],
  ['the root of all', [allow({ paths: ['/'] })], { commands: ['ls /'] }, 'allow', 'policy.allow'],
  [
    'an option that is no path',
    [allow({ paths: ['/data'] })],
    { commands: ['cp -v --all /data/a'] },
    'allow',
    'policy.allow',
  ],
  ['where output goes, inside', [allow({ paths: ['/data'] })], { commands: ['a >/data/x'] }, 'allow', 'policy.allow'],
  [
    'output that goes where other output goes',
    [allow({ paths: ['/data'] })],
    { commands: ['a /data/x 2>&1'] },
    'allow',
    'policy.allow',
  ],
  ['a relative path, to a deny', [deny({ paths: ['/etc'] })], { commands: ['ls etc/x'] }, 'deny', 'policy.deny'],
  [
    'what only a shell can tell, to a deny',
    [deny({ paths: ['/etc'] })],
    { commands: ['ls $x'] },
    'deny',
    'policy.deny',
  ],
  // windows
  ['inside of a window', [deny({ window: berlin(['wed'], 9, 17) })], {}, 'deny', 'policy.deny'],
  [
    'its last minute',
    [deny({ window: berlin(['wed'], 9, 13) })],
    { at: '2026-11-18T11:59:59Z' },
    'deny',
    'policy.deny',
  ],
  ['the minute after it', [deny({ window: berlin(['wed'], 9, 13) })], {}, 'ask', 'default.write'],
  ['another day', [deny({ window: berlin(['thu'], 0, 24) })], {}, 'ask', 'default.write'],
  [
    'the day of the zone, not of UTC',
    [deny({ window: berlin(['thu'], 0, 1) })],
    { at: '2026-11-18T23:30:00Z' },
    'deny',
    'policy.deny',
  ],
  [
    'a night that began the day before',
    [deny({ window: berlin(['sun'], 22, 6) })],
    { at: '2026-11-16T04:00:00Z' },
    'deny',
    'policy.deny',
  ],
  [
    'a night that begins on another day',
    [deny({ window: berlin(['mon'], 22, 6) })],
    { at: '2026-11-16T04:00:00Z' },
    'ask',
    'default.write',
  ],
  [
    'the minute before clocks skip an hour',
    [deny({ window: berlin(['sun'], 1, 2) })],
    { at: `${SPRING}T00:59:00Z` },
    'deny',
    'policy.deny',
  ],
  [
    'the minute after they did',
    [deny({ window: berlin(['sun'], 3, 4) })],
    { at: `${SPRING}T01:00:00Z` },
    'deny',
    'policy.deny',
  ],
  [
    'the hour that is skipped',
    [deny({ window: berlin(['sun'], 2, 3) })],
    { at: `${SPRING}T01:00:00Z` },
    'ask',
    'default.write',
  ],
  [
    'an hour that comes twice, the first time',
    [deny({ window: berlin(['sun'], 2, 3) })],
    { at: `${AUTUMN}T00:30:00Z` },
    'deny',
    'policy.deny',
  ],
  [
    'and the second time',
    [deny({ window: berlin(['sun'], 2, 3) })],
    { at: `${AUTUMN}T01:30:00Z` },
    'deny',
    'policy.deny',
  ],
  [
    'and then it is over',
    [deny({ window: berlin(['sun'], 2, 3) })],
    { at: `${AUTUMN}T02:00:00Z` },
    'ask',
    'default.write',
  ],
  [
    'a zone nobody knows, to a deny',
    [deny({ window: { ...berlin(['thu'], 1, 2), zone: 'Mars/Base' } })],
    {},
    'deny',
    'policy.deny',
  ],
  [
    'a zone nobody knows, to an allow',
    [allow({ window: { ...berlin(['wed'], 0, 24), zone: 'Mars/Base' } })],
    {},
    'ask',
    'default.write',
  ],
  [
    'an offset is no zone',
    [allow({ window: { ...berlin(['wed'], 0, 24), zone: '+01:00' } })],
    {},
    'ask',
    'default.write',
  ],
  ['no time, to an allow', [allow({ window: berlin(['wed'], 0, 24) })], { at: 'never' }, 'ask', 'default.write'],
  ['no time, to a deny', [deny({ window: berlin(['thu'], 1, 2) })], { at: 'never' }, 'deny', 'policy.deny'],
  // several conditions
  [
    'all conditions have to hold',
    [deny({ argv: ['git'], targets: ['qa'] })],
    { commands: PUSH },
    'ask',
    'default.write',
  ],
  [
    'what does not hold outweighs what nobody knows',
    [deny({ argv: ['git'], effects: ['read'] })],
    {},
    'ask',
    'default.write',
  ],
]

describe('rules of a file', () => {
  for (const [title, rules, given, verdict, by] of cases) {
    test(`${title}: ${verdict} by ${by}`, () => {
      const { decision, considered } = explainBy(rules, situation(given))
      assert.deepEqual([decision.verdict, decision.rule], [verdict, by])
      for (const { why } of considered) assert.notEqual(why, '')
    })
  }

  test('have titles that tell them apart', () => {
    const titles = cases.map(([title]) => title)
    assert.deepEqual(titles, [...new Set(titles)])
  })
})

describe('the word to type', () => {
  const words: readonly [string, RuleInUse, Given, string | undefined][] = [
    ['is the one of the rule', ask({ confirm: 'rotate' }), {}, 'rotate'],
    ['is the one of the rule instead of the default one', ask({ confirm: 'rotate' }), { effect: 'destroy' }, 'rotate'],
    ['stays when a rule that wants only a yes decides', ask(), { effect: 'destroy' }, 'prod'],
    ['is none when nobody wants one', ask(), {}, undefined],
    [
      'is none when a rule that names the destroy allows it',
      allow({ effects: ['destroy'] }),
      { effect: 'destroy' },
      undefined,
    ],
  ]
  for (const [title, one, given, word] of words)
    test(title, () => assert.equal(explainBy([one], situation(given)).decision.confirm, word))
})

describe('any rules', () => {
  const some = <Value>(...values: readonly Value[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
  const anyRule = fc
    .record({
      verdict: fc.constantFrom('allow', 'ask', 'deny'),
      targets: some(['prod'], ['qa'], ['prod', 'qa']),
      effects: some(['read'], ['write'], ['write', 'destroy']),
      argv: some(['git'], ['git', 'push'], ['*', 'push'], ['ls']),
      paths: some(['/data'], ['/']),
      window: some(berlin(['wed'], 9, 17), berlin(['sun'], 0, 24)),
      confirm: some('word'),
      mayLoosen: fc.boolean(),
    })
    .map(given => {
      const { confirm, ...rest } = given
      const kept = Object.entries({ ...rest, ...(given.verdict === 'ask' ? { confirm } : {}) })
      return Object.fromEntries(kept.filter(([, value]) => value !== undefined)) as Partial<RuleInUse>
    })
  const anyRules = fc
    .array(anyRule, { maxLength: 6 })
    .map(list => list.map((one, index): RuleInUse => rule({ ...one, id: `r${index}` })))
  const anyGiven = fc.record({
    effect: fc.constantFrom('read', 'write', 'destroy'),
    commands: fc.constantFrom(undefined, PUSH, ['git <x> /data/y'], ['ls /data/..', 'git push']),
    target: fc.constantFrom(PROD, STAND_IN, { ...STAND_IN, inUse: true }),
  })

  test('decide the same in every order', () => {
    const shuffled = anyRules.chain(list =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(shuffled, anyGiven, ([list, other], given) => {
        const at = situation(given)
        assert.deepEqual(explainBy(other, at).decision, explainBy(list, at).decision)
      }),
    )
  })

  test('that were found never make a decision milder', () => {
    const gravity = { allow: 0, ask: 1, deny: 2 }
    fc.assert(
      fc.property(anyRules, anyGiven, (list, given) => {
        const at = situation(given)
        const found = list.map(one => ({ ...one, mayLoosen: false }))
        const [usual, now] = [explainBy([], at).decision, explainBy(found, at).decision]
        assert.ok(gravity[now.verdict] >= gravity[usual.verdict])
        if (now.verdict === 'ask' && usual.confirm !== undefined) assert.notEqual(now.confirm, undefined)
      }),
    )
  })

  test('with one more of ask or deny are never milder', () => {
    const gravity = { allow: 0, ask: 1, deny: 2 }
    fc.assert(
      fc.property(anyRules, anyRule, anyGiven, (list, one, given) => {
        fc.pre(one.verdict !== 'allow')
        const at = situation(given)
        const more = explainBy([...list, rule({ ...one, id: 'more' })], at).decision
        assert.ok(gravity[more.verdict] >= gravity[explainBy(list, at).decision.verdict])
      }),
    )
  })
})
