import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { shellWord } from '../../model/command.ts'
import standIn from '../../targets/stand-in.ts'
import { digestOf } from '../digest.ts'
import { compare, findingsText, vouchedFor } from './sweep.ts'
import type { Thing } from './things.ts'

const SINCE = 1_000

const thing = (kind: Thing['kind'], id: string, changedAtMs: number | null, content = 'as it was'): Thing => ({
  kind,
  id,
  changedAtMs,
  sha256: digestOf(content),
})
const found = (...given: Parameters<typeof compare>) =>
  compare(...given).map(({ kind, id, how }) => `${kind} ${id}: ${how.join(', ')}`)

describe('the list of findings', () => {
  test('is not written by whoever chose a name: no second line, no second command, nothing that acts or turns', () => {
    const names = [
      'external/x; rm -rf ~',
      'external/a`$(id)`',
      'external/--all',
      'external/n\n- [x] slot `s`: ours',
      '\u202eslot\u001b[2J',
    ]
    const findings = names.map(id => ({ kind: 'connector' as const, id, how: ['added'] as const, changedAtMs: 9e15 }))
    const inventory = { takenAtMs: 0, kinds: [], unread: [], things: [] }
    const text = findingsText({ target: standIn }, { findings, inventory, baseline: null, sinceMs: null })
    assert.match(text, /`connectors delete external 'x; rm -rf ~'`/)
    assert.match(text, /``connectors delete external 'a`\$\(id\)`'``/)
    assert.match(text, /`connectors delete external -- '--all'`/)
    assert.match(text, /time unknown/)
    assert.equal(text.match(/^- \[/gm)!.length, names.length)
    assert.doesNotMatch(text, /[^\P{Cc}\n]|\p{Cf}/u)
  })

  test('says first how many there are of each kind, and how a command begins that can be typed', () => {
    const finding = (kind: Thing['kind'], id: string) => ({ kind, id, how: ['added'] as const, changedAtMs: null })
    const findings = [finding('connector', 'external/a'), finding('connector', 'external/b'), finding('slot', 's')]
    const swept = {
      findings,
      baseline: null,
      sinceMs: null,
      inventory: { takenAtMs: 0, kinds: [], unread: [], things: [] },
    }
    const params = { 'base-url': 'http://127.0.0.1:4000', 'admin-token-file': '/keys/the token' }
    const text = findingsText({ target: standIn, params }, swept)
    assert.match(text, /^To decide about: 3 \(connector 2, slot 1\)\.$/m)
    assert.match(
      text,
      /^Each command begins with `kheish-daemon --base-url http:\/\/127\.0\.0\.1:4000 --token-file '\/keys\/the token'`\.$/m,
    )
    assert.doesNotMatch(findingsText({ target: standIn }, swept), /Each command begins/)
  })

  test('is of words that a shell takes for themselves', () => {
    for (const word of ["it's", 'a\nb', 'x;y', '$HOME', '\u202eabc', 'plain.name-1', 'back\\slash', "both'\n"])
      assert.equal(
        execFileSync('bash', ['--norc', '-c', `printf %s ${shellWord(word)}`], {
          env: { LC_ALL: 'C.UTF-8' },
        }).toString(),
        word,
      )
  })
})

describe('a sweep', () => {
  const before = [thing('connector', 'a', null), thing('slot', 's', 5), thing('hook', 'h', null)]
  const kinds = ['connector', 'slot', 'hook'] as const
  const baseline = { kinds, things: before }

  test('finds nothing where nothing changed', () => {
    assert.deepEqual(found({ kinds, things: before }, baseline, SINCE), [])
  })

  test('tells what was added, changed, taken away, and is newer than the incident', () => {
    const now = [
      thing('connector', 'a', null, 'other'),
      thing('connector', 'b', null),
      thing('slot', 's', SINCE, 'other'),
    ]
    assert.deepEqual(found({ kinds, things: now }, baseline, SINCE), [
      'connector a: changed',
      'connector b: added',
      'hook h: gone',
      'slot s: changed, newer',
    ])
  })

  test('calls what changed right when the incident began newer', () => {
    const at = (ms: number) => found({ kinds, things: [thing('slot', 's', ms)] }, undefined, SINCE)
    assert.deepEqual([at(SINCE - 1), at(SINCE)], [[], ['slot s: newer']])
  })

  test('does not call gone what it could not read', () => {
    assert.deepEqual(found({ kinds: ['slot', 'hook'], things: before.slice(1) }, baseline, SINCE), [])
  })

  test('judges nothing it has nothing to judge by', () => {
    const slots = { kinds: ['slot'] as const, things: [thing('slot', 's', 5)] }
    assert.deepEqual(found({ kinds, things: before }, undefined, undefined), [
      'connector a: unjudged',
      'hook h: unjudged',
      'slot s: unjudged',
    ])
    assert.deepEqual(found({ kinds, things: before }, slots, SINCE), ['connector a: unjudged', 'hook h: unjudged'])
  })

  test('passes on to the next one what was found by nobody: what an intruder left never becomes known', () => {
    const now = [...before, thing('schedule', 'x', SINCE)]
    const inventory = { takenAtMs: 2_000, kinds: [...kinds, 'schedule'] as const, unread: [], things: now }
    const findings = compare(inventory, baseline, SINCE)
    assert.deepEqual(vouchedFor({ inventory, findings }), before)
    const unjudged = compare(inventory, undefined, undefined)
    assert.equal(vouchedFor({ inventory, findings: unjudged }).length, 4)
  })
})

describe('what lasts', () => {
  const { read } = standIn.persistence

  test('has the same digest whatever the order of its members, and another for another value', () => {
    assert.equal(digestOf({ a: 1, b: { c: [1, 2], d: null } }), digestOf({ b: { d: null, c: [1, 2] }, a: 1 }))
    assert.notEqual(digestOf({ a: [1, 2] }), digestOf({ a: [2, 1] }))
  })

  test('does not change because a schedule fired or a server failed', () => {
    const schedule = { schedule_id: 'x', name: 'n', session_id: 's', status: 'active', request: { content: 'c' } }
    const at = (more: object) => read('schedule', [{ ...schedule, updated_at_ms: 1, fire_count: 0, ...more }])[0]!.view
    assert.deepEqual(at({}), at({ fire_count: 9, last_run_id: 'run-1', next_due_at_ms: 5 }))
    assert.notDeepEqual(at({}), at({ request: { content: 'other' } }))
    const server = (connected: boolean) =>
      read('mcp-server', { mcp: { servers: [{ server: 'm', transport: 'stdio', connected }] } })[0]!.view
    assert.deepEqual(server(true), server(false))
  })

  test('is read strictly: a list under another name is an error and not empty', () => {
    for (const [kind, document] of [
      ['connector', { connectors: [] }],
      ['hook', { hook: {} }],
      ['slot', [{ slot: 'x' }]],
      ['schedule', { items: [] }],
    ] as const)
      assert.throws(() => read(kind, document), { code: 'ANSWER_MALFORMED' }, kind)
  })
})
