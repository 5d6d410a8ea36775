import type { DiskUse, Periods } from './sample.ts'
import { above, atOnce, MINUTE_MS, onStatus, onTold, type Signal } from './signal.ts'

const FULL_MS = 30 * MINUTE_MS
/** A code is repeated when it stands twice in a period of ten minutes. */
const REPEATED = 2
const DISK_PERCENT = { warning: 80, error: 90 }
/** Exhausted: less than this part of all inodes is free. */
const INODES_FREE_PERCENT = 1

const rateLimits: Signal = {
  id: 'auth-rate-limits',
  title: 'Auth and CORS rate limits',
  source: 'audit',
  reads: 'audit log of the control plane, codes `auth_rate_limited` and `cors_origin_rate_limited`',
  look: ({ audit }) =>
    onTold(audit, ({ authRateLimited, corsRateLimited, refusals, ours, whole }) => {
      const codes = [
        ['auth_rate_limited', authRateLimited],
        ['cors_origin_rate_limited', corsRateLimited],
      ] as const
      const told = codes.map(([code, [now, before, first]]) => `${code} ${now}/${before}/${first}`).join(', ')
      const rest = `${refusals} other refusals${ours > 0 ? `, ${ours} of our own not counted` : ''}`
      const says = `${told} in the last three periods of 10 min; ${rest}${whole ? '' : '; at least'}`
      const sustained = codes.some(([, periods]) => periods.every(isRepeated))
      return { grade: sustained ? 'error' : codes.some(([, [now]]) => isRepeated(now)) ? 'warning' : 'ok', says }
    }),
  rules: () => atOnce('the same code again within 10 min', 'repeats that go on for 30 min'),
}

const isRepeated = (count: Periods[number]) => count >= REPEATED

const debugCapture: Signal = {
  id: 'debug-capture',
  title: 'Debug capture',
  source: 'status',
  reads: '`.runtime.debug_level`',
  look: onStatus(({ debugLevel }) => ({ grade: debugLevel === 'full' ? 'error' : 'ok', says: `level ${debugLevel}` })),
  rules: ({ debugTicket }) => [
    { level: 'page', text: '`full` for longer than 30 min', forMs: FULL_MS, more: true, from: 'error', unseen: 'ok' },
    ...(debugTicket === undefined
      ? [{ level: 'warn', text: '`full` without a ticket', samples: 1, from: 'error' } as const]
      : []),
  ],
}

const stateRootDisk: Signal = {
  id: 'state-root-disk',
  title: 'State-root disk',
  source: 'disk',
  reads: 'the file system that holds the state root',
  look: ({ disk }) =>
    onTold(disk, use => {
      const usedPercent = diskPercent(use)
      if (usedPercent === undefined)
        return { unknown: 'contradiction: the file system of the state root has no blocks' }
      const freeInodes = use.inodes === 0 ? undefined : (use.freeInodes / use.inodes) * 100
      const inodes =
        freeInodes === undefined ? 'inodes are not counted there' : `${(100 - freeInodes).toFixed(1)} % of its inodes`
      const exhausted = freeInodes !== undefined && freeInodes < INODES_FREE_PERCENT
      return {
        grade: exhausted ? 'error' : above(usedPercent, DISK_PERCENT),
        says: `${usedPercent.toFixed(1)} % of its blocks are used, ${inodes}${exhausted ? ': exhausted' : ''}`,
      }
    }),
  rules: () =>
    atOnce(
      `above ${DISK_PERCENT.warning} %`,
      `above ${DISK_PERCENT.error} %, or less than ${INODES_FREE_PERCENT} % of the inodes free`,
    ),
}

/** As `df` counts: what only root could still write is neither used nor available. */
function diskPercent({ totalBytes, freeBytes, availableBytes }: DiskUse): number | undefined {
  const used = totalBytes - freeBytes
  return used + availableBytes > 0 ? (used / (used + availableBytes)) * 100 : undefined
}

/** What is known of a daemon’s host, and what capturing may fill it with. */
export const HOST = [rateLimits, debugCapture, stateRootDisk] as const
