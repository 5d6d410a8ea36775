import type { ArchiveLimits } from '../model/archive.ts'

const GIB = 1024 ** 3

/**
 * Generous for a state root, tight for a bomb. Callers who know the free space of the restore place lower
 * `maxTotalBytes` to it.
 */
export const DEFAULT_LIMITS: ArchiveLimits = {
  maxEntries: 2_000_000,
  maxTotalBytes: 1024 * GIB,
  maxFileBytes: 256 * GIB,
  // zstd brings repetitive logs down 20 to 50 times and a file of zeros 30 000 times
  maxRatio: 200,
  maxDepth: 100,
  maxPathBytes: 4095,
}

/** Below this many decoded bytes no ratio is judged: a small archive of mostly padding is no bomb. */
export const RATIO_GRACE_BYTES = 64 * 1024 * 1024

/** For a tree of our own: whatever is there belongs in; names a restore would refuse are still told. */
export const UNLIMITED: ArchiveLimits = {
  maxEntries: Number.POSITIVE_INFINITY,
  maxTotalBytes: Number.POSITIVE_INFINITY,
  maxFileBytes: Number.POSITIVE_INFINITY,
  maxRatio: Number.POSITIVE_INFINITY,
  maxDepth: DEFAULT_LIMITS.maxDepth,
  maxPathBytes: DEFAULT_LIMITS.maxPathBytes,
}
