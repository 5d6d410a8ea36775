import type { Secret } from './secret.ts'

/** Bounds of one search. Going past one is never silent: what was left out is listed as unsearched. */
export interface LeakScanLimits {
  /** Archives inside archives, counted in decoded layers. Default 5. */
  readonly maxDepth: number
  /** Bytes read plus bytes decoded, over all paths. Default 64 GiB. */
  readonly maxBytes: number
  /** Decoded bytes per encoded byte of one stream, looked at once 64 MiB came out. Default 10 000. */
  readonly maxRatio: number
  /** Members of one archive. Default 1 000 000. */
  readonly maxEntries: number
  /** Default 30 minutes. */
  readonly maxMs: number
  /** Findings of one secret that are listed; more are counted. Default 1 000. */
  readonly maxFindings: number
}

export interface LeakScanRequest {
  /** Files and directories. A path that is itself a link is followed; links below it are not. */
  readonly paths: readonly string[]
  readonly secrets: readonly Secret[]
  readonly limits?: Partial<LeakScanLimits> | undefined
  readonly signal?: AbortSignal | undefined
}

export interface LeakFinding {
  /** The file, then `!member` for each archive it lies in; a secret that is part of the path shows as its name. */
  readonly path: string
  /** What held the value: bytes of the file or member, its name, or the target of a symbolic link. */
  readonly where: 'content' | 'name' | 'link'
  /** Bytes from the start of what held it; inside a tar the innermost decoded stream, not the member. */
  readonly offset: number
  /** How the value was written, for example `base64+1`. */
  readonly form: string
  /** The name of the secret. */
  readonly secret: string
}

export type UnsearchedReason = 'unreadable' | 'changed' | 'damaged' | 'encrypted' | 'unsupported' | 'limit'

export interface Unsearched {
  readonly path: string
  readonly reason: UnsearchedReason
  readonly detail: string
}

export interface LeakScan {
  /** No finding, and nothing left unsearched. */
  readonly clean: boolean
  readonly searchedFiles: number
  /** Bytes of files plus bytes decoded from archives. */
  readonly searchedBytes: number
  /** Named values that were searched for. */
  readonly secrets: number
  /** Different byte strings that were searched for. */
  readonly needles: number
  readonly findings: readonly LeakFinding[]
  /** Findings beyond `maxFindings`. */
  readonly findingsOmitted: number
  readonly unsearched: readonly Unsearched[]
  /** FIFOs, sockets and devices: they hold no bytes at rest, only their names were searched. */
  readonly specialFiles: number
  /** What this search does not look at by design, for `notTested`. */
  readonly notCovered: readonly string[]
}

/** Files that hold a known value on purpose. Disposing of it removes them. */
export interface Canary extends AsyncDisposable {
  readonly secret: Secret
  /** Absolute paths, one for each way the value is stored. */
  readonly files: readonly string[]
}

export interface SearchProof {
  /** Every planted file was found. */
  readonly works: boolean
  /** Base names of the planted files, and of those the search missed. */
  readonly planted: readonly string[]
  readonly missed: readonly string[]
  /** The same pass over everything else in the directory. */
  readonly scan: LeakScan
}

export interface LeakScanPort {
  /**
   * Searches every byte of every regular file, names, link targets, and the inside of gzip, zstd, zlib, tar and zip, for
   * every form of every secret. The result holds no byte of a secret.
   *
   * @throws RunproofError NOTHING_SEARCHED without secrets or when not one regular file was found
   * @throws RunproofError INTERRUPTED when the signal fires
   */
  scanPaths(request: LeakScanRequest): Promise<LeakScan>

  /**
   * Writes a value into `directory` as plain text, base64, hex and inside a tar.gz.
   *
   * @param secret - without it a fresh random value named `canary`
   */
  plantCanary(directory: string, secret?: Secret): Promise<Canary>

  /**
   * Plants a fresh canary in `directory`, searches the directory for it and for `secrets` in one pass, and removes it.
   * Disposal happens even when the search throws.
   */
  proveSearchWorks(directory: string, options?: Omit<Partial<LeakScanRequest>, 'paths'>): Promise<SearchProof>
}
