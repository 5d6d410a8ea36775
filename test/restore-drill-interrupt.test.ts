import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { archives } from '../src/adapters/archive/archives.ts'
import { verifyJournal } from '../src/evidence/journal.ts'
import { makeDrillSite } from './drill-site.ts'
import { leftovers, processesNaming, untilEmpty } from './leftovers.ts'
import { type Drill, type Ended, evidenceOf, RunningDrill, runproof } from './run-drill.ts'

const STEPS = ['receive', 'unpack', 'start', 'validate', 'tear-down', 'search', 'conclude']
const begins = (step: string) => new RegExp(`^${STEPS.indexOf(step) + 1}/${STEPS.length} `)

describe('the restore drill is stopped', { timeout: 400_000, concurrency: 2 }, async () => {
  const site = await makeDrillSite()
  const { root, given } = site
  const trees = [site.state, site.workspace, site.set]
  const before = await Promise.all(trees.map(tree => archives.describeTree(tree)))
  after(async () => {
    assert.deepEqual(
      await Promise.all(trees.map(tree => archives.describeTree(tree))),
      before,
      'the source is as it was',
    )
    site[Symbol.dispose]()
  })

  for (const step of ['receive', 'unpack', 'start', 'validate', 'tear-down']) {
    test(`by SIGINT as ${step} begins: sealed as interrupted, and nothing is left`, async () => {
      await assertSealed(await stopped({ root, params: given }, 'SIGINT', drill => drill.line(begins(step))))
    })
  }

  // Where something runs or lies there that the run would have ended or removed itself.
  for (const step of ['unpack', 'start', 'validate', 'tear-down', 'search']) {
    test(`by SIGKILL as ${step} begins: its children die, and gc removes the rest`, async () => {
      const run = await stopped({ root, params: given }, 'SIGKILL', drill => drill.line(begins(step)))
      await assertSwept(run, STEPS.indexOf(step))
    })
  }

  test('by SIGINT while subjects are being broken', async () => {
    await assertSealed(await stopped({ root, params: given, counterproofs: 'all' }, 'SIGINT', breakingSubjects))
  })

  test('by SIGKILL while subjects are being broken', async () => {
    await assertSwept(await stopped({ root, params: given, counterproofs: 'all' }, 'SIGKILL', breakingSubjects), 2)
  })

  test('by SIGKILL with trees in a directory of the operator: gc removes what the run made there', async () => {
    const place = join(root, 'restore-here')
    const params = { ...given, 'restore-dir': place, keep: 'yes' }
    const run = await stopped({ root, params }, 'SIGKILL', drill => drill.line(/^3\/7 /))
    assert.deepEqual(readdirSync(place).toSorted(), ['counterproofs', 'state', 'workspace'])
    await assertSwept(run, 2)
    assert.deepEqual(readdirSync(place), [])
  })

  test('by SIGTERM while the source it seeded itself runs', async () => {
    await assertSealed(await stopped({ root }, 'SIGTERM', drill => drill.line(/^\d+\/\d+ Write the state marker/)))
  })

  test('by SIGKILL while the source it seeded itself runs', async () => {
    await assertSwept(await stopped({ root }, 'SIGKILL', drill => drill.line(/^\d+\/\d+ Write the state marker/)), 1)
  })

  test('by SIGINT while it waits for an archive that never comes', async () => {
    const params = { ...given, 'state-archive': undefined, 'fetch-command': '["sleep","61"]' }
    const run = await stopped({ root, params }, 'SIGINT', async drill => {
      await until(() => childrenOf(drill.child.pid!).some(words => words.includes('sleep 61')))
    })
    await assertSealed(run)
  })

  test('by two SIGINTs: it ends at once, its children with it, and gc removes the rest', async () => {
    const drill = new RunningDrill({ root, params: given })
    await drill.line(/^4\/7 /)
    drill.child.kill('SIGINT')
    await drill.line(/once more stops now/)
    drill.child.kill('SIGINT')
    const ended = await drill.ended
    assert.equal(ended.status, 130)
    assert.deepEqual(await untilEmpty(() => processesNaming(drill.workDir), 5_000), [])
    const swept = await runproof(drill.env, ['gc', '--reports', drill.reportsDir, '--work', drill.workDir])
    assert.equal(swept.status, 0, swept.stdout)
    assert.deepEqual(await leftovers(drill.workDir), [])
  })
})

interface Stopped {
  readonly drill: RunningDrill
  readonly ended: Ended
}

async function stopped(
  what: Drill,
  signal: NodeJS.Signals,
  when: (drill: RunningDrill) => Promise<void>,
): Promise<Stopped> {
  const drill = new RunningDrill(what)
  await when(drill)
  drill.child.kill(signal)
  return { drill, ended: await drill.ended }
}

async function assertSealed({ drill, ended }: Stopped): Promise<void> {
  const evidence = evidenceOf(ended)
  assert.deepEqual([ended.status, evidence.outcome], [130, 'interrupted'], ended.stderr)
  assert.deepEqual(await leftovers(ended.workDir), [])
  assert.deepEqual(
    evidence.released.filter(one => one.outcome === 'errored'),
    [],
  )
  const verified = await runproof(drill.env, ['evidence', 'verify', join(ended.reportsDir, ended.reports[0]!)])
  assert.match(verified.stdout, /intact|verified|ok/i)
}

/** @param steps - how many steps must have been journalled as ended */
async function assertSwept({ drill, ended }: Stopped, steps: number): Promise<void> {
  assert.equal(ended.signal, 'SIGKILL')
  assert.deepEqual(await untilEmpty(() => processesNaming(ended.workDir), 5_000), [])
  const [name] = ended.reports
  const { records } = verifyJournal(readFileSync(join(ended.reportsDir, name!, 'journal.jsonl'), 'utf8'))
  assert.ok(records.filter(record => record.type === 'step-ended').length >= steps, 'what ended is in the journal')
  const places = ['--reports', ended.reportsDir, '--work', ended.workDir]
  const swept = await runproof(drill.env, ['gc', ...places])
  assert.deepEqual([swept.status, swept.stderr], [0, ''])
  assert.match(swept.stdout, /swept .*\n(.*\n)*unsealed .*journal intact/)
  assert.deepEqual(await leftovers(ended.workDir), [])
  assert.match((await runproof(drill.env, ['gc', ...places])).stdout, /unsealed/)
}

/** A daemon runs on a copy that a counterproof broke. */
async function breakingSubjects(drill: RunningDrill): Promise<void> {
  await drill.line(/^3\/7 /)
  await until(() => processesNaming(drill.workDir).some(words => words.includes('/counterproofs/')))
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!holds()) {
    assert.ok(performance.now() < deadline, 'what the test waits for never came')
    await sleep(10)
  }
}

function childrenOf(pid: number): string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return children.flatMap(child => {
    try {
      return [readFileSync(`/proc/${child}/cmdline`, 'utf8').replaceAll('\0', ' ')]
    } catch {
      return []
    }
  })
}
