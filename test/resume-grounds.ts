import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { grantAccount } from '../fixtures/kheish-daemon/server/accounts/testing/grant-account.ts'
import { WebhookSite } from '../fixtures/kheish-daemon/server/connectors/testing/webhook-site.ts'
import { startOAuth } from '../fixtures/oauth/server.ts'
import type { Ground } from './resume-course.ts'
import { StandInWithMcp } from './stand-in-with-mcp.ts'
import { StandInWithProvider } from './stand-in-with-provider.ts'
import { startWithRoute } from './stand-in-with-route.ts'

const LOOK_MS = 100

/** Somebody who does one thing as soon as it is time for it; how often it was done is counted. */
class Somebody implements AsyncDisposable {
  readonly #gone = new AbortController()
  readonly #work: Promise<void>
  times = 0

  /** @param act - says whether it did anything */
  constructor(act: () => Promise<boolean>) {
    this.#work = this.#watch(act)
  }

  async #watch(act: () => Promise<boolean>): Promise<void> {
    while (!this.#gone.signal.aborted) {
      if (await act().catch(() => false)) this.times += 1
      await sleep(LOOK_MS)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone.abort()
    await this.#work
  }
}

/** The bearer of an MCP server is replaced; its issuer takes the old one no longer once the new one is in use. */
export async function mcpBearer(): Promise<Ground> {
  const running = await StandInWithMcp.start()
  const { site, mcp, bearer } = running
  const next = randomBytes(24).toString('hex')
  await running.expect(next, bearer)
  running.afterStart = () => running.expect(next)
  const showPeer = async (value: string) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    return (await fetch(mcp.url, { method: 'POST', headers: { authorization: `Bearer ${value}` }, body })).status
  }
  return {
    params: {
      'base-url': running.daemon.url,
      'admin-token-file': site.adminFile,
      server: 'theirs',
      'server-url': mcp.url,
      tool: 'echo',
      'tool-input': '{"text":"hello"}',
      'restart-command': running.restartCommand,
      within: '20s',
    },
    secrets: { new: 'env:NEW', old: 'env:OLD' },
    env: { NEW: next, OLD: bearer },
    async assertDone() {
      assert.deepEqual(
        (await running.servers()).map(({ connected }) => connected),
        [true, true],
      )
      assert.deepEqual([await showPeer(next), await showPeer(bearer)], [200, 401])
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

/** An OAuth account is replaced; somebody logs in again whenever it is gone. */
export async function mcpOAuth({ running }: SharedDaemon): Promise<Ground> {
  const oauth = await startOAuth()
  const { site, daemon } = running.standIn
  const slot = 'mcp.oauth.theirs'
  const store = async () => {
    const answer = await daemon.post(
      '/v1/runtime/auth/accounts/mcp-oauth',
      site.admin,
      await grantAccount(oauth, slot, 'theirs'),
    )
    assert.equal(answer.status, 200)
  }
  const accounts = async () =>
    (await (await daemon.get('/v1/runtime/auth/accounts', site.admin)).json()) as readonly unknown[]
  await store()
  let logins = 0
  return {
    params: {
      'base-url': daemon.url,
      'admin-token-file': site.adminFile,
      within: '20s',
      ...{ server: 'theirs', url: oauth.resource, scopes: 'read' },
    },
    person: {
      hears: 'See that somebody has logged in again',
      async acts() {
        if ((await accounts()).length > 0) return
        logins += 1
        await store()
      },
    },
    async assertDone() {
      const [account] = (await accounts()) as readonly { slot_id: string }[]
      assert.equal(account!.slot_id, slot)
      assert.equal(logins, 1, 'a logout that had taken effect was done again')
    },
    [Symbol.asyncDispose]: () => oauth[Symbol.asyncDispose](),
  }
}

/** The tokens of a capture agent, which reports with whatever file it was brought last. */
export async function captureToken({ running }: SharedDaemon): Promise<Ground> {
  const { site, daemon, root } = running.standIn
  const made = await daemon.post('/v1/capture-agent-provisions', site.admin, {
    batch_id: 'b1',
    daemon_base_url: daemon.url,
    agents: [{ machine_id: 'theirs' }],
    sources: { screen: true, camera: true },
  })
  const { agents } = (await made.json()) as { agents: readonly { config_toml: string }[] }
  const [outDir, oldFile, onMachine] = [join(root, 'out'), join(root, 'old.toml'), join(root, 'machine.toml')]
  writeFileSync(oldFile, agents[0]!.config_toml)
  mkdirSync(outDir, { mode: 0o700 })
  const beat = async (file: string) => {
    const [token] = readFileSync(file, 'utf8').match(/khc_[0-9a-f]{64}/)!
    return (await daemon.post('/v1/capture-agents/theirs/heartbeat', token, {})).status
  }
  const machine = new Somebody(async () => (await beat(onMachine)) === 200)
  return {
    params: {
      'base-url': daemon.url,
      'admin-token-file': site.adminFile,
      machine: 'theirs',
      'out-dir': outDir,
      'old-file': oldFile,
      'agent-url': daemon.url,
      'deliver-command': JSON.stringify(['tee', onMachine]),
      within: '20s',
    },
    async assertDone() {
      assert.deepEqual([await beat(onMachine), await beat(oldFile)], [200, 401])
    },
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  }
}

/** A credential that a connector’s process fetches. */
export async function connectorCredential(): Promise<Ground> {
  const hook = await WebhookSite.open()
  const daemon = await hook.serve()
  await hook.running(daemon)
  const next = randomBytes(12).toString('hex')
  const file = join(hook.folder, 'hook.json')
  writeFileSync(file, JSON.stringify(hook.payload()))
  const [first] = await hook.activeLeases(daemon)
  return {
    params: {
      'base-url': daemon.url,
      'admin-token-file': hook.adminFile,
      connector: 'hook',
      'auth-ref': 'hook.routes',
      'connector-file': file,
    },
    secrets: { new: 'env:NEW', old: 'env:OLD' },
    env: { NEW: hook.routes(next), OLD: hook.routes() },
    async assertDone() {
      assert.equal((await hook.webhook('other'))[0], 401)
      assert.deepEqual(await hook.webhook('other', next), [200, { status: 'ignored' }])
      const [second, ...more] = await hook.activeLeases(daemon)
      assert.deepEqual([second === first, more], [false, []])
    },
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]()
      hook[Symbol.dispose]()
    },
  }
}

/** A daemon that several are contained on, one after the other: each begins with what its own incident left there. */
export class SharedDaemon {
  readonly running: StandInWithProvider

  private constructor(running: StandInWithProvider) {
    this.running = running
  }

  /** With signed actions in it. */
  static async start(): Promise<SharedDaemon> {
    return new SharedDaemon(
      await StandInWithProvider.start([], [], async site => {
        assert.equal((await site.run(['seed', ...site.roots])).code, 0)
      }),
    )
  }

  /** Publishes events meanwhile, as somebody who works there does: nobody waits then for the heartbeat of an idle stream. */
  async stirred<Result>(work: () => Promise<Result>): Promise<Result> {
    const { daemon, site } = this.running.standIn
    const stirring = setInterval(() => {
      const session_id = `theirs-${randomBytes(4).toString('hex')}`
      daemon.post('/v1/sessions', site.admin, { session_id }).catch(() => {})
    }, 400)
    try {
      return await work()
    } finally {
      clearInterval(stirring)
    }
  }

  async json(path: string): Promise<Readonly<Record<string, unknown>>> {
    const { daemon, site } = this.running.standIn
    return (await (await daemon.get(path, site.admin)).json()) as Readonly<Record<string, unknown>>
  }

  async set(what: 'permission-mode' | 'debug-level', body: Readonly<Record<string, string>>): Promise<void> {
    const { daemon, site } = this.running.standIn
    assert.equal((await daemon.post(`/v1/runtime/${what}`, site.admin, body)).status, 200)
  }

  /** @param assertMore - besides the mode that was found being back, and the level off */
  async #contained(
    params: Readonly<Record<string, string>>,
    assertMore: NonNullable<Ground['assertDone']>,
  ): Promise<Ground> {
    const { daemon, site } = this.running.standIn
    await this.set('permission-mode', { mode: 'acceptEdits' })
    await this.set('debug-level', { level: 'full' })
    return {
      params: {
        'base-url': daemon.url,
        'admin-token-file': site.adminFile,
        'readonly-token-file': site.readOnlyFile,
        'state-root': site.stateRoot,
        ...params,
      },
      assertDone: async evidence => {
        const { permission_mode, debug_level } = await this.json('/v1/runtime')
        assert.deepEqual([permission_mode, debug_level], ['acceptEdits', 'off'])
        await assertMore(evidence)
      },
      async [Symbol.asyncDispose]() {},
    }
  }

  async debugFull(): Promise<Ground> {
    const ground = await this.#contained({}, async evidence => {
      assert.ok(Number(evidence.facts['debug.capturedRuns']) >= 1)
    })
    await this.running.makeRun()
    return ground
  }

  proxyExposure(): Promise<Ground> {
    const { daemon } = this.running.standIn
    return this.#contained({ 'proxy-url': daemon.url }, async evidence => {
      const headers = { origin: 'https://attacker.example', 'access-control-request-method': 'GET' }
      assert.equal((await fetch(`${daemon.url}/v1/status`, { method: 'OPTIONS', headers })).status, 403)
      const asked = evidence.steps
        .find(({ id }) => id === 'outside')!
        .checks.find(({ id }) => id === 'outside-shut-out')!
      assert.equal(asked.outcome, 'passed')
    })
  }

  async stuckTask(): Promise<Ground> {
    const { daemon, site } = this.running.standIn
    const session = `shells-${randomBytes(4).toString('hex')}`
    await this.set('permission-mode', { mode: 'bypassPermissions' })
    await daemon.post('/v1/sessions', site.admin, { session_id: session })
    const left = JSON.stringify({ command: 'exec sleep 3600', background: true })
    await daemon.post(`/v1/sessions/${session}/runs`, site.admin, { content: `CALL_TOOL:bash:${left}` })
    let task: string | undefined
    while (task === undefined) {
      const tasks = (await this.json(`/v1/sessions/${session}/tasks`)) as unknown as readonly { id: string }[]
      task = tasks[0]?.id
    }
    return this.#contained({ session, task, 'workspace-root': site.workspaceRoot }, async () => {
      assert.equal((await this.json(`/v1/sessions/${session}/tasks/${task}`))['status'], 'cancelled')
    })
  }

  async auditKey(): Promise<Ground> {
    const { standIn } = this.running
    const keyFile = join(standIn.site.stateRoot, 'audit-signing.key')
    const before = readFileSync(keyFile, 'utf8')
    return {
      params: { ...standIn.reading, 'state-root': standIn.site.stateRoot },
      async assertDone(evidence) {
        assert.equal(readFileSync(keyFile, 'utf8'), before)
        assert.ok(evidence.facts['auditKey.id'])
      },
      async [Symbol.asyncDispose]() {},
    }
  }
}

/** A daemon with one credential, stopped, and a copy of its state root from before. */
async function stillState() {
  const running = await startWithRoute()
  const { site, daemon, root } = running
  for (const file of [site.keyFile, site.adminFile, site.readOnlyFile]) chmodSync(file, 0o600)
  await daemon.stop()
  assert.equal((await site.run(['seed', ...site.roots])).code, 0)
  const copy = join(root, 'copy')
  cpSync(site.stateRoot, copy, { recursive: true })
  const routesFile = join(site.folder, 'routes.toml')
  const params = { 'state-dir': copy, 'master-key-file': site.keyFile, 'routes-file': routesFile }
  return { running, routesFile, params }
}

/** What is run again from its beginning once it has died, and what was there before. */
export interface OnceOnly extends Ground {
  /** Everything that it could have changed. */
  state(): unknown
}

/** The master key, which is not rotated: nothing here is changed by it, wherever it ends. */
export async function masterKey(): Promise<OnceOnly> {
  const { running, params } = await stillState()
  return {
    params,
    state: () => running.files(),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

/** A state root that was copied, of a daemon that runs. */
export async function stolenState(): Promise<Ground> {
  const { running, params, routesFile } = await stillState()
  const { site, root } = running
  const since = new Date().toISOString()
  const daemon = await site.serve([...site.tokens, '--routes-file', routesFile])
  const newDir = join(root, 'new-slots')
  mkdirSync(newDir)
  writeFileSync(join(newDir, 'openai.prod'), randomBytes(24).toString('hex'))
  return {
    params: {
      ...params,
      'state-root': site.stateRoot,
      'base-url': daemon.url,
      'admin-token-file': site.adminFile,
      'readonly-token-file': site.readOnlyFile,
      'stop-command': JSON.stringify(['kill', String(daemon.child.pid)]),
      'new-dir': newDir,
      since,
    },
    async assertDone({ steps, notTested }) {
      await daemon.exited
      const now = [site.adminFile, site.readOnlyFile].map(file => readFileSync(file, 'utf8').trim())
      assert.equal(new Set([...now, site.admin, site.readOnly]).size, 4)
      // Whoever was given the new tokens before the break goes on with them, and the stolen ones are known to nobody.
      const carried = steps.find(({ id }) => id === 'rotate-tokens')!.carriedFrom !== undefined
      const told = notTested.some(one => /stolen admin token is refused: the run broke off/.test(one))
      assert.ok(!carried || told, notTested.join('\n'))
    },
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]()
      await running[Symbol.asyncDispose]()
    },
  }
}
