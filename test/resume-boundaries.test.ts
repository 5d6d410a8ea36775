import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { WebhookSite } from '../fixtures/kheish-daemon/server/connectors/testing/webhook-site.ts'
import { loadRunbook, loadTarget } from '../src/cli/registry.ts'
import { whyUnresumable } from '../src/engine/go-on.ts'
import { plan } from '../src/engine/plan.ts'
import { Course, type Ground } from './resume-course.ts'
import {
  captureToken,
  connectorCredential,
  masterKey,
  mcpBearer,
  mcpOAuth,
  type OnceOnly,
  SharedDaemon,
  stolenState,
} from './resume-grounds.ts'
import { RunningStandIn } from './run-suite.ts'
import { StandInWithProvider } from './stand-in-with-provider.ts'

const root = mkdtempSync(join(tmpdir(), 'resume-boundaries-'))
after(() => rmSync(root, { recursive: true, force: true }))

const NEW = randomBytes(24).toString('hex')

const TABLE: Readonly<Record<string, () => Promise<Ground>>> = {
  'rotate-admin-token': () => tokens('admin', 'env:NEW'),
  'rotate-readonly-token': () => tokens('readonly', 'generate'),
  'rotate-route-key': routeKey,
  'rotate-connector-token': connector,
  'contain-leaked-provider-key': routeKey,
  'contain-activity': hooks,
  'contain-leaked-admin-token': () => tokens('admin', 'env:NEW', true),
  'rotate-mcp-bearer': mcpBearer,
  'rotate-connector-credential': connectorCredential,
  'contain-state-root-exfiltration': stolenState,
}
/** On one daemon, one after the other: none of them leaves there what another one would find. */
const SHARED: Readonly<Record<string, (there: SharedDaemon) => Promise<Ground>>> = {
  'rotate-audit-key': there => there.auditKey(),
  'rotate-mcp-oauth': mcpOAuth,
  'rotate-capture-token': captureToken,
  'contain-debug-full': there => there.debugFull(),
  'contain-proxy-exposure': there => there.proxyExposure(),
  'contain-stuck-task': there => there.stuckTask(),
}
/** Broken off after each of their steps, and at these places before a step has ended; of the others one place is drawn. */
const WHOLE: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'rotate-admin-token': { rotate: ['captured:rotate', 'told:rotation.replacedAt'] },
  'rotate-route-key': { set: ['command:set'] },
  'contain-leaked-admin-token': { replace: ['told:containment.replacedAt'] },
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
    env: { NEW },
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
    env: { NEW },
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
    env: { NEW, OLD: hook.shared },
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

/** Dies at these places one after the other, each time in the process that went on; then goes on to the end. */
async function through(id: string, placesIn: (steps: readonly string[]) => readonly string[]): Promise<string> {
  await using ground = await TABLE[id]!()
  const course = await Course.on(id, ground)
  return await course.through(placesIn(course.places))
}

const seed = Number(process.env['RESUME_SEED'] ?? randomBytes(4).readUInt32BE())
const drawn = (steps: readonly string[]) => {
  const places = steps.flatMap(step => [`step-started:${step}`, `step-ended:${step}`])
  return [places[seed % places.length]!]
}

describe('a run on a running daemon', { timeout: 180_000, concurrency: 2 }, () => {
  for (const [id, within] of Object.entries(WHOLE)) {
    test(`that dies after each of its steps is gone on with to its end: ${id}`, async context => {
      const places = (steps: readonly string[]) =>
        steps.flatMap(step => [...(within[step] ?? []), `step-ended:${step}`])
      context.diagnostic(await through(id, places))
    })
  }

  for (const id of Object.keys(TABLE).filter(one => !Object.hasOwn(WHOLE, one))) {
    test(`that dies at one place is gone on with to its end: ${id}`, async context => {
      context.diagnostic(`RESUME_SEED=${seed}: ${await through(id, drawn)}`)
    })
  }

  describe('that others share', { concurrency: 1 }, () => {
    let there: SharedDaemon
    before(async () => {
      there = await SharedDaemon.start()
    })
    after(() => there.running[Symbol.asyncDispose]())
    for (const [id, groundOn] of Object.entries(SHARED)) {
      test(`dies at one place and is gone on with to its end: ${id}`, async context => {
        await using ground = await groundOn(there)
        const course = await Course.on(id, ground)
        context.diagnostic(`RESUME_SEED=${seed}: ${await there.stirred(() => course.through(drawn(course.places)))}`)
      })
    }
  })
})

/** These begin at the beginning again, by their nature: they show things on daemons of their own, which end with them. */
describe('a run that is not gone on with', { timeout: 120_000 }, () => {
  /** Dies, and is refused with a reason before anything happens. @returns what was refused, with what it was refused on */
  async function refused(id: string, ground: OnceOnly) {
    const course = await Course.on(id, ground)
    const dieAt = drawn(course.places)
    const resume = await course.die(dieAt)
    const before = ground.state()
    const { status, stderr } = await course.go({ resume, dieAt: undefined })
    assert.equal(status, 2, stderr)
    assert.deepEqual(ground.state(), before)
    assert.deepEqual(course.evidence, undefined)
    return { stderr, told: `RESUME_SEED=${seed}: ${dieAt}` }
  }

  test('says that it has changed nothing: rotate-master-key', async context => {
    await using ground = await masterKey()
    const before = ground.state()
    const { stderr, told } = await refused('rotate-master-key', ground)
    context.diagnostic(told)
    assert.match(stderr, /its daemon ended with it, and it changes nothing: run it again\n.*run rotate-master-key/)
    assert.deepEqual(ground.state(), before)
  })

  test('is each of a daemon of its own', async () => {
    const target = await loadTarget('stand-in')
    for (const id of [...Object.keys(TABLE), ...Object.keys(SHARED)]) {
      const { runbook } = await loadRunbook(id)
      assert.match(String(whyUnresumable(plan(runbook, target, {}))), /ended with/, id)
    }
  })
})

test('every rotation and containment dies here', () => {
  const there = readdirSync(join(import.meta.dirname, '..', 'runbooks')).flatMap(name => {
    const id = name.match(/^((?:rotate|contain)-.*)\.ts$/)?.[1]
    return id === undefined ? [] : [id]
  })
  const here = [...Object.keys(TABLE), ...Object.keys(SHARED), 'rotate-master-key']
  assert.deepEqual(here.toSorted(), there.toSorted())
})
