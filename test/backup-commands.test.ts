import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parseFacts } from '../src/drill/facts.ts'
import { BackupSource, checkOf, type Params, stepOf } from './backup-source.ts'
import { assertDocumented } from './documented-commands.ts'

const QUICK = ['--yes', 'kheish', '--confirm', 'kheish', '--counterproofs', 'observation']

describe('a backup that stops and starts its source by command', { timeout: 240_000 }, () => {
  const source = new BackupSource()
  before(() => source.ready())
  after(() => source[Symbol.asyncDispose]())
  let sets = 0
  const fresh = () => source.at(`set-${++sets}`)
  const given = (change: Params = {}): Params => ({ ...source.running, out: fresh(), ...change })
  const quick = (change: Params, flags = QUICK) => source.run(given(change), flags)

  /** Files that a daemon writes only when somebody asks it for work, and those of the workspace. */
  async function records() {
    const stored = (await source.tree(source.state)).filter(entry =>
      /^(sessions|runs|external-actions)\//.test(entry.path),
    )
    return [stored, (await source.tree(source.workspace)).filter(entry => entry.type === 'file')]
  }

  /** Resolves once a script has written the file of this name. */
  async function appears(name: string): Promise<void> {
    const watcher = watch(source.root)
    try {
      while (!existsSync(source.at(name))) await once(watcher, 'change', { signal: AbortSignal.timeout(30_000) })
    } finally {
      watcher.close()
    }
  }

  test('makes a whole set of a stopped source, and the source serves again with what it had', async () => {
    const [pid, stored] = [source.pid(), await records()]
    const params = given({ 'stop-command': JSON.stringify([source.at('stop')]) })
    const ended = await source.run(params, ['--yes', 'kheish', '--confirm', 'kheish'])
    assert.deepEqual([ended.code, ended.evidence?.outcome], [0, 'passed'], ended.stderr)
    await assertDocumented(ended.evidence!)
    await source.serves()
    assert.notEqual(source.pid(), pid)
    assert.deepEqual(await records(), stored)
    assert.deepEqual(source.notices(), [])

    const facts = parseFacts(JSON.parse(readFileSync(join(params.out!, 'facts.json'), 'utf8')))
    assert.deepEqual([facts.online, facts.marker?.slot, facts.runs.length], [true, 'runproof.marker', 4])
    assert.deepEqual(facts.slots.map(slot => slot.id).sort(), ['openai.prod', 'runproof.marker'])
    assert.equal(typeof ended.evidence!.facts['source.downMs'], 'number')
    const stop = stepOf(ended, 'stop')
    assert.deepEqual(
      [stop.effect, stop.decision?.rule, stop.decision?.how],
      ['destroy', 'default.destroy', '--confirm'],
    )
    const proofs = ended.evidence!.steps.flatMap(step => step.checks).flatMap(check => check.counterproofs)
    assert.deepEqual(
      proofs.filter(one => one.outcome !== 'red'),
      [],
    )
  })

  test('writes no marker when told so, and calls the recovery point an estimate', async () => {
    const params = given({ marker: 'no' })
    const before = (await source.tree(source.state)).find(entry => entry.path === 'auth/global-slots.json')
    const ended = await source.run(params, QUICK)
    assert.equal(ended.code, 0, ended.stderr)
    const after = (await source.tree(source.state)).find(entry => entry.path === 'auth/global-slots.json')
    assert.deepEqual(after?.sha256, before?.sha256)
    assert.match(ended.evidence!.notTested.join('\n'), /recovery point is an estimate/)
    assert.equal(parseFacts(JSON.parse(readFileSync(join(params.out!, 'facts.json'), 'utf8'))).marker, null)
  })

  for (const [title, flags, denied] of [
    ['any approval', [], 'marker'],
    ['the typed confirmation', ['--yes', 'kheish'], 'stop'],
  ] as const) {
    test(`is denied without ${title}, and does not stop the source`, async () => {
      const [pid, stored] = [source.pid(), await records()]
      const ended = await quick({}, [...flags, '--counterproofs', 'observation'])
      assert.deepEqual([ended.code, stepOf(ended, denied).outcome], [4, 'denied'], ended.stderr)
      assert.deepEqual([source.pid(), await records(), source.notices()], [pid, stored, []])
    })
  }

  test('does not stop a source whose route names a credential that is not stored', async () => {
    const routesFile = source.write(
      'other-routes.toml',
      readFileSync(source.routesFile, 'utf8').replace('openai.prod', 'gone'),
    )
    const pid = source.pid()
    const ended = await quick({ 'routes-file': routesFile })
    assert.equal(ended.code, 1, ended.stderr)
    assert.match(checkOf(ended, 'restart-possible').reason!, /routes file has errors: .*; the source was not stopped/)
    assert.deepEqual([source.pid(), stepOf(ended, 'marker').commands], [pid, []])
  })

  test('refuses another daemon’s state root', async () => {
    mkdirSync(source.at('elsewhere'))
    const ended = await quick({ 'state-root': source.at('elsewhere') })
    assert.equal(ended.code, 1, ended.stderr)
    assert.match(checkOf(ended, 'source-answers').reason!, /works on .*state, which is not what is archived/)
  })

  test('a stop command that fails leaves the source running, and no notice', async () => {
    const pid = source.pid()
    const ended = await quick({ 'stop-command': source.script('stop-fails', 'exit 3') })
    assert.equal(ended.code, 3, ended.stderr)
    assert.match(stepOf(ended, 'stop').reason!, /stop command ended with exit 3: .*stop-fails/)
    assert.deepEqual([source.pid(), source.notices()], [pid, []])
  })

  test('a stop command that stops the source and then fails is made good', async () => {
    const pid = source.pid()
    const script = `pid=$(cat ${source.at('pid')}); kill -TERM "$pid"; while kill -0 "$pid"; do sleep 0.05; done; exit 3`
    const ended = await quick({ 'stop-command': source.script('stop-half', script) })
    assert.equal(ended.code, 3, ended.stderr)
    await source.serves()
    assert.notEqual(source.pid(), pid)
    assert.deepEqual(source.notices(), [])
  })

  test('a stop command that hangs is ended, and the source it had stopped is started', async () => {
    const pid = source.pid()
    const ended = await quick({
      'stop-command': source.script('stop-hangs', `kill -TERM "$(cat ${source.at('pid')})"; exec sleep 600`),
      'stop-timeout': '2s',
    })
    assert.equal(ended.code, 3, ended.stderr)
    assert.match(stepOf(ended, 'stop').reason!, /did not end within 2000 ms/)
    await source.serves()
    assert.notEqual(source.pid(), pid)
    assert.deepEqual(source.notices(), [])
  })

  test('a stop command that lies is found out, and nothing is archived', async () => {
    const pid = source.pid()
    const params = given({ 'stop-command': '["true"]', 'stop-timeout': '1s' })
    const ended = await source.run(params, QUICK)
    assert.equal(ended.code, 1, ended.stderr)
    assert.match(checkOf(ended, 'source-stopped').reason!, /the daemon still runs/)
    assert.deepEqual([source.pid(), source.notices(), existsSync(params.out!)], [pid, [], false])
  })

  test('an interrupt while the source is being stopped ends with a source that serves', async () => {
    const pid = source.pid()
    const script = `kill -TERM "$(cat ${source.at('pid')})"; touch ${source.at('stopping')}; exec sleep 600`
    const child = source.start(given({ 'stop-command': source.script('stop-slow', script) }), QUICK)
    const ending = source.ended(child)
    await appears('stopping')
    child.kill('SIGINT')
    const ended = await ending
    assert.deepEqual([ended.code, ended.evidence?.outcome], [130, 'interrupted'], ended.stderr)
    await source.serves()
    assert.notEqual(source.pid(), pid)
    assert.deepEqual(source.notices(), [])
  })

  test('a start command that fails is told by the run, by gc and by the next run, until the source serves', async () => {
    const startFails = source.script('start-fails', 'exit 5')
    const params = given({ 'start-command': startFails })
    const ended = await source.run(params, QUICK)
    assert.equal(ended.code, 3, ended.stderr)
    assert.match(stepOf(ended, 'restart').reason!, /THE SOURCE IS STOPPED: its start command ended with exit 5/)
    const undone = ended.evidence!.released.find(one => one.kind === 'undo')
    assert.deepEqual([undone?.outcome, undone?.error?.code], ['errored', 'COMMAND_FAILED'])
    assert.ok(readdirSync(params.out!).includes('SHA256SUMS'), 'the set that was made stays')

    const told = new RegExp(
      `^SOURCE STOPPED: ${source.state} was stopped by run backup-.*\n {2}start it {2}${startFails}\n`,
    )
    assert.match(await source.gc(), told)
    assert.match((await source.run({ ...params, out: undefined }, QUICK)).stderr, told)

    execFileSync(source.at('start'))
    await source.serves()
    const next = await quick({})
    assert.equal(next.code, 0, next.stderr)
    assert.match(next.stderr, told)
    assert.deepEqual(source.notices(), [])
  })

  test('SIGKILL between stop and start: gc and the next run say first how to start the source', async () => {
    const script = `touch ${source.at('starting')}; exec sleep 600`
    const startCommand = source.script('start-waits', script)
    const child = source.start(given({ 'start-command': startCommand }), QUICK)
    const ending = source.ended(child)
    await appears('starting')
    child.kill('SIGKILL')
    const ended = await ending
    assert.deepEqual([ended.evidence, source.pid()], [undefined, undefined])

    const told = new RegExp(
      `^SOURCE STOPPED: ${source.state} .*\n {2}start it {2}${startCommand}\n {2}then {6}rm .*/stopped-sources/`,
    )
    assert.match(await source.gc(), told)
    assert.match((await quick({ out: undefined })).stderr, told)
    const [notice, ...more] = source.notices()
    assert.deepEqual(more, [])
    // As it says itself: the run that finds the source serving again is that of the test before.
    rmSync(join(source.noticesDir, notice!))
    execFileSync(source.at('start'))
    await source.serves()
    assert.equal(await source.gc(), 'nothing to clear\n')
  })

  test('a full disk leaves no partial archive, and the source is started again', async t => {
    if (process.getuid?.() !== 0) return t.skip('mounting a small file system needs root')
    source.write('workspace/incompressible', randomBytes(3 << 20))
    const out = fresh()
    mkdirSync(out)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', out])
    try {
      const pid = source.pid()
      const ended = await quick({ out })
      assert.equal(ended.code, 3, ended.stderr)
      assert.match(stepOf(ended, 'archive').reason!, /^DISK_FULL: /)
      assert.deepEqual(readdirSync(out), [])
      await source.serves()
      assert.notEqual(source.pid(), pid)
      assert.deepEqual(source.notices(), [])
    } finally {
      execFileSync('umount', [out])
    }
  })
})
