import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { loadRunbook, loadTarget } from '../src/cli/registry.ts'
import { plan } from '../src/engine/plan.ts'
import type { Evidence } from '../src/evidence/schema.ts'
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
  /** Steps of people, of whom nobody is there. */
  readonly people?: readonly string[]
  /** What has to be so in the end, whatever broke off. */
  assertDone(): Promise<void>
}

const TABLE: Readonly<Record<string, () => Promise<Ground>>> = {
  'rotate-admin-token': () => tokens('admin', 'env:NEW'),
  'rotate-readonly-token': () => tokens('readonly', 'generate'),
  'rotate-route-key': routeKey,
  'contain-leaked-admin-token': () => tokens('admin', 'env:NEW', ['decide-findings', 'tell-stakeholders']),
}
/** Broken off after each of their steps, and at these places before a step has ended; of the others one place is drawn. */
const WHOLE: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'rotate-admin-token': { rotate: ['captured:rotate', 'told:rotation.replacedAt'] },
  'rotate-route-key': { set: ['command:set'] },
  'contain-leaked-admin-token': {},
}

/** One of the two tokens is replaced: the old one is refused, and the other role works on. */
async function tokens(role: 'admin' | 'readonly', source: string, people: readonly string[] = []): Promise<Ground> {
  const running = await RunningStandIn.start()
  const { site, daemon } = running
  const [old, other, file] =
    role === 'admin' ? [site.admin, site.readOnly, site.adminFile] : [site.readOnly, site.admin, site.readOnlyFile]
  return {
    params: {
      'base-url': daemon.url,
      'admin-token-file': site.adminFile,
      'readonly-token-file': site.readOnlyFile,
      ...(people.length > 0 ? { 'state-root': site.stateRoot } : {}),
    },
    secrets: { new: source },
    people,
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
    people: ['revoke-at-provider'],
    async assertDone() {
      await running.makeRun()
      assert.equal(provider.requests.at(-1)!.key, 'new')
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
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

  constructor(id: string, ground: Ground) {
    this.id = id
    this.ground = ground
  }

  async go({ resume, dieAt }: Process) {
    const { params, secrets = {}, people = [] } = this.ground
    const words = [
      ...(resume === undefined
        ? [this.id, '--param', ...Object.entries(params).map(([name, value]) => `${name}=${value}`)]
        : ['--resume', resume]),
      ...['--yes=stand-in', '--confirm', 'stand-in'],
      ...(resume === undefined ? people.flatMap(step => ['--allow-skip', `${step}=nobody is here`]) : []),
      ...Object.entries(secrets).flatMap(([name, from]) => ['--secret', `${name}=${from}`]),
    ]
    const env = {
      NEW,
      RUNPROOF_REPORTS: this.reports,
      ...(dieAt === undefined ? {} : { DIE_AT: dieAt, NODE_OPTIONS: `--import ${DIE}` }),
    }
    return site.run(['run', ...words], { env })
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
async function through(id: string, dieAt: readonly string[]): Promise<void> {
  await using ground = await TABLE[id]!()
  const course = new Course(id, ground)
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
  const { people = [] } = ground
  const wrong = steps.filter(({ id: step, outcome }) => outcome !== (people.includes(step) ? 'skipped' : 'passed'))
  assert.deepEqual(
    wrong.map(step => `${step.id}: ${step.reason}`),
    [],
  )
  await ground.assertDone()
}

async function stepsOf(id: string): Promise<readonly string[]> {
  await using ground = await TABLE[id]!()
  const { runbook } = await loadRunbook(id)
  return plan(runbook, await loadTarget('stand-in'), ground.params).steps.map(step => step.id)
}

describe('a run on a running daemon', { timeout: 120_000, concurrency: 2 }, () => {
  for (const [id, within] of Object.entries(WHOLE)) {
    test(`that dies after each of its steps is gone on with to its end: ${id}`, async context => {
      const steps = await stepsOf(id)
      await through(
        id,
        steps.flatMap(step => [...(within[step] ?? []), `step-ended:${step}`]),
      )
      context.diagnostic(`${steps.length} steps: ${steps.join(', ')}`)
    })
  }

  for (const id of Object.keys(TABLE).filter(one => !Object.hasOwn(WHOLE, one))) {
    test(`that dies at one place is gone on with to its end: ${id}`, async context => {
      const steps = await stepsOf(id)
      const places = steps.flatMap(step => [`step-started:${step}`, `step-ended:${step}`])
      const seed = Number(process.env['RESUME_SEED'] ?? randomBytes(4).readUInt32BE())
      const place = places[seed % places.length]!
      context.diagnostic(`RESUME_SEED=${seed}: ${place}`)
      await through(id, [place])
    })
  }
})
