import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { clock } from '../src/adapters/clock.ts'
import { identify } from '../src/adapters/process/identity.ts'
import { holdLease } from '../src/adapters/process/lease.ts'
import { takeRunOver } from '../src/adapters/process/resume-lock.ts'
import { interruptedRuns } from '../src/cli/list/interrupted-runs.ts'
import { findBrokenRun } from '../src/cli/resume/broken-run.ts'
import { refuseChanged, unchangedRunbook } from '../src/cli/resume/conditions.ts'
import { settleSteps } from '../src/cli/resume/settle.ts'
import { removeAbandoned, takeOver } from '../src/cli/resume/take-over.ts'
import { plan } from '../src/engine/plan.ts'
import { verifyJournal } from '../src/evidence/journal.ts'
import { Secret } from '../src/model/secret.ts'
import standIn from '../src/targets/stand-in.ts'
import { type Ended, Site, type Started } from './cli/launch.ts'
import runbook, { textOf } from './testdata/break-off/runbook.ts'

const BOOK = resolve(import.meta.dirname, 'testdata', 'break-off', 'runbook.ts')
const site = new Site()
const home = { ...site.env, GIVEN: 'a-value-that-was-given' }
const log = (place: string) => textOf(join(place, 'log')).split('\n').slice(0, -1)
const digest = (of: string) =>
  globSync('**/*', { cwd: of, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(
      ({ parentPath, name }) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(parentPath, name)))
          .digest('hex')}`,
    )
    .sort()

/** Runs with reports of their own, and a place for what they change. */
class Ground {
  readonly place = mkdtempSync(join(site.root, 'dir-'))
  readonly reports = mkdtempSync(join(site.root, 'reports-'))
  readonly env = { ...home, RUNPROOF_REPORTS: this.reports }

  begin(...words: readonly string[]): Started {
    return site.start(['run', BOOK, '--param', `dir=${this.place}`, ...words], { env: this.env })
  }

  run(...words: readonly string[]): Promise<Ended> {
    return site.run(words, { env: this.env })
  }

  async interrupted(): Promise<readonly { readonly id: string; readonly title: string; readonly goOn: string }[]> {
    return JSON.parse((await this.run('list', 'interrupted', '--json')).stdout).interrupted
  }

  get runs(): readonly string[] {
    return globSync(['break-off-*', '.run-*'], { cwd: this.reports }).sort()
  }

  /** The id of the one run that there is. */
  get runId(): string {
    const [name, ...more] = this.runs
    assert.deepEqual(more, [])
    return name!.replace('.run-', '')
  }
}

/** Kills a run where it waits, and returns its id. */
async function die(ground: Ground, started: Started, at: string): Promise<string> {
  await started.says(`stopped at ${at}`)
  started.child.kill('SIGKILL')
  await started.ended
  return ground.runId
}

describe('a run that was interrupted', { timeout: 60_000 }, () => {
  test('says how it is gone on with, and ends well: the break is in the evidence, and nothing was done twice', async () => {
    const ground = new Ground()
    const { place, reports } = ground
    const started = ground.begin('stop-before=open', '--secret', 'given=generate')
    await started.says('stopped at open')
    started.child.kill('SIGINT')
    const first = await started.ended
    assert.equal(first.status, 130, first.stderr)
    const { runId } = ground
    assert.match(first.stdout, new RegExp(`^go on +.*run --resume ${runId}$`, 'm'))
    const old = digest(join(reports, runId))
    const shown = await ground.run('evidence', 'show', join(reports, runId))
    assert.match(shown.stdout, new RegExp(`^go on +.*run --resume ${runId}$`, 'm'))
    const [listed, ...more] = await ground.interrupted()
    assert.deepEqual([listed!.id, more], [runId, []])
    assert.match(listed!.title, /^was interrupted after 20.*Z, on stand-in$/)
    assert.match(listed!.goOn, new RegExp(`run --resume ${runId}$`))

    writeFileSync(join(place, 'go-on'), '')
    const second = await ground.run('run', '--resume', runId, '--json')
    assert.equal(second.status, 0, second.stderr)
    const evidence = JSON.parse(second.stdout)
    assert.equal(evidence.runId, `${runId}-2`)
    assert.deepEqual(
      evidence.steps.map((step: { id: string; carriedFrom?: string }) => [step.id, step.carriedFrom === runId]),
      [
        ['measure', true],
        ['level', true],
        ['swap', true],
        ['look', true],
        ['send', true],
        ['open', false],
        ['use', false],
      ],
    )
    assert.deepEqual(
      evidence.breaks.map(({ runId: of, kind }: { runId: string; kind: string }) => [of, kind]),
      [[runId, 'interrupted']],
    )
    assert.ok(evidence.assumptions.some((text: string) => text.includes(`${runId} was interrupted after`)))
    assert.ok(evidence.artifacts.some(({ path }: { path: string }) => path === 'artifacts/opened.txt'))
    assert.deepEqual(log(place), ['measure', 'level', 'swap', 'look', 'send', 'open', 'open', 'use'])
    for (const run of [runId, `${runId}-2`]) {
      const verified = await ground.run('evidence', 'verify', join(reports, run))
      assert.equal(verified.status, 0, verified.stderr)
    }
    assert.deepEqual(digest(join(reports, runId)), old)

    assert.deepEqual(await ground.interrupted(), [])
    const again = await ground.run('run', '--resume', runId)
    assert.equal(again.status, 2)
    assert.match(again.stderr, new RegExp(`taken over as ${runId}-2 at .* by .* on .*; which ended`))
    const ended = await ground.run('run', '--resume', `${runId}-2`)
    assert.deepEqual([ended.status, /came to its own end: passed/.test(ended.stderr)], [2, true], ended.stderr)
  })
})

describe('a run that died', { timeout: 60_000 }, () => {
  test('is refused while it lives, told by gc, asked about, and gone on with by one of two at once', async () => {
    const ground = new Ground()
    const { place } = ground
    const started = ground.begin('stop-after=send', '--secret', 'given=env:GIVEN')
    await started.says('stopped at send')
    const { runId } = ground
    const alive = await ground.run('run', '--resume', runId)
    assert.equal(alive.status, 2)
    assert.match(
      alive.stderr,
      new RegExp(`still runs: process ${started.child.pid} on .*\\n.*kill -INT ${started.child.pid}`),
    )
    assert.deepEqual(await ground.interrupted(), [])
    await die(ground, started, 'send')

    const [listed] = await ground.interrupted()
    assert.match(`${listed?.title}: ${listed?.goOn}`, new RegExp(`died after .*--resume ${runId} --secret given=…$`))
    const { stdout } = await ground.run('gc')
    assert.match(stdout, new RegExp(`go on +.*run --resume ${runId} --secret given=…$`, 'm'))
    const without = await ground.run('run', '--resume', runId, '--done', 'send')
    assert.deepEqual([without.status, /--secret given=file:PATH/.test(without.stderr)], [2, true], without.stderr)
    const given = ['run', '--resume', runId, '--secret', 'given=env:GIVEN'] as const
    const unasked = await ground.run(...given)
    assert.deepEqual([unasked.status, /--done send, or --repeat send/.test(unasked.stderr)], [4, true], unasked.stderr)
    const stray = await ground.run(...given, '--done', 'send', '--repeat', 'look')
    assert.deepEqual([stray.status, /nothing is asked about that step/.test(stray.stderr)], [2, true], stray.stderr)
    assert.deepEqual(ground.runs, [`.run-${runId}`])

    const both = await Promise.all([1, 2].map(() => ground.run(...given, '--done', 'send')))
    assert.deepEqual(both.map(({ status }) => status).sort(), [0, 2], both.map(({ stderr }) => stderr).join('\n'))
    assert.match(
      both.find(({ status }) => status === 2)!.stderr,
      /taken over|going on with that run|being run by another/,
    )
    assert.deepEqual(log(place), ['measure', 'level', 'swap', 'look', 'send', 'open', 'use'])
    assert.match((await ground.run('gc')).stdout, new RegExp(`go on +taken over as ${runId}-2`))
  })

  test('and wakes up again after it was taken over does nothing more, and is not sealed', async () => {
    const ground = new Ground()
    const { place, reports } = ground
    const started = ground.begin('stop-after=level', '--secret', 'given=env:GIVEN')
    await started.says('stopped at level')
    const { runId } = ground
    const holder = { ...identify(process.pid)!, pid: 1 }
    const taken = { runId, as: `${runId}-2`, holder, host: 'elsewhere', user: 'jo', takenAt: 'now', staged: 'none' }
    assert.ok(takeRunOver(reports, taken))
    assert.ok(!takeRunOver(reports, taken))
    writeFileSync(join(place, 'go-on'), '')
    const { status, stderr } = await started.ended
    assert.equal(status, 3, stderr)
    assert.match(stderr, /taken over as .*-2 at now by jo on elsewhere: this process does nothing more/)
    assert.deepEqual(log(place), ['measure', 'level'])
    assert.ok(statSync(join(reports, `.run-${runId}`)).isDirectory())
  })
})

describe('going on is refused', { timeout: 60_000 }, async () => {
  const ground = new Ground()
  const { place, reports } = ground
  const runId = await die(ground, ground.begin('stop-after=swap', '--secret', 'given=env:GIVEN'), 'swap')
  const places = (reportsDir: string) => ({ reportsDir, workDir: site.work, stateDir: join(site.root, 'state') })
  const prepared = {
    plan: plan(runbook, standIn, { dir: place, 'stop-after': 'swap' }),
    path: BOOK,
    allowedSkips: [],
    secrets: { given: new Secret('given', 'a-value-that-was-given') },
  }
  const policy = { rules: [], facts: {} }
  /** Reports of its own, with that run in them. */
  function copied(change: (run: string) => void = () => {}): string {
    const reportsDir = mkdtempSync(join(site.root, 'reports-'))
    cpSync(join(reports, `.run-${runId}`), join(reportsDir, `.run-${runId}`), { recursive: true })
    change(join(reportsDir, `.run-${runId}`))
    return reportsDir
  }
  const journal = (run: string) => join(run, 'journal.jsonl')

  test('for nothing that is not so', async () => {
    const broken = await findBrokenRun(runId, places(copied()))
    assert.equal(broken.kind, 'died')
    refuseChanged(broken, prepared, { policy })
    assert.equal(await unchangedRunbook(broken), BOOK)
    const byPath = await findBrokenRun(join(reports, `.run-${runId}`), places(reports))
    assert.equal(byPath.run.runId, runId)
  })

  test('for a run that is not there, or lies elsewhere', async () => {
    await assert.rejects(findBrokenRun('nobody', places(reports)), { code: 'USAGE', message: /no such run/ })
    const elsewhere = findBrokenRun(join(copied(), `.run-${runId}`), places(reports))
    await assert.rejects(elsewhere, { code: 'USAGE', message: /is not in/ })
  })

  test('for a journal that was changed, is empty, or has another run’s name', async () => {
    const edited = copied(run => writeFileSync(journal(run), textOf(journal(run)).replace('"passed"', '"failed"')))
    await assert.rejects(findBrokenRun(runId, places(edited)), { code: 'JOURNAL_BROKEN' })
    const empty = copied(run => writeFileSync(journal(run), ''))
    await assert.rejects(findBrokenRun(runId, places(empty)), { code: 'JOURNAL_BROKEN' })
    const other = copied(run => renameSync(run, `${run}x`))
    await assert.rejects(findBrokenRun(`${runId}x`, places(other)), {
      code: 'NOT_RESUMABLE',
      message: /holds the journal of/,
    })
    const quarantined = copied(run => renameSync(run, join(run, '..', `${runId}.quarantined`)))
    await assert.rejects(findBrokenRun(`${runId}.quarantined`, places(quarantined)), { message: /quarantine/ })
  })

  test('with another runbook, other rules, or without its secrets: both values are named', async () => {
    const broken = await findBrokenRun(runId, places(copied()))
    const file = join(site.root, 'other.ts')
    writeFileSync(file, '// another')
    const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
    const moved = { ...broken, origin: { ...broken.origin, runbookFile: file } }
    await assert.rejects(unchangedRunbook(moved), {
      code: 'NOT_RESUMABLE',
      message: new RegExp(`runbook break-off was ${sha256(BOOK)}, and is ${sha256(file)}`),
    })
    writeFileSync(file, "import './beside.ts'")
    writeFileSync(join(site.root, 'beside.ts'), '')
    const beside = { 'beside.ts': sha256(file), 'gone.ts': 'abc' }
    const importing = { ...moved.origin, runbookSha256: sha256(file), importedSha256: beside }
    await assert.rejects(unchangedRunbook({ ...moved, origin: importing }), {
      code: 'NOT_RESUMABLE',
      message: new RegExp(
        `beside.ts, which it imports, was ${sha256(file)}, and is ${sha256(join(site.root, 'beside.ts'))}; gone.ts.* is none`,
      ),
    })
    const ruled = { policy: { rules: [], facts: { 'policy.sha256': 'abc' } } }
    assert.throws(() => refuseChanged(broken, prepared, ruled), { message: /policy.sha256 was none, and is abc/ })
    assert.throws(() => refuseChanged(broken, { ...prepared, secrets: {} }, { policy }), {
      code: 'USAGE',
      message: /given/,
    })
    const shorter = { ...prepared, plan: { ...prepared.plan, steps: prepared.plan.steps.slice(1) } }
    assert.throws(() => refuseChanged(broken, shorter, { policy }), { message: /the steps was|the steps were/ })
  })

  test('while its process may live in another container, which nobody can see from here, unless somebody looked', async () => {
    const reportsDir = copied()
    // What the killed process left of it.
    rmSync(join(site.work, runId), { recursive: true, force: true })
    await using lease = await holdLease({ workDir: site.work, runId, runDir: reportsDir })
    const file = join(lease.scratchDir, 'lease.json')
    writeFileSync(file, textOf(file).replace(/"pidNamespace": "\d+"/, '"pidNamespace": "7"'))
    await assert.rejects(findBrokenRun(runId, places(reportsDir)), {
      code: 'NOT_RESUMABLE',
      message: /is run by process \d+ in another container \(pid namespace 7\) on .*, and nobody can see from here/,
      hint: new RegExp(`--resume ${runId} --ended$`),
    })
    const [listed] = await interruptedRuns([runId], places(reportsDir))
    assert.match(
      `${listed!.title}: ${listed!.goOn}`,
      /^goes on or died after .* \(pid namespace 7\) has ended, then: .* --resume .* --ended$/,
    )
    const broken = await findBrokenRun(runId, places(reportsDir), true)
    await takeOver(broken, 'jo', clock, text => text)
    const told = verifyJournal(textOf(journal(join(reportsDir, `.run-${runId}-2`)))).records.at(-1)!
    assert.match(String(told.data['assumed']), /which can't be seen from here, had ended: so jo said \(--ended\)$/)
  })

  test('in a directory that others may write to: they would decide what need not be run, and what is', async () => {
    const open = copied(run => chmodSync(run, 0o777))
    await assert.rejects(findBrokenRun(runId, places(open)), {
      code: 'NOT_RESUMABLE',
      message: /not a directory that only you can write to/,
    })
  })

  test('where the old run writes again while it is taken over: it is given back, and nothing is left', async () => {
    const reportsDir = copied()
    const broken = await findBrokenRun(runId, places(reportsDir))
    const file = journal(join(reportsDir, `.run-${runId}`))
    let asked = 0
    // Of the two records of the break, and of the lock.
    const now = () => {
      asked += 1
      if (asked === 3) appendFileSync(file, Buffer.from('{"at":"2é').subarray(0, -1))
      return new Date()
    }
    const taking = takeOver(broken, 'jo', { now, monotonicMs: () => 0, sinceBootMs: () => 0 }, text => text)
    await assert.rejects(taking, { code: 'NOT_RESUMABLE', message: /it still runs somewhere/ })
    assert.deepEqual(globSync('**/*', { cwd: join(reportsDir, '.resumed') }), [])
    const again = await findBrokenRun(runId, places(reportsDir))
    assert.equal(again.tornBytes, 9)
    await takeOver(again, 'jo', clock, text => text)
    const { records } = verifyJournal(textOf(journal(join(reportsDir, `.run-${runId}-2`))))
    const [broke, resumed] = records.slice(-2)
    assert.deepEqual([broke!.type, broke!.data['tornBytes'], resumed!.type], ['run-broken', 9, 'run-resumed'])
    await assert.rejects(
      takeOver(again, 'jo', clock, text => text),
      { code: 'NOT_RESUMABLE', message: /a moment ago/ },
    )
  })

  test('where the new directory can not get its name: the run is given back', async () => {
    const reportsDir = copied()
    const broken = await findBrokenRun(runId, places(reportsDir))
    const inTheWay = join(reportsDir, `.run-${runId}-2`)
    mkdirSync(join(inTheWay, 'full'), { recursive: true })
    await assert.rejects(takeOver(broken, 'jo', clock, text => text))
    assert.deepEqual(globSync('**/*', { cwd: join(reportsDir, '.resumed') }), [])
    rmSync(inTheWay, { recursive: true })
    await takeOver(await findBrokenRun(runId, places(reportsDir)), 'jo', clock, text => text)
  })

  test('where the runbook says that it can not be gone on with, and where the journal does not say enough', async () => {
    const other = new Ground()
    const stopped = await die(other, other.begin('stop-after=level', 'resumable=no'), 'level')
    await assert.rejects(findBrokenRun(stopped, places(other.reports)), {
      code: 'NOT_RESUMABLE',
      message: /it was told so/,
    })
    assert.doesNotMatch((await other.run('gc')).stdout, /go on/)
  })

  test('with words that contradict a run that knows them', async () => {
    const words: readonly [readonly string[], RegExp][] = [
      [['break-off', '--resume', runId], /one too many/],
      [['--resume', runId, '--param', 'dir=/x'], /--param does not go with --resume/],
      [['--resume', runId, '--counterproofs', 'all'], /--counterproofs does not go with/],
      [['--resume', runId, '--target', 'kheish'], /acts on stand-in, and --target says kheish/],
      [[BOOK, '--done', 'swap'], /--resume does not name one/],
      [[BOOK, '--ended'], /--resume does not name one/],
    ]
    await Promise.all(
      words.map(async ([given, said]) => {
        const { status, stderr } = await ground.run('run', ...given)
        assert.deepEqual([status, said.test(stderr)], [2, true], stderr)
      }),
    )
  })

  test('by no answer: what nobody says is not guessed', async () => {
    const broken = await findBrokenRun(runId, places(copied()))
    const steps = prepared.plan.steps.map(step => (step.id === 'swap' ? { ...step, resume: 'once' as const } : step))
    const none = { done: [], repeat: [] }
    await assert.rejects(settleSteps({ steps } as never, broken.run, none, undefined, 'jo'), { code: 'DENIED' })
    await assert.rejects(
      settleSteps({ steps } as never, broken.run, none, async () => undefined, 'jo'),
      { code: 'INTERRUPTED' },
    )
  })
})

test('what a process left that died while it took a run over is finished or cleared away', async () => {
  const reportsDir = mkdtempSync(join(site.root, 'reports-'))
  const dead = { bootId: 'another-boot', pid: 1, startTicks: 1 }
  const elsewhere = 'third-2.7.999999999.00000000'
  for (const name of ['run-2.999999999.00000000', 'other-2.999999999.00000000', elsewhere])
    mkdirSync(join(reportsDir, '.resumed', name), { recursive: true })
  const taken = { as: 'run-2', holder: dead, host: 'h', user: 'u', takenAt: 'now', staged: 'run-2.999999999.00000000' }
  assert.ok(takeRunOver(reportsDir, { runId: 'run', ...taken }))
  const removed = await removeAbandoned(reportsDir)
  assert.deepEqual(removed, [join(reportsDir, '.resumed', 'other-2.999999999.00000000')])
  assert.ok(statSync(join(reportsDir, '.run-run-2')).isDirectory())
  // Another container may be making it at this moment.
  assert.ok(statSync(join(reportsDir, '.resumed', elsewhere)).isDirectory())
})

test('what somebody else wrote beside the runs moves nothing and removes nothing', async () => {
  const reportsDir = mkdtempSync(join(site.root, 'reports-'))
  const precious = mkdtempSync(join(site.root, 'precious-'))
  const dead = { bootId: 'another-boot', pid: 1, startTicks: 1 }
  const taken = { runId: 'run', as: 'run-2', holder: dead, host: 'h', user: 'u', takenAt: 'now' }
  for (const wrong of [
    { ...taken, staged: `../../${basename(precious)}` },
    { ...taken, as: '../x', staged: 'run-2.1.00000000' },
  ]) {
    assert.ok(takeRunOver(reportsDir, wrong))
    await assert.rejects(removeAbandoned(reportsDir), { code: 'STATE_MALFORMED' })
    rmSync(join(reportsDir, '.resumed'), { recursive: true })
  }
  mkdirSync(join(precious, 'kept'))
  symlinkSync(precious, join(reportsDir, '.resumed'))
  assert.deepEqual(await removeAbandoned(reportsDir), [])
  assert.throws(() => takeRunOver(reportsDir, { ...taken, staged: 'run-2.1.00000000' }), { code: 'PATH_UNSAFE' })
  rmSync(join(reportsDir, '.resumed'))
  mkdirSync(join(reportsDir, '.resumed', 'theirs'), { recursive: true })
  chmodSync(join(reportsDir, '.resumed'), 0o777)
  assert.deepEqual(await removeAbandoned(reportsDir), [])
  assert.ok(statSync(join(precious, 'kept')).isDirectory())
})

after(() => rmSync(site.root, { recursive: true, force: true }))
