import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Provider, startProvider } from '../fixtures/provider/server.ts'
import { DEFAULT_SWITCHES } from '../fixtures/provider/switches.ts'
import { RunningStandIn } from './run-suite.ts'

/** A stand-in that somebody runs, whose route leads to a provider in this process that takes only its key. */
export class StandInWithProvider implements AsyncDisposable {
  readonly standIn: RunningStandIn
  readonly provider: Provider
  readonly key: string

  private constructor(standIn: RunningStandIn, provider: Provider, key: string) {
    this.standIn = standIn
    this.provider = provider
    this.key = key
  }

  /** @param prepare - makes what else it is to start on */
  static async start(
    faults: readonly string[] = [],
    words: readonly string[] = [],
    prepare: (site: RunningStandIn['site']) => Promise<void> = async () => {},
  ): Promise<StandInWithProvider> {
    const key = randomBytes(24).toString('hex')
    const key_sha256 = createHash('sha256').update(key).digest('hex')
    const provider = await startProvider({ ...DEFAULT_SWITCHES, key_sha256 })
    try {
      const standIn = await RunningStandIn.start(faults, words, async site => {
        const [routesFile, keyFile] = [join(site.folder, 'routes.toml'), join(site.folder, 'provider-key')]
        writeFileSync(routesFile, routes(`${provider.origin}/v1/responses`))
        writeFileSync(keyFile, key)
        const store = ['openai.prod', '--offline', '--state-root', site.stateRoot, '--provider', 'openai']
        const { code, stderr } = await site.run(['secrets', 'set', ...store, '--from-file', keyFile])
        assert.equal(code, 0, stderr)
        await prepare(site)
        return ['--routes-file', routesFile]
      })
      return new StandInWithProvider(standIn, provider, key)
    } catch (error) {
      await provider[Symbol.asyncDispose]()
      throw error
    }
  }

  /** A run that somebody else made, to its end. */
  async makeRun(): Promise<string> {
    const { daemon, site } = this.standIn
    await daemon.post('/v1/sessions', site.admin, { session_id: 'theirs' })
    const submitted = await daemon.post('/v1/sessions/theirs/runs', site.admin, { content: 'say exactly THEIR_TEXT' })
    const { run_id } = (await submitted.json()) as { run_id: string }
    const ended = await site.run(['--base-url', daemon.url, '--token-file', site.adminFile, 'runs', 'wait', run_id])
    assert.equal((JSON.parse(ended.stdout) as { status: string }).status, 'completed')
    return run_id
  }

  /** Publishes events meanwhile, so that nobody waits for the heartbeat of an idle stream. */
  async stirred<Result>(work: () => Promise<Result>): Promise<Result> {
    const { daemon, site } = this.standIn
    const stirring = setInterval(() => {
      daemon.post('/v1/runtime/debug-level', site.admin, { level: 'off' }).catch(() => {})
    }, 200)
    try {
      return await work()
    } finally {
      clearInterval(stirring)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.standIn[Symbol.asyncDispose]()
    await this.provider[Symbol.asyncDispose]()
  }
}

const routes = (url: string) => `version = 1
default_route = "main"

[routes.main]
driver = "openai"
default_model = "model-x"
auth_ref = "openai.prod"
base_url = "${url}"
`
