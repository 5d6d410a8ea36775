import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { http } from '../src/adapters/http/port.ts'
import { createInterposer } from '../src/adapters/interposer.ts'
import type { Interposition } from '../src/model/interposer.ts'
import { issueAuthority, issueLeaf, type LeafOptions } from '../src/tls/issue.ts'
import { StandInWithProvider } from './stand-in-with-provider.ts'

export interface Behind {
  readonly faults?: readonly string[]
  /** What its certificate differs in. */
  readonly leaf?: Partial<LeafOptions>
  /** What the proxy that ends TLS does wrong. */
  readonly how?: Omit<Interposition, 'tls'>
}

/** A stand-in that somebody runs behind a proxy that ends TLS, whose authority nobody knows but who has its file. */
export class StandInBehindTls implements AsyncDisposable {
  readonly running: StandInWithProvider
  readonly url: string
  readonly caFile: string
  readonly #scope: AsyncDisposableStack

  private constructor(running: StandInWithProvider, url: string, caFile: string, scope: AsyncDisposableStack) {
    this.running = running
    this.url = url
    this.caFile = caFile
    this.#scope = scope
  }

  static async start({ faults = [], leaf = {}, how = {} }: Behind = {}): Promise<StandInBehindTls> {
    await using scope = new AsyncDisposableStack()
    const running = scope.use(await StandInWithProvider.start(faults))
    const directory = mkdtempSync(join(tmpdir(), 'smoke-tls-'))
    scope.defer(() => rmSync(directory, { recursive: true, force: true }))
    const caFile = join(directory, 'ca.pem')
    const root = await issueAuthority()
    writeFileSync(caFile, root.certificatePem)
    const { chainPem: chain, privateKeyPem: key } = await issueLeaf(root, {
      names: ['localhost', '127.0.0.1'],
      ...leaf,
    })
    const daemon = scope.use(await http.connect({ baseUrl: running.standIn.daemon.url }))
    const tls = { chain, key, roots: [root.certificatePem], caFile, name: 'localhost' }
    const front = scope.use(await createInterposer().interpose(daemon, { tls, ...how }))
    return new StandInBehindTls(running, front.place.baseUrl, caFile, scope.move())
  }

  /** Parameters of a suite that may only look. */
  get reading(): Readonly<Record<string, string>> {
    return { ...this.running.standIn.reading, 'base-url': this.url, 'ca-file': this.caFile }
  }

  /** Parameters of a suite that may make objects. */
  get writing(): Readonly<Record<string, string>> {
    return { ...this.running.standIn.writing, ...this.reading }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope.disposeAsync()
  }
}
