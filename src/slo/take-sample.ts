import { RunproofError, toRunproofError } from '../model/error.ts'
import type { HttpClient } from '../model/http.ts'
import { jsonAnswer } from '../model/json-answer.ts'
import type { Secret } from '../model/secret.ts'
import type { StatusSignals } from '../model/signals.ts'
import type { Target } from '../model/target.ts'
import { countAudit, type Refusal } from './audit.ts'
import { type HostFiles, readAuditLog, readDiskUse } from './host-files.ts'
import type { AuditCounts, DiskUse, Readiness, Sample, Told } from './sample.ts'

/** Answers that say that a daemon is not ready, where a probe gets none at all. */
const UNANSWERED = ['TARGET_UNREACHABLE', 'TIMEOUT', 'TLS_FAILED', 'ANSWER_MALFORMED', 'BODY_TOO_LARGE']
const REFUSED = [401, 403, 429]

/** Where samples are taken. */
export interface Sampled {
  readonly target: Pick<Target, 'http' | 'signals' | 'layout'>
  readonly http: Pick<HttpClient, 'request'>
  /** Read for each sample: tokens are replaced while a daemon runs. */
  bearer(): Promise<Secret>
  /** Undefined where the files of the daemon's host are not at hand. */
  readonly host: HostFiles | undefined
  now(): Date
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Requests of ours that were refused; those of taking samples are added. */
  readonly refusals: Refusal[]
  /** After a refusal the status is not asked for so long: refusals are a signal themselves, and limited. */
  readonly spareMs?: number
}

/**
 * Asks every source at the same time, each with its own deadline. What a source fails to say is part of the sample.
 *
 * @throws RunproofError INTERRUPTED, INTERNAL
 */
export async function takeSample(from: Sampled): Promise<Sample> {
  const at = from.now()
  const [readiness, status] = await Promise.all([readReadiness(from), told(readStatus(from))])
  const { host } = from
  // After the status: its refusal has to be on record before the log is counted.
  const [audit, disk] = await Promise.all([
    host === undefined ? null : told(readAudit(from, host)),
    host === undefined ? null : told(readDisk(from, host)),
  ])
  return { at: at.toISOString(), readiness, status, audit, disk }
}

async function told<Facts>(reading: Promise<Facts>): Promise<Told<Facts>> {
  try {
    return { facts: await reading }
  } catch (thrown) {
    const error = toRunproofError(thrown)
    if (error.code === 'INTERRUPTED' || error.code === 'INTERNAL') throw error
    return { error: `${error.code}: ${error.message}`.slice(0, 300) }
  }
}

/** @throws RunproofError INTERRUPTED, INTERNAL; whatever else goes wrong is what the readiness is */
export async function readReadiness({ http, target, ...limits }: Sampled): Promise<Readiness> {
  try {
    const { status, text } = await http.request(target.http.ready, { ...limitsOf(limits), maxBytes: 64 * 1024 })
    return { status, ownWords: text.trim() === 'ready', error: null }
  } catch (thrown) {
    const { code } = toRunproofError(thrown)
    if (!UNANSWERED.includes(code)) throw thrown
    return { status: null, ownWords: false, error: code }
  }
}

/** @throws RunproofError ANSWER_MALFORMED also for a refusal, and whatever a request throws */
export async function readStatus(from: Sampled): Promise<StatusSignals> {
  const { http, target, now, refusals } = from
  const path = target.http.status
  const bearer = await from.bearer()
  const sentAtMs = now().getTime()
  const last = refusals.at(-1)
  if (last !== undefined && sentAtMs - last.answeredAtMs < (from.spareMs ?? 0))
    throw new RunproofError(
      'ANSWER_MALFORMED',
      `${path} answered ${last.status}: ${refusal(last.status)}; not asked again yet`,
    )
  const answer = await http.request(path, { bearer, ...limitsOf(from) })
  const { status } = answer
  if (REFUSED.includes(status)) {
    refusals.push({ method: 'GET', path, status, sentAtMs, answeredAtMs: now().getTime() })
    throw new RunproofError('ANSWER_MALFORMED', `${path} answered ${status}: ${refusal(status)}`)
  }
  return target.signals.read.status(jsonAnswer(path, answer))
}

function refusal(status: number): string {
  if (status === 429) return 'too many refused requests, whatever this one shows'
  return 'the daemon refuses this token'
}

export async function readAudit(from: Sampled, host: HostFiles): Promise<AuditCounts> {
  const { target, now, refusals } = from
  const files = { lockFile: target.layout.lockFile, auditLog: target.signals.auditLog }
  const audit = await readAuditLog(host, files, limitsOf(from))
  return countAudit(audit, target.signals.read.auditRow, now().getTime(), refusals)
}

export function readDisk(from: Sampled, host: HostFiles): Promise<DiskUse> {
  return readDiskUse(host, limitsOf(from))
}

function limitsOf({ timeoutMs, signal }: Pick<Sampled, 'timeoutMs' | 'signal'>) {
  return { timeoutMs, ...(signal === undefined ? {} : { signal }) }
}
