import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { files } from '../../adapters/files.ts'
import { machineSigner } from '../../evidence/signing-key.ts'
import { planRunbooks } from '../planned-runbooks.ts'
import { loadRunbook, loadTarget } from '../registry.ts'
import type { Finding } from './finding.ts'
import { baseline, clientBinary, namedFiles, secretSources } from './given.ts'
import { codeOf } from './incident-doctor.ts'
import type { IncidentDoctorInput } from './input.ts'
import { lookForIncident } from './look.ts'
import { clockIsSane, isolation, launcher, node, terminal } from './machine.ts'
import { evidencePlace } from './places.ts'
import { citations, loadRunbooks, planRunbooks as planned, programs } from './runbooks.ts'

const root = mkdtempSync(path.join(tmpdir(), 'runproof-incident-doctor-'))
after(() => rmSync(root, { recursive: true, force: true }))

const at = (...names: readonly string[]): string => path.join(root, ...names)
const places = { reportsDir: at('reports'), workDir: at('work'), stateDir: at('state') }
const RUNBOOK = 'rotate-admin-token'
const given: IncidentDoctorInput = {
  runbooks: [RUNBOOK],
  targetId: 'stand-in',
  params: {},
  secrets: {},
  policy: undefined,
  places,
  cwd: root,
  env: {},
  now: new Date(),
  terminal: { isTty: true, columns: 80 },
  instances: { detectBarrier: async () => ({ kind: 'bubblewrap', reason: 'it works here' }) as never },
}
const badOf = (findings: readonly Finding[]) => findings.filter(({ state }) => state !== 'ok').map(({ what }) => what)
const look = (more: Partial<IncidentDoctorInput>) => lookForIncident({ ...given, ...more })
const write = (name: string, content: string, mode = 0o600): string => {
  writeFileSync(at(name), content, { mode })
  chmodSync(at(name), mode)
  return at(name)
}
const token = (): string => randomBytes(18).toString('hex')

describe('what an incident will need', () => {
  test('is all there, once the machine has a key', async () => {
    assert.deepEqual(badOf(await look({})), ['signing key'])
    await machineSigner(places.stateDir, files)
    const found = await look({})
    assert.deepEqual(badOf(found), [])
    assert.equal(codeOf(found), 0)
    assert.deepEqual(
      found.map(({ what }) => what),
      [
        'node',
        'launcher',
        'clock',
        'terminal',
        'isolation',
        'signing key',
        'evidence',
        'scratch',
        'policy',
        RUNBOOK,
      ].concat(['page production-runbooks', 'citations', 'flock', 'tar', 'client']),
    )
  })

  test('makes and changes nothing by being looked at', async () => {
    await look({
      places: { reportsDir: at('new', 'reports'), workDir: at('new', 'work'), stateDir: at('new', 'state') },
    })
    assert.equal(await files.facts(at('new')), undefined)
  })

  test('is looked at for the runbooks that contain and rotate when none is named', async () => {
    const { things } = await loadRunbooks([])
    const all = await planRunbooks()
    const meant = all.filter(({ runbook }) => ['containment', 'rotation'].includes(runbook.purpose))
    assert.deepEqual(
      things.map(one => one.runbook.id),
      meant.map(one => one.runbook.id).toSorted(),
    )
    await assert.rejects(loadRunbooks(['rotate-nothing']), { code: 'UNKNOWN_RUNBOOK' })
  })
})

describe('the machine', () => {
  test('has a Node that is too old, or a launcher that does not start', async () => {
    assert.equal(node('22.9.0').state, 'missing')
    assert.equal((await launcher(write('launcher', '', 0o644))).state, 'missing')
    assert.equal((await launcher(at('nothing'))).state, 'missing')
  })

  test('has a clock that is behind its evidence, behind its installation, or free', async () => {
    mkdirSync(at('past', 'rotate-admin-token-20990131T021000Z-1a2b3c'), { recursive: true })
    const state = async (now: Date, reports: string, synchronised?: boolean) =>
      (await clockIsSane(now, reports, async () => synchronised)).state
    assert.equal(await state(new Date(), at('past')), 'missing')
    assert.equal(await state(new Date('2099-01-31T02:09:30Z'), at('past')), 'ok')
    assert.equal(await state(new Date(0), at('reports')), 'missing')
    assert.equal(await state(new Date(), at('reports'), false), 'missing')
    assert.equal(await state(new Date(), at('reports'), true), 'ok')
  })

  test('has no terminal, or one that is too narrow', () => {
    assert.equal(terminal({ isTty: false, columns: 200 }, {}).state, 'missing')
    assert.equal(terminal({ isTty: true, columns: 79 }, {}).state, 'missing')
    assert.equal(terminal({ isTty: true, columns: undefined }, {}).state, 'missing')
    assert.match(terminal({ isTty: true, columns: 80 }, { LANG: 'C' }).detail, /no UTF-8/)
    assert.match(terminal({ isTty: true, columns: 80 }, { LC_ALL: 'C.utf8' }).detail, /columns, UTF-8/)
  })

  test('has no barrier, or cannot tell', async () => {
    const none = { detectBarrier: async () => ({ kind: 'none', reason: 'user namespaces are off' }) as never }
    assert.equal((await isolation(none)).state, 'missing')
    const broken = { detectBarrier: () => Promise.reject(new TypeError('not a function')) }
    const unknown = await isolation(broken)
    assert.equal(unknown.state, 'unknown')
    assert.equal(codeOf([unknown, node('22.9.0')]), 3)
    assert.equal(codeOf([]), 3)
  })

  test('has a key that others can read, that is none, or no room for evidence', async () => {
    mkdirSync(at('bad-key'))
    write('bad-key/signing-key.pem', 'no key', 0o600)
    assert.deepEqual(badOf(await look({ places: { ...places, stateDir: at('bad-key') } })), ['signing key'])
    chmodSync(at('bad-key', 'signing-key.pem'), 0o644)
    const [bad] = (await look({ places: { ...places, stateDir: at('bad-key') } })).filter(({ state }) => state !== 'ok')
    assert.match(bad!.help!, /^chmod 600 /)
    const file = write('a-file', '')
    const without = {
      reportsDir: path.join(file, 'reports'),
      workDir: path.join(file, 'work'),
      stateDir: places.stateDir,
    }
    assert.deepEqual(badOf(await look({ places: without })), ['evidence', 'scratch'])
    assert.equal((await evidencePlace(places, Number.MAX_SAFE_INTEGER)).state, 'missing')
  })
})

describe('the runbooks', () => {
  test('do not plan for a target of which nothing is said', async () => {
    assert.deepEqual(badOf(await look({ targetId: 'kheish' })), [RUNBOOK, 'client'])
    await assert.rejects(look({ params: { 'base-ulr': 'x' } }), { hint: 'did you mean base-url=?' })
  })

  test('are denied by a policy, or their policy is not one', async () => {
    const deny = [{ id: 'frozen', verdict: 'deny', reason: 'no changes today', effects: ['write'] }]
    const policy = write('policy.json', JSON.stringify({ schema: 'runproof-policy-1', rules: deny }))
    const denied = (await look({ policy })).find(({ what }) => what === RUNBOOK)!
    assert.equal(denied.state, 'missing', JSON.stringify(denied))
    assert.match(denied.detail, /rotate \(policy\.frozen\)/)
    assert.deepEqual(badOf(await look({ policy: write('policy.json', '{}') })), ['policy'])
  })

  test('cite a page that is not installed, or that no longer says it', async () => {
    const { things } = await planned(
      [await loadRunbook(RUNBOOK)],
      await loadTarget('stand-in'),
      {},
      { named: undefined, cwd: root },
    )
    mkdirSync(at('pages'))
    assert.deepEqual(badOf(await citations(things, at('pages'))), ['page production-runbooks'])
    write('pages/production-runbooks.md', '# Nothing\n')
    assert.deepEqual(badOf(await citations(things, at('pages'))), ['citations'])
    const tools = await programs(things, name => (name === 'tar' ? undefined : `/usr/bin/${name}`))
    assert.deepEqual(badOf(tools), ['tar'])
  })
})

describe('what is given', () => {
  test('is a client that is not there, or does not start', async () => {
    const target = { title: 'a daemon', bundledBinary: undefined } as never
    const state = async (binary?: string) => (await clientBinary(target, { binary })).state
    assert.equal(await state(), 'missing')
    assert.equal(await state(at('nothing')), 'missing')
    assert.equal(await state(write('client', '#!/bin/sh\nexit 3\n', 0o700)), 'missing')
    assert.equal(await state(write('client', '#!/bin/sh\necho client 1.2\n', 0o700)), 'ok')
  })

  test('is token files that are open, gone, hold no token, or hold the same one; no value is shown', async () => {
    const [admin, readonly] = [write('admin', `${token()}\n`), write('readonly', `${token()}\n`)]
    const both = (file: string) => namedFiles({ 'admin-token-file': admin, 'readonly-token-file': file })
    assert.deepEqual(badOf(await both(readonly)), [])
    assert.deepEqual(badOf(await both(admin)), ['roles'])
    chmodSync(readonly, 0o640)
    assert.deepEqual(badOf(await both(readonly)), ['readonly-token-file'])
    assert.deepEqual(badOf(await both(at('nothing'))), ['readonly-token-file', 'roles'])
    const lines = await both(write('two', `${token()}\nsecond-line-of-it\n`))
    assert.deepEqual(badOf(lines), ['readonly-token-file', 'roles'])
    assert.doesNotMatch(JSON.stringify(lines), /second-line/)
    const others = { 'ca-file': at('nothing'), 'state-root': admin, 'consumer-name': at('nothing') }
    assert.deepEqual(badOf(await namedFiles(others)), ['ca-file', 'state-root'])
  })

  test('is sources of secrets that have none', async () => {
    const open = write('open', token(), 0o644)
    const sources = {
      a: 'env:UNSET',
      b: 'env:SET',
      c: `file:${open}`,
      d: 'keyring:nobody',
      e: 'hunter2-itself',
      f: 'generate',
    }
    const found = await secretSources(sources, { SET: 'value-of-it' })
    assert.deepEqual(badOf(found), ['secret a', 'secret c', 'secret d', 'secret e'])
    assert.doesNotMatch(JSON.stringify(found), /value-of-it|hunter2/)
  })

  test('is a baseline that is signed, by nobody, or was changed', async () => {
    const target = await loadTarget('stand-in')
    const signer = await machineSigner(places.stateDir, files)
    const directory = at('baseline')
    const document = { schema: 'runproof-persistence-1', target: target.id, takenAtMs: 1, kinds: ['slot'], things: [] }
    const text = JSON.stringify(document)
    mkdirSync(directory)
    write('baseline/persistence.json', text)
    const state = async () => (await baseline({ baseline: directory }, target, places.stateDir)).state
    assert.equal(await state(), 'missing')
    write(
      'baseline/persistence.dsse.json',
      signer.envelope('application/vnd.runproof.persistence-1+json', Buffer.from(text)),
    )
    assert.equal(await state(), 'ok')
    write('baseline/persistence.json', JSON.stringify({ ...document, takenAtMs: 2 }))
    assert.equal(await state(), 'missing')
    assert.equal((await baseline({ baseline: at('nothing') }, target, places.stateDir)).state, 'missing')
  })
})
