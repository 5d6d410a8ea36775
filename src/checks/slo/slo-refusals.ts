import { daemon } from '../../daemon/subjects.ts'
import { type CheckContext, defineCheck, failed, passed } from '../../model/check.ts'
import type { StepContext } from '../../model/runbook.ts'
import { auditRows, type Refusal, withoutOurs } from '../../slo/audit.ts'
import { readAuditLog } from '../../slo/host-files.ts'
import { ask } from '../../suite/ask.ts'
import { withChangedFiles } from '../../suite/host-file.ts'
import { refusals } from './slo-sampling.ts'

/**
 * Asks once without a token, of a daemon of the suite's own only: the audit log is made at the first refusal, and a log that is
 * looked for in the wrong place would read as one without any.
 */
export async function provokeRefusal(context: StepContext): Promise<void> {
  const { reached, stateRoot } = context.values.get(daemon)
  if (reached === 'running') {
    if (stateRoot !== undefined)
      context.run.assume(`what lies at ${stateRoot} is the state root of the daemon that is asked`)
    context.set(refusals, [])
    return
  }
  const path = context.target.http.status
  const sentAtMs = context.tools.clock.now().getTime()
  const { status } = await ask(context, path, { bearer: 'none' })
  context.set(refusals, [{ method: 'GET', path, status, sentAtMs, answeredAtMs: context.tools.clock.now().getTime() }])
  context.run.assume('one request without a token was made on purpose, and is not counted against the daemon')
}

interface Observed {
  readonly asked: readonly Pick<Refusal, 'path' | 'status'>[]
  /** Their rows in the audit log, as `event reason`. */
  readonly recorded: readonly string[]
  /** Rows that no request of this run explains. */
  readonly others: number
}

/** A refusal stands in the audit log, and is known there for one of this run. */
export const refusalsRecorded = defineCheck<Observed>({
  id: 'refusals-recorded',
  needs: ['host-files'],
  title: 'A request without a token is refused, and the audit log says so',
  untested: ({ values }) =>
    values.get(daemon).reached === 'running'
      ? 'a refusal on purpose would stand in the log of a daemon in use'
      : undefined,

  async probe(context) {
    const asked = context.values.get(refusals)
    const { ours, others } = withoutOurs(await rowsOf(context), asked)
    return {
      asked: asked.map(({ path, status }) => ({ path, status })),
      recorded: ours.map(({ event, reason }) => `${event} ${reason}`),
      others: others.length,
    }
  },

  judge({ asked, recorded, others }) {
    const details = { expected: ['auth_failure missing_token'], actual: { recorded: [...recorded], others } }
    const [first] = asked
    if (first === undefined) return failed('nothing was asked', details)
    if (first.status === 429) return failed('the limiter refused it, and nothing is known of the token', details)
    if (first.status !== 401) return failed(`a request without a token was answered with ${first.status}`, details)
    if (recorded.length !== 1) return failed(`one refusal left ${recorded.length} rows`, details)
    return recorded[0] === 'auth_failure missing_token'
      ? passed(details)
      : failed(`the refusal is on record as ${recorded[0]}`, details)
  },

  counterproofs: [
    {
      id: 'let-in',
      breaks: 'the request was let in',
      because: /answered with 200/,
      observation: observed => ({ ...observed, asked: [{ path: '/', status: 200 }] }),
    },
    {
      id: 'limited',
      breaks: 'it was the limiter that refused',
      because: /the limiter/,
      observation: observed => ({ ...observed, asked: [{ path: '/', status: 429 }] }),
    },
    {
      id: 'other-reason',
      breaks: 'the log gives another reason',
      because: /on record as auth_failure invalid_token/,
      observation: observed => ({ ...observed, recorded: ['auth_failure invalid_token'] }),
    },
    {
      id: 'no-log',
      breaks: 'the daemon has written no audit log',
      because: /one refusal left 0 rows/,
      subject: context => withChangedFiles(context, [context.target.layout.lockFile], 'true'),
    },
    {
      id: 'garbage',
      breaks: 'the log holds a line that is no row',
      expects: 'STATE_MALFORMED',
      subject: context => {
        const log = context.target.signals.auditLog
        return withChangedFiles(context, [context.target.layout.lockFile, log], `echo garbage >>${log}`)
      },
    },
  ],
})

async function rowsOf(context: CheckContext) {
  const { target, values, deadlineMs, signal } = context
  const { instance, stateRoot } = values.get(daemon)
  const files = { lockFile: target.layout.lockFile, auditLog: target.signals.auditLog }
  const host = { stateRoot: stateRoot!, run: instance.run.bind(instance) }
  const audit = await readAuditLog(host, files, { timeoutMs: Math.min(deadlineMs, 5_000), signal })
  return auditRows(audit, target.signals.read.auditRow)
}
