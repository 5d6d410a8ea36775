import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PERSISTENCE_KINDS } from '../../model/persistence-api.ts'
import standIn from '../../targets/stand-in.ts'
import { digestOf } from '../digest.ts'
import { sinceSweep } from './since-sweep.ts'
import type { Finding } from './sweep.ts'
import type { Thing } from './things.ts'

const thing = (kind: Thing['kind'], id: string, content: string, more: Partial<Thing> = {}): Thing => ({
  ...{ kind, id, changedAtMs: null, sha256: digestOf(content) },
  ...more,
})
const BEFORE: readonly [Thing, Thing, Thing, Thing, Thing] = [
  thing('connector', 'external/a', 'a'),
  thing('hook', 'run_completed/0', 'first'),
  thing('hook', 'run_completed/1', 'second'),
  thing('schedule', 's', 'nightly'),
  thing('slot', 'k', '5'),
]

/** What is fresh, and what was decided about. */
function since(now: readonly Thing[], found: readonly Thing[] = [], before: readonly Thing[] = BEFORE) {
  const inventory = { takenAtMs: 0, kinds: PERSISTENCE_KINDS, unread: [], things: before }
  const findings = found.map(({ kind, id }): Finding => ({ kind, id, how: ['newer'], changedAtMs: null }))
  const { fresh, decided } = sinceSweep({ inventory, findings }, { kinds: PERSISTENCE_KINDS, things: now })
  const named = (all: readonly Finding[]) => all.map(({ kind, id, how }) => `${kind} ${id}: ${how.join(', ')}`)
  return { fresh: named(fresh), decided: named(decided) }
}
const replaced = (id: string, other: Thing) => BEFORE.map(one => (one.id === id ? other : one))

test('something that has the name it had and says something else since the sweep is fresh', () => {
  assert.deepEqual(since(BEFORE), { fresh: [], decided: [] })
  assert.deepEqual(since(replaced('external/a', thing('connector', 'external/a', 'elsewhere'))).fresh, [
    'connector external/a: changed',
  ])
  assert.deepEqual(since(replaced('run_completed/0', thing('hook', 'run_completed/0', 'another'))).fresh, [
    'hook run_completed/0: added',
  ])
})

test('what a person took away leaves nothing fresh behind, wherever the hooks after it are now', () => {
  const [connector, first, second, , slot] = BEFORE
  const ended = thing('schedule', 's', 'nightly, canceled', { ended: true })
  assert.deepEqual(since([connector, { ...second, id: first.id }, ended, slot]), { fresh: [], decided: [] })
  const twice = since([...BEFORE, { ...second, id: 'run_completed/2' }])
  assert.deepEqual(twice.fresh, ['hook run_completed/2: added'])
})

test('a thing that was found may be changed by whoever decided about it, settings and what is added may not', () => {
  const slot = thing('slot', 'k', '6')
  assert.deepEqual(since(replaced('k', slot)).fresh, ['slot k: changed'])
  assert.deepEqual(since(replaced('k', slot), [slot]), { fresh: [], decided: ['slot k: changed'] })
  const settings = (prompt: string) => thing('settings', 'runtime', prompt)
  const found = since([...BEFORE, settings('b')], [settings('a')], [...BEFORE, settings('a')])
  assert.deepEqual(found.fresh, ['settings runtime: changed'])
})

test('what the containment sets and what the daemon does by itself is no change', () => {
  const { read } = standIn.persistence
  const steady = (kind: Thing['kind'], document: Parameters<typeof read>[1]) => {
    const [one] = read(kind, document)
    return { steady: one!.steady, view: one!.view, ended: one!.ended }
  }
  const runtime = (permission_mode: string, system_prompt = 'p') =>
    steady('settings', { config: {}, permission_mode, debug_level: 'off', system_prompt })
  assert.deepEqual(runtime('default').steady, runtime('dontAsk').steady)
  assert.notDeepEqual(runtime('default').view, runtime('dontAsk').view)
  assert.notDeepEqual(runtime('default').steady, runtime('default', 'q').steady)
  const slot = (provider: string, updated_at_ms: number) =>
    steady('slot', [{ slot_id: 'x', provider, updated_at_ms }]).steady
  assert.deepEqual([slot('mcp_oauth', 1), slot('mcp_oauth', 2)], [{ provider: 'mcp_oauth' }, { provider: 'mcp_oauth' }])
  assert.equal(slot('generic', 1), undefined)
  const schedule = (status: string) =>
    steady('schedule', [{ schedule_id: 'x', name: 'n', session_id: 's', status, updated_at_ms: 1 }]).ended
  assert.deepEqual(['active', 'paused', 'completed'].map(schedule), [undefined, undefined, true])
})
