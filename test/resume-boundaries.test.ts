import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { WebhookSite } from '../fixtures/kheish-daemon/server/connectors/testing/webhook-site.ts'
import { loadRunbook, loadTarget } from '../src/cli/registry.ts'
import { plan } from '../src/engine/plan.ts'
import type { Evidence } from '../src/evidence/schema.ts'
import { isManual, type Step } from '../src/model/runbook.ts'
import { Site } from './cli/launch.ts'
import { RunningStandIn } from './run-suite.ts'
import { StandInWithProvider } from './stand-in-with-provider.ts'

const DIE = resolve(import.meta.dirname, 'testdata', 'die-at-step.ts')
const root = mkdtempSync(join(tmpdir(), 'resume-boundaries-'))
after(() => rmSync(root, { recursive: true, force: true }))

/** A daemon that somebody runs, and what a rotation or containment of it is given. */
interface Ground extends AsyncDisposable {
  readonly params: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** What has to be so in the end, whatever broke off. */
  assertDone(): Promise<void>
}

const TABLE: Readonly<Record<string, () => Promise<Ground>>> = {
  'rotate-admin-token': () => tokens('admin', 'env:NEW'),
  'rotate-readonly-token': () => tokens('readonly', 'generate'),
  'rotate-route-key': routeKey,
  'rotate-connector-token': connector,
  'contain-leaked-provider-key': routeKey,
  'contain-activity': hooks,
  'contain-leaked-admin-token': () => tokens('admin', 'env:NEW', true),
}
/** Broken off after each of their steps, and at these places before a step has ended; of the others one place is drawn. */
const WHOLE: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'rotate-admin-token': { rotate: ['captured:rotate', 'told:rotation.replacedAt'] },
  'rotate-route-key': { set: ['command:set'] },
  'contain-leaked-admin-token': {},
}

/** One of the two tokens is replaced: the old one is refused, and the other role works on. */
async function tokens(role: 'admin' | 'readonly', source: string, withState = false): Promise<Ground> {
  const running = await RunningStandIn.start()
  const { site, daemon } = running
  const [old, other, file] =
    role === 'admin' ? [site.admin, site.readOnly, site.adminFile] : [site.readOnly, site.admin, site.readOnlyFile]
  return {
    params: {
      'base-url': daemon.url,
      'admin-token-file': site.adminFile,
      'readonly-token-file': site.readOnlyFile,
      ...(withState ? { 'state-root': site.stateRoot } : {}),
    },
    secrets: { new: source },
    async assertDone() {
      const now = readFileSync(file, 'utf8').trim()
      assert.notEqual(now, old)
      if (source === 'env:NEW') assert.equal(now, NEW)
      const statuses = await Promise.all(
        [now, old, other].map(async token => (await daemon.get('/v1/status', token)).status),
      )
      assert.deepEqual(statuses, [200, 401, 200])
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

/** The key behind a route is replaced: runs go on, with the new one. */
async function routeKey(): Promise<Ground> {
  const running = await StandInWithProvider.start()
  const { standIn, provider, key } = running
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  provider.change({ key_sha256: '', key_names: { [sha256(key)]: 'old', [sha256(NEW)]: 'new' } })
  return {
    params: { 'base-url': standIn.daemon.url, 'admin-token-file': standIn.site.adminFile, 'auth-ref': 'openai.prod' },
    secrets: { new: 'env:NEW' },
    async assertDone() {
      await running.makeRun()
      assert.equal(provider.requests.at(-1)!.key, 'new')
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

/** A connector in use gets another shared token. */
async function connector(): Promise<Ground> {
  const hook = await WebhookSite.open()
  const daemon = await hook.serve()
  await hook.running(daemon)
  const health = (token: string) =>
    fetch(`${hook.sidecarUrl}/health`, { headers: { authorization: `Bearer ${token}` } })
  return {
    params: { 'base-url': daemon.url, 'admin-token-file': hook.adminFile, connector: 'hook' },
    secrets: { new: 'env:NEW', old: 'env:OLD' },
    env: { OLD: hook.shared },
    async assertDone() {
      assert.deepEqual([(await health(NEW)).status, (await health(hook.shared)).status], [200, 401])
    },
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]()
      hook[Symbol.dispose]()
    },
  }
}

const runtimeOf = async ({ daemon, site: { admin } }: RunningStandIn) =>
  (await (await daemon.get('/v1/runtime', admin)).json()) as Readonly<Record<string, unknown>>

/** What the containment found is what it puts back, however often it broke off. */
async function contained(params: Readonly<Record<string, string>>, assertMore: (now: RunningStandIn) => Promise<void>) {
  const running = await RunningStandIn.start()
  const { site: theirs, daemon } = running
  await daemon.post('/v1/runtime/permission-mode', theirs.admin, { mode: 'acceptEdits' })
  await daemon.post('/v1/runtime/debug-level', theirs.admin, { level: 'full' })
  return {
    params: {
      'base-url': daemon.url,
      'admin-token-file': theirs.adminFile,
      'readonly-token-file': theirs.readOnlyFile,
      'state-root': theirs.stateRoot,
      ...params,
    },
    async assertDone() {
      const { permission_mode, debug_level } = await runtimeOf(running)
      assert.deepEqual([permission_mode, debug_level], ['acceptEdits', 'off'])
      await assertMore(running)
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

async function hooks(): Promise<Ground> {
  const reviewed = join(root, 'hooks.json')
  writeFileSync(reviewed, '{"hooks":{}}')
  return contained({ 'hooks-file': reviewed }, async ({ daemon, site: { admin } }) => {
    assert.deepEqual(await (await daemon.get('/v1/runtime/hooks', admin)).json(), { hooks: {} })
  })
}

const site = new Site()
const NEW = randomBytes(24).toString('hex')

interface Process {
  readonly resume: string | undefined
  readonly dieAt: string | undefined
}

/** Runs of one runbook, each going on with the one before. */
class Course {
  readonly reports = mkdtempSync(join(root, 'reports-'))
  readonly id: string
  readonly ground: Ground
  /** Steps of people, of whom nobody is there. */
  readonly people: readonly string[]

  constructor(id: string, ground: Ground, steps: readonly Step[]) {
    this.id = id
    this.ground = ground
    this.people = steps.filter(({ run }) => isManual(run)).map(step => step.id)
  }

  async go({ resume, dieAt }: Process) {
    const { params, secrets = {}, env = {} } = this.ground
    const words = [
      ...(resume === undefined
        ? [this.id, '--param', ...Object.entries(params).map(([name, value]) => `${name}=${value}`)]
        : ['--resume', resume]),
      ...['--yes=stand-in', '--confirm', 'stand-in'],
      ...(resume === undefined ? this.people.flatMap(step => ['--allow-skip', `${step}=nobody is here`]) : []),
      ...Object.entries(secrets).flatMap(([name, from]) => ['--secret', `${name}=${from}`]),
    ]
    const given = {
      ...env,
      NEW,
      RUNPROOF_REPORTS: this.reports,
      ...(dieAt === undefined ? {} : { DIE_AT: dieAt, NODE_OPTIONS: `--import ${DIE}` }),
    }
    return site.run(['run', ...words], { env: given })
  }

  /** The run that died last. */
  get last(): string {
    return readdirSync(this.reports)
      .filter(name => name.startsWith('.run-'))
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
      .at(-1)!
      .slice('.run-'.length)
  }

  get evidence(): Evidence {
    const [name, ...more] = readdirSync(this.reports).filter(one => !one.startsWith('.'))
    assert.deepEqual(more, [])
    return JSON.parse(readFileSync(join(this.reports, name!, 'evidence.json'), 'utf8'))
  }
}

/** Dies at these places one after the other, each time in the process that went on; then goes on to the end. */
async function through(id: string, placesIn: (steps: readonly string[]) => readonly string[]): Promise<string> {
  await using ground = await TABLE[id]!()
  const { runbook } = await loadRunbook(id)
  const { steps: planned } = plan(runbook, await loadTarget('stand-in'), ground.params)
  const dieAt = placesIn(planned.filter(({ run }) => !isManual(run)).map(step => step.id))
  const course = new Course(id, ground, planned)
  let resume: string | undefined
  for (const at of dieAt) {
    const { signal, stderr } = await course.go({ resume, dieAt: at })
    assert.equal(signal, 'SIGKILL', `${id} did not come to ${at}: ${stderr}`)
    resume = course.last
  }
  const { status, stderr } = await course.go({ resume, dieAt: undefined })
  assert.equal(status, 0, `${id} after ${dieAt}: ${stderr}`)
  const { steps, breaks } = course.evidence
  assert.deepEqual(
    breaks?.map(({ kind }) => kind),
    dieAt.map(() => 'died'),
  )
  const wrong = steps.filter(step => step.outcome !== (course.people.includes(step.id) ? 'skipped' : 'passed'))
  assert.deepEqual(
    wrong.map(step => `${step.id}: ${step.reason}`),
    [],
  )
  await ground.assertDone()
  return dieAt.join(', ')
}

describe('a run on a running daemon', { timeout: 180_000, concurrency: 2 }, () => {
  for (const [id, within] of Object.entries(WHOLE)) {
    test(`that dies after each of its steps is gone on with to its end: ${id}`, async context => {
      const places = (steps: readonly string[]) =>
        steps.flatMap(step => [...(within[step] ?? []), `step-ended:${step}`])
      context.diagnostic(await through(id, places))
    })
  }

  const seed = Number(process.env['RESUME_SEED'] ?? randomBytes(4).readUInt32BE())
  for (const id of Object.keys(TABLE).filter(one => !Object.hasOwn(WHOLE, one))) {
    test(`that dies at one place is gone on with to its end: ${id}`, async context => {
      const drawn = (steps: readonly string[]) => {
        const places = steps.flatMap(step => [`step-started:${step}`, `step-ended:${step}`])
        return [places[seed % places.length]!]
      }
      context.diagnostic(`RESUME_SEED=${seed}: ${await through(id, drawn)}`)
    })
  }
})
