import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import containActivity from '../runbooks/contain-activity.ts'
import containProxyExposure from '../runbooks/contain-proxy-exposure.ts'
import containStateRoot from '../runbooks/contain-state-root-exfiltration.ts'
import containStuckTask from '../runbooks/contain-stuck-task.ts'
import { plan } from '../src/engine/plan.ts'
import type { Runbook } from '../src/model/runbook.ts'
import { decide } from '../src/policy/decide.ts'
import standIn from '../src/targets/stand-in.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { checkOf, type Ended, evidenceOf, runDrill } from './run-drill.ts'
import { proofsOf } from './run-suite.ts'
import { StandInWithProvider } from './stand-in-with-provider.ts'

const root = mkdtempSync(join(tmpdir(), 'contain-scenarios-'))
after(() => rmSync(root, { recursive: true, force: true }))

const runbook = (id: string) => resolve(import.meta.dirname, '..', 'runbooks', `${id}.ts`)
const inArtifacts = ({ reportsDir, reports }: Ended, name: string) => join(reportsDir, reports[0]!, 'artifacts', name)
const artifact = (ended: Ended, name: string) => readFileSync(inArtifacts(ended, name), 'utf8')
const command = (line: string) => `CALL_TOOL:bash:${JSON.stringify({ command: line, background: true })}`

/** A rehearsal in which everything was broken once and turned red, and nobody was there to say anything. */
async function rehearsed(id: string, people: readonly string[]) {
  const ended = await runDrill({ root, runbook: runbook(id), counterproofs: 'all' })
  const evidence = evidenceOf(ended)
  assert.deepEqual([evidence.outcome, ended.status], ['passed', 0], ended.stderr)
  const others = evidence.steps.filter(({ outcome }) => outcome !== 'passed')
  assert.deepEqual(
    others.map(step => step.id),
    ['decide-scope', ...people],
  )
  assert.deepEqual(proofsOf(evidence).notRed, [])
  await assertDocumented(evidence)
  assert.deepEqual(await leftovers(ended.workDir), [])
  for (const when of ['before', 'after']) {
    const { items } = JSON.parse(artifact(ended, `${when}/index.json`)) as {
      items: { file: string; outcome: string }[]
    }
    // Nobody was refused yet before: there is no audit log then.
    const left = items.filter(({ file, outcome }) => outcome !== 'collected' && file !== 'audit.jsonl')
    assert.deepEqual(left, [])
    for (const name of ['doctor.json', 'doctor-routes-auth.json', 'status.json', 'slots.json'])
      assert.ok(Object.keys(JSON.parse(artifact(ended, `${when}/${name}`))).length > 0)
  }
  return { ended, evidence }
}

describe('a rehearsal of a containment', { timeout: 180_000 }, () => {
  test('lists what debug capture kept, with the credential that it may show, and proves that it ended', async () => {
    const { ended, evidence } = await rehearsed('contain-debug-full', [
      'tell-stakeholders',
      'rotate-exposed',
      'keep-or-prune',
    ])
    const { captured, slots } = JSON.parse(artifact(ended, 'debug-inventory.json'))
    assert.equal(captured.length, 1)
    assert.deepEqual(
      slots.map(({ id, why }: { id: string; why: string[] }) => [id, why.length > 0]),
      [['openai.prod', true]],
    )
    assert.deepEqual(checkOf(evidence, 'nothing-captured-now').actual, { level: 'off', artifacts: null, files: 0 })
    const left = artifact(ended, 'post-incident.md')
    assert.match(left, /debug level: off; it was full/)
    assert.match(left, /permission mode: default, as before/)
    assert.match(left, /rotate slot openai\.prod/)
  })

  test('of a task that hangs is over when its processes are, and knows the file that it wrote', async () => {
    const { ended } = await rehearsed('contain-stuck-task', ['tell-stakeholders', 'restart-or-quarantine'])
    const { diff } = JSON.parse(artifact(ended, 'workspace-diff.json'))
    assert.deepEqual(diff, { added: [], changed: ['stuck-task.log'], removed: [] })
  })

  test('of what acts stops each of five, and the connector’s process with it', async () => {
    const { ended, evidence } = await rehearsed('contain-activity', ['tell-stakeholders', 'bring-back'])
    assert.deepEqual(checkOf(evidence, 'connector-gone').actual, { there: false, leases: 0, process: null })
    assert.equal(checkOf(evidence, 'session-stopped').actual, 'idle')
    assert.match(artifact(ended, 'hooks-before.json'), /runproof-hook/)
    assert.match(artifact(ended, 'connector-before.json'), /"name": "runproof-probe"/)
  })

  test('of an exposed proxy is asked from outside before and after, and its refusals are in the audit log', async () => {
    const { evidence } = await rehearsed('contain-proxy-exposure', [
      'close-public-route',
      'tell-stakeholders',
      'reopen',
    ])
    assert.deepEqual(checkOf(evidence, 'exposed-before').actual, [
      'preflight: 204 *',
      'foreign-page: 401 *',
      'no-token: 401 *',
      'unknown-token: 200 *',
    ])
    assert.deepEqual(checkOf(evidence, 'outside-shut-out').actual, [
      'preflight: 403',
      'foreign-page: 403',
      'no-token: 401',
      'unknown-token: 401',
    ])
  })
})

describe('a containment on a running daemon', { timeout: 120_000, concurrency: 2 }, () => {
  /** Somebody else's session, asked something. */
  const submit = async ({ standIn: running }: StandInWithProvider, session: string, content: string) => {
    const { daemon, site } = running
    await daemon.post('/v1/sessions', site.admin, { session_id: session })
    const answer = await daemon.post(`/v1/sessions/${session}/runs`, site.admin, { content })
    return ((await answer.json()) as { run_id: string }).run_id
  }
  const json = async ({ standIn: running }: StandInWithProvider, path: string) =>
    (await (await running.daemon.get(path, running.site.admin)).json()) as Readonly<Record<string, unknown>>
  /** A command that somebody's model left behind. */
  const leftTask = async (running: StandInWithProvider): Promise<string> => {
    const { daemon, site } = running.standIn
    await daemon.post('/v1/runtime/permission-mode', site.admin, { mode: 'bypassPermissions' })
    // One process, which ends with its daemon however that ends: a child of it would outlive a daemon that is killed.
    await submit(running, 'shells', command('exec sleep 3600'))
    let tasks: readonly { id: string }[] = []
    while (tasks.length === 0) tasks = (await json(running, '/v1/sessions/shells/tasks')) as unknown as typeof tasks
    await daemon.post('/v1/runtime/permission-mode', site.admin, { mode: 'acceptEdits' })
    return tasks[0]!.id
  }
  const params = ({ standIn: { daemon, site } }: StandInWithProvider) => ({
    'base-url': daemon.url,
    'admin-token-file': site.adminFile,
    'readonly-token-file': site.readOnlyFile,
    'state-root': site.stateRoot,
  })
  const skipping = (...ids: readonly string[]) => ids.flatMap(id => ['--allow-skip', `${id}=nobody is here`])

  test('stops what is named and nothing else, each after it was asked for', async () => {
    await using running = await StandInWithProvider.start()
    const { daemon, site } = running.standIn
    const taskId = await leftTask(running)
    running.provider.change({ behavior: 'stall' })
    const interrupted = await submit(running, 'busy', 'one')
    const cancelled = await submit(running, 'other', 'two')
    const untouched = await submit(running, 'theirs', 'three')
    const { connector, hook } = standIn.persistence.plant
    for (const { method, path, body } of [connector('ops'), hook('left')])
      await fetch(`${daemon.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${site.admin}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const reviewed = join(root, 'hooks.json')
    writeFileSync(reviewed, '{\n  "hooks": {}\n}\n')
    const drill = {
      root,
      runbook: runbook('contain-activity'),
      params: {
        ...params(running),
        session: 'busy',
        run: cancelled,
        task: `shells/${taskId}`,
        connector: 'external/ops',
        'hooks-file': reviewed,
      },
    }
    const allowed = skipping('decide-scope', 'tell-stakeholders', 'bring-back')
    const flags = ['--yes=stand-in', '--confirm', 'stand-in', ...allowed]
    const ended = await running.stirred(() => runDrill({ ...drill, flags }))
    const evidence = evidenceOf(ended)
    assert.deepEqual([evidence.outcome, ended.status], ['passed', 0], ended.stderr)
    const status = async (run: string) => (await json(running, `/v1/runs/${run}`)).status
    assert.deepEqual(
      [await status(interrupted), await status(cancelled), await status(untouched)],
      ['interrupted', 'cancelled', 'running'],
    )
    assert.equal((await json(running, `/v1/sessions/shells/tasks/${taskId}`)).status, 'cancelled')
    assert.equal((await daemon.get('/v1/runtime/connectors/external/ops', site.admin)).status, 404)
    assert.deepEqual(await json(running, '/v1/runtime/hooks'), { hooks: {} })
    assert.equal((await json(running, '/v1/runtime')).permission_mode, 'acceptEdits')
    assert.match(artifact(ended, 'hooks-before.json'), /collector\.example/)
    for (const text of [ended.stdout, ended.stderr, JSON.stringify(evidence)]) assert.ok(!text.includes(site.admin))
    await assertDocumented(evidence)
  })

  test('is red where a task ignores its stop, keeps the evidence all the same, and stays contained', async () => {
    await using running = await StandInWithProvider.start(['deaf-task'])
    const task = await leftTask(running)
    const flags = ['--yes=stand-in', ...skipping('decide-scope')]
    const ended = await running.stirred(() =>
      runDrill({
        root,
        runbook: runbook('contain-stuck-task'),
        params: { ...params(running), session: 'shells', task, 'workspace-root': running.standIn.site.workspaceRoot },
        flags,
      }),
    )
    assert.equal(ended.status, 1, ended.stderr)
    const evidence = evidenceOf(ended)
    assert.match(checkOf(evidence, 'task-gone').reason!, /counts 1 shell commands, 1 before: this one runs on/)
    assert.equal((await json(running, '/v1/runtime')).permission_mode, 'dontAsk')
    assert.equal(evidence.steps.find(({ id }) => id === 'restore-settings')!.outcome, 'skipped')
    assert.ok(existsSync(inArtifacts(ended, 'after/index.json')))
    const list = artifact(ended, 'post-incident.md')
    assert.match(list, /permission mode: dontAsk; it was acceptEdits/)
    assert.match(list, /task task-\w+ of session shells: not seen stopped: step stop is failed\n/)
    assert.match(ended.stderr, /not undone by itself: first-containment/)
  })
})

test('a connector is deleted only after a word was typed: a yes is enough for what can be done again', () => {
  const given = { 'base-url': 'http://h:1', 'admin-token-file': '/a', connector: 'external/ops', 'hooks-file': '/h' }
  const { steps } = plan(containActivity, standIn, given)
  const target = { id: 'stand-in', real: false, inUse: true }
  const decided = (id: string) => decide(steps.find(step => step.id === id)!, target)
  assert.deepEqual(decided('delete-connector'), { verdict: 'ask', rule: 'default.destroy', confirm: 'stand-in' })
  assert.deepEqual(decided('replace-hooks'), { verdict: 'ask', rule: 'default.write' })
})

describe('parameters of a containment', () => {
  const given = { 'base-url': 'http://127.0.0.1:4000', 'admin-token-file': '/keys/admin' }
  const cases: readonly (readonly [title: string, Runbook, Record<string, string>, RegExp])[] = [
    ['nothing that is to be stopped', containActivity, given, /nothing says what is to be stopped/],
    ['a task without its session', containActivity, { ...given, task: 'task-1' }, /expected SESSION\/TASK/],
    ['a run, but no daemon', containActivity, { run: 'run-1' }, /run= belongs to a running daemon/],
    ['no task', containStuckTask, { ...given, session: 's' }, /nothing says which task hangs/],
    [
      'no admin token',
      containStuckTask,
      { 'base-url': 'http://h:1', session: 's', task: 't' },
      /takes its admin token/,
    ],
    [
      'nothing but a state root, which is asked for at once',
      containStateRoot,
      { 'state-root': '/s' },
      /not given for \/s: since=, admin-token-file=, readonly-token-file=, backup-set=$/,
    ],
    ['an instant without a zone', containStuckTask, { ...given, since: '2026-01-31T02:10:00' }, /with its zone/],
    [
      'an origin with a path',
      containProxyExposure,
      { ...given, 'exposed-origin': 'https://a.example/x' },
      /expected an origin/,
    ],
    [
      'no difference between the origins',
      containProxyExposure,
      { 'exposed-origin': 'http://localhost:5173' },
      /are the same/,
    ],
    [
      'an authority for a proxy without TLS',
      containProxyExposure,
      { ...given, 'proxy-url': 'http://h:1', 'proxy-ca-file': '/ca' },
      /is for https/,
    ],
  ]
  for (const [title, book, params, message] of cases)
    test(`are refused with ${title}`, () =>
      assert.throws(() => plan(book, standIn, params), { code: 'PARAM_INVALID', message }))
})
