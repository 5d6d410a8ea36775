import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { clock } from '../src/adapters/clock.ts'
import { files } from '../src/adapters/files.ts'
import { http } from '../src/adapters/http/port.ts'
import { ownName } from '../src/adapters/replace-file/own-names.ts'
import { replaceFile } from '../src/adapters/replace-file/replace-file.ts'
import { fileWhole, nobodyShutOut, tokenReplaced } from '../src/checks/tokens/token-rotation.ts'
import { randomSecret } from '../src/daemon/random-secret.ts'
import { type Daemon, daemon } from '../src/daemon/subjects.ts'
import { CapturedValues } from '../src/model/capture.ts'
import type { CheckContext } from '../src/model/check.ts'
import { Secret } from '../src/model/secret.ts'
import { startClients } from '../src/rotation/tokens/clients.ts'
import { type RotateOptions, rotateUnderLoad } from '../src/rotation/tokens/rotate.ts'
import type { Rotation } from '../src/rotation/tokens/subjects.ts'
import standIn from '../src/targets/stand-in.ts'
import { memoryTools } from '../src/testing/memory-tools.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf, RunningDrill, runDrill, runproof } from './run-drill.ts'
import { proofsOf, RunningStandIn } from './run-suite.ts'

const root = mkdtempSync(join(tmpdir(), 'rotate-tokens-'))
after(() => rmSync(root, { recursive: true, force: true }))

const runbook = (id: string) => resolve(import.meta.dirname, '..', 'runbooks', `${id}.ts`)
const statusOf = async ({ daemon: asked }: RunningStandIn, token: string, path = '/v1/status') =>
  (await asked.get(path, token)).status
const given = ({ daemon: asked, site }: RunningStandIn) => ({
  'base-url': asked.url,
  'admin-token-file': site.adminFile,
  'readonly-token-file': site.readOnlyFile,
})
const held = (file: string) => readFileSync(file, 'utf8')

describe('the rotation of a control-plane token', { timeout: 120_000, concurrency: 2 }, () => {
  test('passes on a daemon of its own without a gap, with every counterproof red', async context => {
    const ended = await runDrill({ root, runbook: runbook('rotate-admin-token'), counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects >= 18, `${onSubjects} on subjects`)
    const { facts } = evidence
    const fact = (name: string) => facts[`rotation.${name}`]
    context.diagnostic(
      `${fact('requests')} requests at ${fact('perSecond')}/s, longest silence ${fact('longestSilenceMs')} ms`,
    )
    assert.deepEqual([fact('gapMs'), fact('neither'), fact('tornReads')], [0, 0, 0])
    // How many there are is a matter of the machine; that there were some of each is not.
    assert.ok(Number(fact('requests')) > 20 && Number(fact('fileReads')) > 0)
    // Of those on their way at the swap each is refused once; the daemon's limiter lets sixty through in a minute.
    assert.ok(Number(fact('refusals')) < 20, `${fact('refusals')} refusals`)
    assert.match(String(fact('heldStream')), /^still open/)
    assert.deepEqual(
      evidence.artifacts.map(one => one.path),
      ['artifacts/rotation.json'],
    )
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('asks before it changes a running daemon, and then replaces what lies behind a data link', async () => {
    await using running = await RunningStandIn.start()
    const { site } = running
    const how = { root, runbook: runbook('rotate-readonly-token') }
    const denied = await runDrill({ ...how, params: given(running) })
    assert.equal(denied.status, 4, denied.stderr)
    assert.equal(held(site.readOnlyFile), `${site.readOnly}\n`)

    mkdirSync(join(site.folder, '..2026_01_02'))
    renameSync(site.readOnlyFile, join(site.folder, '..2026_01_02', 'read-only'))
    symlinkSync('..2026_01_02', join(site.folder, '..data'))
    symlinkSync('..data/read-only', site.readOnlyFile)
    const params = { ...given(running), style: 'data-link', 'probe-rate': '50' }
    const passed = await runDrill({ ...how, params, flags: ['--yes=stand-in', '--secret', 'new=generate'] })
    const evidence = assertPassed(passed)
    const rows = held(join(site.stateRoot, 'control-plane-auth', 'audit.jsonl'))
      .trimEnd()
      .split('\n')
    assert.equal(evidence.facts['rotation.auditRows'], rows.length, rows.join('\n'))
    const next = held(site.readOnlyFile).trim()
    assert.equal(next.length, 43)
    assert.deepEqual(
      [await statusOf(running, next), await statusOf(running, site.readOnly), await statusOf(running, site.admin)],
      [200, 401, 200],
    )
    assert.equal(await statusOf(running, next, '/v1/runtime/secrets'), 403)
    const { gapMs, style } = Object.fromEntries(
      Object.entries(evidence.facts).map(([name, value]) => [name.replace('rotation.', ''), value]),
    )
    assert.deepEqual([gapMs, style], [0, 'data-link'])
    // Also who stops the run later, or whose consumers fail, is told what the file holds.
    const told = `${site.readOnlyFile} holds the new read-only token since ${evidence.facts['rotation.replacedAt']}`
    assert.ok(passed.stdout.includes(`assumed   ${told}, and the old one is stored nowhere`), passed.stdout)
    const proofs = evidence.steps.flatMap(step => step.checks.flatMap(check => check.counterproofs))
    assert.deepEqual([...new Set(proofs.filter(({ on }) => on === 'subject').map(one => one.outcome))], ['not-run'])
    for (const text of [passed.stdout, passed.stderr, JSON.stringify(evidence)])
      assert.ok(!text.includes(next) && !text.includes(site.readOnly))
  })

  test('refuses a new token that is none before it writes anything, and never shows it', async () => {
    await using running = await RunningStandIn.start()
    const { site } = running
    const file = join(root, 'bad-token')
    writeFileSync(file, `${site.readOnly}\n`)
    const flags = ['--yes=stand-in', '--secret', `new=file:${file}`]
    const ended = await runDrill({ root, runbook: runbook('rotate-admin-token'), params: given(running), flags })
    assert.equal(ended.status, 1, ended.stderr)
    const evidence = evidenceOf(ended)
    const { outcome, reason } = checkOf(evidence, 'new-token-fits')
    assert.deepEqual(
      [outcome, /it is the token of the other role; nothing was written/.test(reason!)],
      ['failed', true],
    )
    assert.match(evidence.steps.find(({ id }) => id === 'rotate')!.reason!, /look/)
    assert.equal(held(site.adminFile), `${site.admin}\n`)
    assert.ok(!JSON.stringify(evidence).includes(site.readOnly))
  })
})

describe('a rotation that breaks down says what each file holds', { timeout: 60_000, concurrency: 2 }, () => {
  /** Runs the rotation of the admin token, and acts once the file has the new one. */
  async function brokenBy(running: RunningStandIn, act: (run: RunningDrill) => void) {
    const { adminFile, admin } = running.site
    const run = new RunningDrill({
      root,
      runbook: runbook('rotate-admin-token'),
      params: given(running),
      flags: ['--yes=stand-in'],
    })
    const replaced = Promise.withResolvers<void>()
    const watcher = watch(dirname(adminFile), () => {
      if (held(adminFile) !== `${admin}\n`) replaced.resolve()
    })
    await Promise.race([replaced.promise, run.ended])
    watcher.close()
    act(run)
    return run.ended
  }
  function assertTold({ site }: RunningStandIn, { assumptions, facts }: ReturnType<typeof evidenceOf>) {
    const told = [
      `${site.adminFile} holds the new admin token since ${facts['rotation.replacedAt']}, and the old one is stored nowhere`,
      `${site.readOnlyFile} holds the read-only token that it held before: nothing was written to it`,
      `which admin token the daemon goes by has to be asked, with the one in ${site.adminFile}: this run ended before it was sure`,
    ]
    assert.deepEqual(
      told.filter(one => !assumptions.includes(one)),
      [],
    )
  }

  test('because it was interrupted', async () => {
    await using running = await RunningStandIn.start(['late-token-reload'])
    const ended = await brokenBy(running, run => run.child.kill('SIGINT'))
    assert.equal(ended.status, 130, ended.stderr)
    assertTold(running, evidenceOf(ended))
  })

  test('because the daemon died in the middle of it', async () => {
    await using running = await RunningStandIn.start(['late-token-reload'])
    const ended = await brokenBy(running, () => running.daemon.child.kill('SIGKILL'))
    assert.equal(ended.status, 3, ended.stderr)
    const evidence = evidenceOf(ended)
    assertTold(running, evidence)
    assert.match(evidence.steps.find(({ id }) => id === 'rotate')!.reason!, /holds the new token already/)
  })

  test('unless it was killed: then gc clears away the copies of a secret that it left beside the file', async () => {
    await using running = await RunningStandIn.start(['late-token-reload'])
    const { adminFile } = running.site
    let run: RunningDrill | undefined
    const ended = await brokenBy(running, one => {
      run = one
      // As it is between the copy and the rename.
      writeFileSync(join(dirname(adminFile), ownName(`.${basename(adminFile)}`)), 'a copy of a secret', { mode: 0o600 })
      one.child.kill('SIGKILL')
    })
    const copies = () => readdirSync(dirname(adminFile)).filter(name => name.startsWith('.'))
    const [copy] = copies()
    // It is the copy of this process until it has the name of one that has ended.
    renameSync(
      join(dirname(adminFile), copy!),
      join(dirname(adminFile), copy!.replace(`-${process.pid}-`, `-${run!.child.pid}-`)),
    )
    const places = ['--reports', ended.reportsDir, '--work', ended.workDir]
    const swept = await runproof(run!.env, ['gc', ...places])
    assert.ok(swept.stdout.includes(`swept     ${adminFile}: 1 copies of a secret`), swept.stdout)
    assert.deepEqual(copies(), [])
    assert.match(held(adminFile), /^s[\w-]{43}\n$/)
  })
})

describe('a token that is replaced under load', { timeout: 60_000, concurrency: 2 }, () => {
  /** One rotation of the admin token of a stand-in, without the engine around it. */
  async function rotated(running: RunningStandIn, options: Partial<RotateOptions> = {}): Promise<Rotation> {
    const { site, daemon: asked } = running
    await using instance = await http.connect({ baseUrl: asked.url })
    const [from, other] = [new Secret('from', site.admin), new Secret('other', site.readOnly)]
    const reached = { reached: 'running', instance: instance as unknown as Daemon['instance'] } as const
    const context = {
      values: new CapturedValues().with(daemon, reached),
      target: standIn,
      tools: memoryTools({ clock, files, replaceFile }),
      signal: new AbortController().signal,
      deadlineMs: 5_000,
    } as unknown as CheckContext
    const swap = { role: 'admin', file: site.adminFile, from, to: randomSecret('to'), other, replaced: false } as const
    const asking = await startClients(context, swap, 100)
    try {
      return await rotateUnderLoad(context, swap, { style: 'rename', withinMs: 1_000, maxGapMs: 0, ...options }, asking)
    } finally {
      await asking.end()
    }
  }
  const said = (judgement: ReturnType<typeof tokenReplaced.judge>) =>
    judgement.outcome === 'failed' ? judgement.reason : judgement.outcome
  const judged = (seen: Rotation) => [tokenReplaced, nobodyShutOut, fileWhole].map(check => said(check.judge(seen)))

  test('counts at once, however its file is written', async () => {
    await using running = await RunningStandIn.start()
    const seen = await rotated(running, { style: 'in-place' })
    assert.equal(said(tokenReplaced.judge(seen)), 'passed')
    assert.ok(seen.firstNewMs! <= seen.waitedMs + seen.replacedMs && seen.load.accepted > 5, JSON.stringify(seen))
    assert.match(held(running.site.adminFile), /^s[\w-]{43}\n$/)
    assert.deepEqual(
      readdirSync(dirname(running.site.adminFile)).filter(name =>
        name.startsWith(`.${basename(running.site.adminFile)}`),
      ),
      [],
    )
  })

  test('is reported with how long was waited where the daemon reads its file late, and nobody was shut out', async () => {
    await using running = await RunningStandIn.start(['late-token-reload'])
    const [replaced, shutOut, whole] = judged(await rotated(running))
    assert.match(replaced!, /^the new token gave 401 afterwards, expected 200; waited \d{4} ms, and no longer$/)
    assert.deepEqual([shutOut, whole], ['passed', 'passed'])
  })

  test('counts late where that much time is given, and is still without a gap', async () => {
    await using running = await RunningStandIn.start(['late-token-reload'])
    const seen = await rotated(running, { withinMs: 10_000 })
    assert.deepEqual(judged(seen), ['passed', 'passed', 'passed'])
    assert.ok(seen.waitedMs > 500 && seen.lastOldMs! > 500, JSON.stringify(seen))
    assert.ok(seen.refusals < 20, `${seen.refusals} refusals`)
  })

  test('is reported where the daemon goes on accepting the old one, after the time that was given', async () => {
    await using running = await RunningStandIn.start(['stale-token'])
    const [replaced, shutOut] = judged(await rotated(running))
    assert.match(replaced!, /^the old token gave 200 afterwards, expected 401; waited \d{4} ms, and no longer$/)
    assert.equal(shutOut, 'passed')
  })

  test('is left alone where somebody else replaced it a moment before', async () => {
    await using running = await RunningStandIn.start()
    const { site } = running
    const rotating = rotated(running)
    writeFileSync(`${site.adminFile}.theirs`, 'the-token-of-somebody-else')
    renameSync(`${site.adminFile}.theirs`, site.adminFile)
    await assert.rejects(rotating, { code: 'FILE_NOT_REPLACED', message: /somebody else replaced it; nothing was/ })
    assert.equal(held(site.adminFile), 'the-token-of-somebody-else')
  })

  test('lies in its file where the daemon dies meanwhile, and that is said', async () => {
    await using running = await RunningStandIn.start()
    const { site, daemon: asked } = running
    const replace = async () => {
      await replaceFile.replace(site.adminFile, new Secret('to', 'the-token-of-a-daemon-that-died'), 'rename')
      asked.child.kill('SIGKILL')
      await new Promise(ended => asked.child.once('exit', ended))
    }
    await assert.rejects(rotated(running, { replace }), {
      code: 'TARGET_UNREACHABLE',
      message: /holds the new token already, the old one is gone/,
    })
  })
})
