import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeConfig } from '../fixtures/kheish-daemon/server/mcp/testing/mcp-site.ts'
import { DaemonProcess, Site } from '../fixtures/kheish-daemon/server/testing/daemon-process.ts'
import { type McpFixture, startMcp } from '../fixtures/mcp/server.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A stand-in that somebody runs, two of whose MCP servers draw on one slot, and that a command starts again on its port. */
export class StandInWithMcp implements AsyncDisposable {
  readonly slot = 'mcp.custom.theirs.BEARER_TOKEN'
  readonly bearer = randomBytes(24).toString('hex')
  readonly site = new Site()
  readonly #keeper: Server
  mcp!: McpFixture
  daemon!: DaemonProcess
  starts = 0
  /** What somebody does once it was started again. */
  afterStart: () => Promise<void> = async () => {}
  #words: readonly string[] = []

  private constructor() {
    this.#keeper = createServer((_request, response) => {
      this.#startAgain().then(
        () => response.end(),
        () => response.writeHead(500).end(),
      )
    })
  }

  static async start(faults: readonly string[] = []): Promise<StandInWithMcp> {
    const made = new StandInWithMcp()
    const { site } = made
    made.mcp = await startMcp({ bearerSha256: sha256(made.bearer) })
    site.storeSlot(made.slot, 'generic', made.bearer)
    const server = { url: made.mcp.url, bearer_token_secret_ref: made.slot }
    made.#words = [
      ...site.tokens,
      ...writeConfig(site, { theirs: server, alsoTheirs: server }),
      ...faults.flatMap(fault => ['--fault', fault]),
    ]
    made.daemon = await site.serve(made.#words)
    made.#keeper.listen(0, '127.0.0.1')
    await once(made.#keeper, 'listening')
    return made
  }

  async #startAgain(): Promise<void> {
    const { port } = new URL(this.daemon.url)
    await this.daemon.stop()
    const common = ['serve', '--bind', `127.0.0.1:${port}`, '--allow-empty-routes', '--log-format', 'json']
    this.daemon = new DaemonProcess([...common, ...this.site.roots, ...this.#words], this.site.env)
    await this.daemon.listening
    this.starts += 1
    await this.afterStart()
  }

  /** What an operator would give as `restart-command=`. */
  get restartCommand(): string {
    const { port } = this.#keeper.address() as AddressInfo
    const ask = 'fetch(process.argv[1]).then(({ ok }) => process.exit(ok ? 0 : 1))'
    return JSON.stringify([process.execPath, '-e', ask, `http://127.0.0.1:${port}/`])
  }

  /** What the server takes from now on. @param former - and this, too */
  async expect(bearer: string, former = ''): Promise<void> {
    const body = JSON.stringify({
      bearer_sha256: sha256(bearer),
      former_bearer_sha256: former === '' ? '' : sha256(former),
    })
    await fetch(`${this.mcp.origin}/control`, { method: 'POST', body })
  }

  async servers(): Promise<readonly { readonly server: string; readonly connected: boolean }[]> {
    const runtime = (await (await this.daemon.get('/v1/runtime', this.site.admin)).json()) as {
      mcp: { servers: { server: string; connected: boolean }[] }
    }
    return runtime.mcp.servers.map(({ server, connected }) => ({ server, connected }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#keeper.closeAllConnections()
    this.#keeper.close()
    await this.daemon[Symbol.asyncDispose]()
    await this.mcp[Symbol.asyncDispose]()
    this.site[Symbol.dispose]()
  }
}
