import { withDaemon } from '../../daemon/break.ts'
import { isolated } from '../../daemon/subjects.ts'
import type { CheckContext } from '../../model/check.ts'
import type { DiskUse, Periods, Sample } from '../../slo/sample.ts'
import { MINUTE_MS } from '../../slo/signal.ts'
import { withChangedFiles } from '../../suite/host-file.ts'
import { withoutMember } from '../daemon/edited-status.ts'
import { inARow, once, onStatus, pages, signalCheck, told, WARNING_FAILS, warns } from './slo-signal.ts'

/** A copy of the state root in which the limiter refused requests that many minutes ago. */
function withNotices(context: CheckContext, minutesAgo: readonly number[]): Promise<CheckContext> {
  const { layout, signals, http } = context.target
  const rows = minutesAgo.map(minutes =>
    JSON.stringify({
      timestamp_ms: context.tools.clock.now().getTime() - minutes * MINUTE_MS,
      event: 'auth_rate_limited',
      method: 'GET',
      path: http.status,
      reason: 'rate_limited',
    }),
  )
  const log = signals.auditLog
  const script = `mkdir -p "$(dirname ${log})"; printf '%s\\n' '${rows.join("' '")}' >>${log}`
  return withChangedFiles(context, [layout.lockFile], script)
}

const limited = (authRateLimited: Periods) =>
  once((sample: Sample) => ({
    ...sample,
    audit: { facts: { authRateLimited, corsRateLimited: [0, 0, 0], refusals: 0, ours: 0, whole: true } },
  }))

const rateLimits = signalCheck(
  'auth-rate-limits',
  [],
  [
    pages('the limiter has been refusing for half an hour', limited([2, 2, 2])),
    warns('the limiter began to refuse twice within ten minutes', limited([2, 0, 0])),
    {
      id: 'planted',
      breaks: 'the log holds six notices of the limiter in half an hour',
      because: /^page: auth_rate_limited 2\/2\/2/,
      subject: context => withNotices(context, [1, 2, 11, 12, 21, 22]),
    },
    {
      id: 'another-place',
      breaks: 'the log is looked for where no daemon keeps its state',
      expects: 'FILE_UNREADABLE',
      subject: context => withChangedFiles(context, [context.target.layout.lockFile], 'rm -f -- *'),
    },
  ],
)

const debugCapture = signalCheck(
  'debug-capture',
  [],
  [
    pages(
      'full capture has been on for forty minutes',
      inARow(
        5,
        10 * MINUTE_MS,
        onStatus(() => ({ debugLevel: 'full' })),
      ),
    ),
    told('full capture is on', { 'runtime.debug_level': 'full' }, { ...WARNING_FAILS, 'debug-ticket': undefined }),
    withoutMember('runtime.debug_level'),
  ],
)

const disk = (change: Partial<DiskUse>) =>
  once((sample: Sample) => ({
    ...sample,
    disk: {
      facts: { totalBytes: 1_000, freeBytes: 500, availableBytes: 500, inodes: 100, freeInodes: 50, ...change },
    },
  }))

const stateRootDisk = signalCheck(
  'state-root-disk',
  [],
  [
    pages('ninety-five percent of the disk are used', disk({ freeBytes: 50, availableBytes: 50 })),
    warns('eighty-five percent of the disk are used', disk({ freeBytes: 150, availableBytes: 150 })),
    { ...pages('no inode is free', disk({ freeInodes: 0 })), id: 'inodes' },
    {
      id: 'no-such-place',
      breaks: 'the state root is not there',
      expects: 'FILE_UNREADABLE',
      subject: async context => {
        const subject = context.values.get(isolated)
        return withDaemon(context, { ...subject, stateRoot: `${subject.instance.place.tmp}/nowhere` })
      },
    },
    {
      id: 'no-file-system',
      breaks: 'the state root lies on something that has no blocks',
      expects: 'ANSWER_MALFORMED',
      subject: async context => withDaemon(context, { ...context.values.get(isolated), stateRoot: '/proc' }),
    },
  ],
)

/** What is known of a daemon’s host, and what capturing may fill it with. */
export const hostSignals = [rateLimits, debugCapture, stateRootDisk] as const
