import { setImmediate } from 'node:timers/promises'
import { RunproofError } from '../../model/error.ts'
import type {
  LeakFinding,
  LeakScan,
  LeakScanLimits,
  LeakScanRequest,
  Unsearched,
  UnsearchedReason,
} from '../../model/leak-scan.ts'
import type { KnownValue } from '../../scan/forms.ts'
import { type KnownNeedle, needlesOf } from '../../scan/known-needles.ts'
import { type Hit, NeedleSearch } from '../../scan/qgram.ts'
import { Redactor } from '../../scan/redact.ts'
import { StreamSearch } from '../../scan/stream-search.ts'

const DEFAULT_LIMITS: LeakScanLimits = {
  maxDepth: 5,
  maxBytes: 64 * 2 ** 30,
  maxRatio: 10_000,
  maxEntries: 1_000_000,
  maxMs: 30 * 60_000,
  maxFindings: 1_000,
}

const NOT_COVERED = [
  'extended attributes and access control lists',
  'archives that begin in the middle of a file',
  'parts of a value, digests of it, and what was encrypted with or around it',
]

/** Longest stretch of synchronous reading before timers and signals get their turn. */
const YIELD_AFTER_BYTES = 32 * 2 ** 20

const CHUNK = 256 * 1024

/** The search as a whole has gone past a limit: nothing more is read. */
export class Exhausted extends Error {}

/** What one search looks for, has found and may still spend. */
export class Tally {
  readonly limits: LeakScanLimits
  readonly #needles: readonly KnownNeedle[]
  readonly #search: NeedleSearch
  readonly #values: readonly KnownValue[]
  #redactor: Redactor | undefined
  readonly #secrets: number
  readonly #signal: AbortSignal | undefined
  readonly #deadline: number
  readonly #findings: LeakFinding[] = []
  readonly #unsearched: Unsearched[] = []
  readonly #idleStreams: StreamSearch[] = []
  readonly #listed = new Map<string, number>()
  #omitted = 0
  #bytes = 0
  #sinceYield = 0
  searchedFiles = 0
  specialFiles = 0

  /** @throws RunproofError NOTHING_SEARCHED without secrets */
  constructor({ secrets, limits, signal }: LeakScanRequest) {
    if (secrets.length === 0) {
      throw new RunproofError('NOTHING_SEARCHED', 'there is no secret to search for', {
        hint: 'name at least one secret; a search for nothing finds nothing',
      })
    }
    this.#values = secrets.map(secret => ({ name: secret.name, value: secret.reveal() }))
    this.limits = { ...DEFAULT_LIMITS, ...limits }
    this.#needles = needlesOf(this.#values)
    this.#search = new NeedleSearch(this.#needles)
    this.#secrets = secrets.length
    this.#signal = signal
    this.#deadline = performance.now() + this.limits.maxMs
  }

  /** A stream search from the pool; give it back with {@link release}. */
  acquire(): StreamSearch {
    return this.#idleStreams.pop() ?? new StreamSearch(this.#search, CHUNK)
  }

  release(stream: StreamSearch): void {
    stream.reset()
    this.#idleStreams.push(stream)
  }

  /**
   * Books bytes that were just searched.
   *
   * @throws Exhausted past `maxBytes` or `maxMs`
   * @throws RunproofError INTERRUPTED
   */
  spend(bytes: number): void {
    this.#bytes += bytes
    this.#sinceYield += bytes
    if (this.#bytes > this.limits.maxBytes) throw new Exhausted(`the limit of ${this.limits.maxBytes} bytes is reached`)
    if (performance.now() > this.#deadline) throw new Exhausted(`the limit of ${this.limits.maxMs} ms is reached`)
    if (this.#signal?.aborted) throw new RunproofError('INTERRUPTED', 'the search for secrets was interrupted')
  }

  /** Lets timers and signals in, now and then. */
  async breathe(): Promise<void> {
    if (this.#sinceYield < YIELD_AFTER_BYTES) return
    this.#sinceYield = 0
    await setImmediate()
  }

  /** The path without the secrets that are part of it. Most searches find nothing and name none. */
  display(path: string): string {
    this.#redactor ??= new Redactor(this.#values)
    return this.#redactor.redactText(path)
  }

  found(hit: Hit, path: string, where: LeakFinding['where']): void {
    const { form, secret } = this.#needles[hit.needle]!
    const listed = this.#listed.get(secret) ?? 0
    if (listed >= this.limits.maxFindings) {
      this.#omitted++
      return
    }
    this.#listed.set(secret, listed + 1)
    this.#findings.push({ path: this.display(path), where, offset: hit.start, form, secret })
  }

  /** @param from - hits that end before it lie in a part that was searched under another path */
  searchText(text: string | Buffer, path: string, where: 'name' | 'link', from = 0): void {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    for (const hit of this.#search.find(bytes)) if (hit.end > from) this.found(hit, path, where)
  }

  leftOut(path: string, reason: UnsearchedReason, detail: string): void {
    this.#unsearched.push({ path: this.display(path), reason, detail })
  }

  /** @throws RunproofError NOTHING_SEARCHED when no file was read */
  result(paths: readonly string[]): LeakScan {
    if (this.searchedFiles === 0) {
      const reasons = this.#unsearched.slice(0, 3).map(({ path, detail }) => `; ${path}: ${detail}`)
      const where = this.display(paths.join(', ') || '(no path)')
      throw new RunproofError('NOTHING_SEARCHED', `no file was searched for secrets in ${where}${reasons.join('')}`, {
        hint: 'check that the path exists, is readable and holds at least one regular file',
      })
    }
    return {
      clean: this.#findings.length === 0 && this.#unsearched.length === 0,
      searchedFiles: this.searchedFiles,
      searchedBytes: this.#bytes,
      secrets: this.#secrets,
      needles: this.#needles.length,
      findings: this.#findings,
      findingsOmitted: this.#omitted,
      unsearched: this.#unsearched,
      specialFiles: this.specialFiles,
      notCovered: NOT_COVERED,
    }
  }
}
