import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { explainBy } from './decide.ts'
import { lintPolicy } from './lint.ts'
import type { Situation } from './match-rule.ts'
import { readPolicy } from './read-policy.ts'

const KNOWN = {
  targets: ['kheish', 'stand-in'],
  steps: new Map([
    ['backup', ['stop', 'archive']],
    ['rotate', ['set', 'probe']],
  ]),
  zones: ['Europe/Berlin', 'UTC'],
}

const WELL = { id: 'r', verdict: 'deny', reason: 'a test' }
const SUNDAY = { zone: 'UTC', days: ['sun'], from: '00:00', to: '24:00' }

/** One rule a line, the first on line 2. */
function policy(...rules: readonly unknown[]): string {
  const lines = rules.map(one => (typeof one === 'string' ? one : JSON.stringify(one)))
  return `{"schema": "runproof-policy-1", "rules": [\n${lines.join(',\n')}]}`
}

const told = (text: string) =>
  lintPolicy(text, KNOWN).problems.map(
    ({ kind, line, rule, member, message }) =>
      `${line} ${kind} ${[rule, member].filter(part => part !== undefined).join(' ')}: ${message}`,
  )

const malformed: readonly [string, string, RegExp][] = [
  ['what is no JSON', '{\n"rules": [}', /^2 malformed : it is not JSON$/],
  ['what ends too early', '{\n"rules": [\n', /^3 malformed : it is not JSON$/],
  ['nothing', '', /^1 malformed : it is not JSON$/],
  ['a list', '[]', /^1 malformed : it is no object$/],
  [
    'another schema',
    '{"schema": "x", "rules": [{"id": "a", "verdict": "deny", "reason": "x"}]}',
    /schema: it is not "runproof-policy-1"/,
  ],
  ['no rules', '{"schema": "runproof-policy-1"}', /rules: it is no list/],
  ['no rule', policy(), /^1 empty rules: there are no rules/],
  ['too many rules', policy(...Array(1_001).fill(1)), /there are 1001 rules, more than 1000/],
  [
    'an unknown member of the file',
    '{"schema": "runproof-policy-1", "rulse": [], "rules": [{"id": "a", "verdict": "deny", "reason": "x"}]}',
    /rulse: .*did you mean rules\?/,
  ],
  ['a rule that is none', policy(WELL, 7), /^3 malformed rules\[1\]: it is no object$/],
  ['a rule without an id', policy({ ...WELL, id: undefined }), /^2 malformed rules\[0\] id: it is not made of/],
  ['an id with a blank', policy({ ...WELL, id: 'a b' }), /^2 malformed a b id: it is not made of/],
  ['an unknown verdict', policy({ ...WELL, verdict: 'maybe' }), /r verdict: it is none of allow, ask, deny/],
  ['a verdict called after a built-in', policy({ ...WELL, verdict: 'toString' }), /r verdict: it is none/],
  ['no reason', policy({ ...WELL, reason: ' ' }), /r reason: it is no text/],
  ['an unknown member', policy({ ...WELL, efects: ['read'] }), /r efects: .*did you mean effects\?/],
  ['a member that is not built', policy({ ...WELL, rate: {} }), /r rate: there is no such member/],
  [
    'a member called after a built-in',
    policy('{"id": "r", "verdict": "deny", "reason": "x", "__proto__": {}}'),
    /r __proto__: there is no/,
  ],
  [
    'a member that stands there twice',
    policy('{"id": "r", "verdict": "allow",\n"verdict": "deny", "reason": "x"}'),
    /^3 malformed r verdict: it stands here twice/,
  ],
  ['an empty list', policy({ ...WELL, targets: [] }), /r targets: it is no list with anything in it/],
  ['a text for a list', policy({ ...WELL, argv: 'git' }), /r argv: it is no list/],
  ['a number in a list', policy({ ...WELL, argv: [1] }), /r argv\[0\]: it is no text/],
  [
    'several words in one',
    policy({ ...WELL, argv: ['git push'] }),
    /argv\[0\]: it is more than one word: \["git","push"\]/,
  ],
  ['a pattern', policy({ ...WELL, argv: ['git*'] }), /argv\[0\]: \* stands for a whole word/],
  [
    'an unknown effect',
    policy({ ...WELL, effects: ['read', 'wirte'] }),
    /effects\[1\]: wirte is none of.*did you mean write\?/,
  ],
  ['a relative root', policy({ ...WELL, paths: ['data'] }), /paths\[0\]: it is no absolute path/],
  ['a root that climbs', policy({ ...WELL, paths: ['/a/../b'] }), /paths\[0\]: a root does not climb/],
  ['a root with a pattern', policy({ ...WELL, paths: ['/a/*'] }), /paths\[0\]: a root is one directory/],
  ['a word of a deny', policy({ ...WELL, confirm: 'x' }), /r confirm: only a rule that asks/],
  ['two words to type', policy({ ...WELL, verdict: 'ask', confirm: 'a b' }), /r confirm: it is not one word/],
  [
    'a word nobody can type',
    policy({ ...WELL, verdict: 'ask', confirm: 'a\u001b[2J' }),
    /r confirm: it is not one word/,
  ],
  ['a window that is none', policy({ ...WELL, window: 'night' }), /r window: it is no object/],
  [
    'a window without a zone',
    policy({ ...WELL, window: { ...SUNDAY, zone: undefined } }),
    /r window.zone: it is no name/,
  ],
  [
    'a window without days',
    policy({ ...WELL, window: { ...SUNDAY, days: [] } }),
    /r window.days: it is no list of mon/,
  ],
  [
    'an unknown day',
    policy({ ...WELL, window: { ...SUNDAY, days: ['snu'] } }),
    /days\[0\]: snu is none of.*did you mean sun\?/,
  ],
  ['a time that is none', policy({ ...WELL, window: { ...SUNDAY, from: '24:00' } }), /r window.from: it is no time/],
  ['an end that is none', policy({ ...WELL, window: { ...SUNDAY, to: '24:01' } }), /r window.to: it is no time/],
  ['minutes that are none', policy({ ...WELL, window: { ...SUNDAY, from: '9:5' } }), /r window.from: it is no time/],
  [
    'an id that two rules have',
    policy(WELL, { ...WELL, verdict: 'ask' }),
    /^3 duplicate r id: the rule of line 2 has this id, too$/,
  ],
]

describe('a policy file', () => {
  for (const [what, text, message] of malformed) {
    test(`with ${what} is not to be used, and line and member are told`, () => {
      const { problems } = readPolicy(text)
      assert.equal(problems.length, 1, JSON.stringify(problems))
      assert.match(told(text)[0]!, message)
    })
  }

  test('with several mistakes is told all of them, in the order of lines', () => {
    const text = policy({ ...WELL, id: '', verdict: 'x' }, { ...WELL, paths: ['a', 'b'] })
    assert.deepEqual(
      readPolicy(text).problems.map(({ line }) => line),
      [2, 2, 3, 3],
    )
  })

  test('is read with a byte order mark and with lines of any kind', () => {
    const text = `\uFEFF${policy(WELL, { ...WELL, id: 'b', paths: ['x'] }).replaceAll('\n', '\r\n')}`
    assert.match(told(text)[0]!, /^3 malformed b paths\[0\]/)
  })

  test('that is nested without end is told, and costs no more than its size', () => {
    assert.deepEqual(told(`${'['.repeat(300_000)}${']'.repeat(300_000)}`), ['1 malformed : it is no object'])
  })

  test('gives its rules with normalised roots', () => {
    const { rules, problems } = readPolicy(policy({ ...WELL, paths: ['//data/./a/', '/'] }))
    assert.deepEqual([rules[0]!.rule.paths, problems], [['/data/a', '/'], []])
  })

  test('of anything at all is read or refused, and never breaks the reader', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.jsonValue().map(one => policy(one)),
        ),
        text => {
          const { rules, problems } = readPolicy(text)
          assert.ok(rules.length > 0 || problems.length > 0)
        },
      ),
    )
  })
})

const names: readonly [string, object, RegExp][] = [
  ['a target', { targets: ['kheihs'] }, /targets\[0\]: there is no target kheihs; did you mean kheish\?/],
  [
    'a runbook',
    { runbooks: ['backup', 'rotaet'] },
    /runbooks\[1\]: there is no runbook or smoke suite rotaet; did you mean rotate\?/,
  ],
  [
    'a step',
    { steps: ['arcive'] },
    /steps\[0\]: there is no step in any runbook called arcive; did you mean archive\?/,
  ],
  [
    'a step of these runbooks',
    { runbooks: ['rotate'], steps: ['stop'] },
    /steps\[0\]: there is no step in rotate called stop/,
  ],
  [
    'a role',
    { roles: ['security_owner'] },
    /roles\[0\]: there is no role security_owner; did you mean security-owner\?/,
  ],
  [
    'a zone',
    { window: { ...SUNDAY, zone: 'Europe/Berln' } },
    /window.zone: there is no zone Europe\/Berln; did you mean Europe\/Berlin\?/,
  ],
]

describe('a name that is not known here', () => {
  for (const [what, given, message] of names) {
    test(`is told for ${what}, with the nearest one`, () => {
      const lines = told(policy({ ...WELL, ...given }))
      assert.equal(lines.length, 1)
      assert.match(lines[0]!, message)
      assert.match(lines[0]!, /^2 unknown-name r /)
    })
  }

  test('does not keep a policy from being used: it may be of another installation', () => {
    assert.deepEqual(readPolicy(policy({ ...WELL, targets: ['elsewhere'] })).problems, [])
  })
})

describe('a rule that can never do anything', () => {
  test('is told when its window never opens', () => {
    assert.match(told(policy({ ...WELL, window: { ...SUNDAY, to: '00:00' } }))[0]!, /^2 never-open r window: /)
  })

  test('is told when it allows without targets, or what is allowed in any case', () => {
    assert.match(told(policy({ ...WELL, verdict: 'allow' }))[0]!, /^2 idle r: an allow without targets/)
    const reads = { ...WELL, verdict: 'allow', targets: ['kheish'], effects: ['read'] }
    assert.match(told(policy(reads))[0]!, /^2 idle r effects: an allow of reads/)
    assert.deepEqual(told(policy({ ...reads, effects: ['read', 'write'] })), [])
  })

  const shadows: readonly [string, object, object, boolean][] = [
    ['no conditions', {}, { argv: ['git'] }, true],
    ['the same words', { argv: ['git', 'push'] }, { argv: ['git', 'push'] }, true],
    ['fewer words', { argv: ['git'] }, { argv: ['git', 'push'] }, true],
    ['any word', { argv: ['*', 'push'] }, { argv: ['git', 'push'] }, true],
    ['the name of the program', { argv: ['git'] }, { argv: ['/usr/bin/git'] }, true],
    ['more words', { argv: ['git', 'push', 'x'] }, { argv: ['git', 'push'] }, false],
    ['other words', { argv: ['gitleaks'] }, { argv: ['git'] }, false],
    ['a word where any may stand', { argv: ['git', 'push'] }, { argv: ['git', '*'] }, false],
    ['words where there are no conditions', { argv: ['git'] }, {}, false],
    ['more targets', { targets: ['kheish', 'stand-in'] }, { targets: ['kheish'] }, true],
    ['other targets', { targets: ['stand-in'] }, { targets: ['kheish', 'stand-in'] }, false],
    ['all effects there are', { effects: ['read', 'write', 'destroy'] }, { targets: ['kheish'] }, true],
    ['fewer effects', { effects: ['write'] }, { targets: ['kheish'] }, false],
    ['the same steps', { runbooks: ['rotate'], steps: ['set'] }, { runbooks: ['rotate'], steps: ['set'] }, true],
    ['a root above', { paths: ['/data'] }, { paths: ['/data/a', '/data/b'] }, true],
    ['a root above one of two', { paths: ['/data', '/x'] }, { paths: ['/data/a', '/etc'] }, false],
    ['roots above, and others', { paths: ['/data', '/x'] }, { paths: ['/data/a'] }, true],
    ['the name of a later word', { argv: ['a', 'git'] }, { argv: ['a', '/bin/git'] }, false],
    ['a root that begins alike', { paths: ['/data'] }, { paths: ['/database'] }, false],
    ['a longer window', { window: SUNDAY }, { window: { ...SUNDAY, from: '10:00' } }, true],
    ['a window of another zone', { window: SUNDAY }, { window: { ...SUNDAY, zone: 'Europe/Berlin' } }, false],
    ['a window where there is none', { window: SUNDAY }, {}, false],
    ['fewer conditions of several', { argv: ['git'] }, { argv: ['git'], targets: ['kheish'] }, true],
    ['one condition more', { argv: ['git'], roles: ['comms'] }, { argv: ['git'] }, false],
  ]
  for (const [title, graver, milder, shadowed] of shadows) {
    test(`is ${shadowed ? '' : 'not '}told when a graver one has ${title}`, () => {
      const lines = told(policy({ ...WELL, id: 'm', verdict: 'ask', ...milder }, { ...WELL, id: 'g', ...graver }))
      const said = '2 shadowed m: g (line 3) matches whenever it does, and its deny is graver'
      assert.deepEqual(lines, shadowed ? [said] : [])
    })
  }

  test('is told for a yes in the shadow of a typed word, and not the other way round', () => {
    const [plain, typed] = [
      { ...WELL, verdict: 'ask' },
      { ...WELL, id: 't', verdict: 'ask', confirm: 'word' },
    ]
    assert.match(told(policy(plain, typed))[0]!, /^2 shadowed r: t/)
    assert.deepEqual(told(policy({ ...plain, argv: ['git'] }, { ...typed, argv: ['git', 'x'] })), [])
  })

  test('really never decides, whatever is asked', () => {
    const some = <Value>(...values: readonly Value[]) => fc.constantFrom(undefined, ...values)
    const anyRule = fc.record({
      verdict: fc.constantFrom('allow', 'ask', 'deny'),
      targets: some(['kheish'], ['kheish', 'stand-in']),
      effects: some(['write'], ['write', 'destroy']),
      argv: some(['git'], ['git', 'push'], ['*', 'push'], ['/bin/git']),
      paths: some(['/data'], ['/data/a'], ['/']),
      window: some(SUNDAY, { ...SUNDAY, from: '10:00' }),
      reason: fc.constant('x'),
    })
    const anySituation = fc.record({
      target: fc.constantFrom('kheish', 'stand-in'),
      effect: fc.constantFrom('read', 'write', 'destroy'),
      commands: some(['git push /data/a/x'], ['/bin/git push'], ['git <x> /data/y', 'ls /etc'], ['ls $x'], ['git …']),
      at: fc.constantFrom('2026-11-22T12:00:00Z', '2026-11-22T09:00:00Z', '2026-11-23T12:00:00Z'),
    })
    let seen = 0
    fc.assert(
      fc.property(
        fc.array(anyRule, { minLength: 2, maxLength: 4 }),
        anySituation,
        (list, { target, effect, commands, at }) => {
          const text = policy(...list.map((one, index) => ({ ...one, id: `r${index}` })))
          const never = lintPolicy(text, KNOWN).problems.filter(({ kind }) => kind === 'shadowed' || kind === 'idle')
          const rules = readPolicy(text).rules.map(one => ({ ...one.rule, mayLoosen: true }))
          const run = { describe: 'acts', execute: async () => {}, commands }
          const { decision } = explainBy(rules, {
            step: { id: 'set', effect, run },
            runbook: 'rotate',
            target: { id: target, real: true, inUse: false },
            at: new Date(at),
          } as unknown as Situation)
          seen += never.length
          for (const { rule } of never) assert.notEqual(decision.rule, `policy.${rule}`)
        },
      ),
      { numRuns: 500 },
    )
    assert.ok(seen > 100, `${seen} rules were told`)
  })
})
