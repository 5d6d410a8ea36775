import { clock } from '../../adapters/clock.ts'
import { files } from '../../adapters/files.ts'
import { http } from '../../adapters/http/port.ts'
import { bearerToken } from '../../model/bearer-token.ts'
import { parseDuration } from '../../model/duration.ts'
import { RunproofError } from '../../model/error.ts'
import type { TargetHttp } from '../../model/http.ts'
import type { CheckSettings } from '../../sse/ask-stream.ts'
import { StreamCheck } from '../../sse/check-stream.ts'
import { differencesOf } from '../../sse/differences.ts'
import { type Finding, findingsOf } from '../../sse/findings.ts'
import type { StreamNames } from '../../sse/stream-facts.ts'
import type { CheckFlags } from '../commands/sse.ts'
import { interruptible } from '../interrupt.ts'
import { loadTarget } from '../registry.ts'
import { reportLines, type SseReport, toDocument, type Way } from './sse-report.ts'

const MOST_TOKEN_BYTES = 64 * 1024
const MOST_WAIT_MS = 600_000
const EVENTS = { least: 3, most: 100_000 }
/** A server of another kind. */
const NO_TARGET = 'none'

/**
 * Checks a stream, by every way that is asked for, and prints what was found.
 *
 * @returns the exit code
 */
export async function checkSse(url: string, flags: CheckFlags): Promise<number> {
  const names = await namesOf(flags)
  const ways = waysOf(url, flags, names)
  const settings = { names, ...(await settingsOf(flags)) }
  using interrupt = interruptible(process, () => process.stderr.write('interrupted: this is what was found so far\n'))
  const beganMs = clock.monotonicMs()
  await using clients = new AsyncDisposableStack()
  const checks: { readonly way: Way; readonly check: StreamCheck }[] = []
  for (const way of ways) {
    const client: TargetHttp = clients.use(await connect(way, flags))
    const subject = { client, path: way.path, http2Asked: way.http2 }
    checks.push({ way, check: new StreamCheck(subject, { ...settings, signal: interrupt.signal }) })
  }

  const all = (act: (check: StreamCheck) => Promise<void>) => Promise.all(checks.map(({ check }) => act(check)))
  await all(check => check.begin())
  const interrupted = () => interrupt.signal.aborted
  if (!interrupted()) refuseSilence(checks)
  await all(check => check.resume())
  const verdictMs = clock.monotonicMs() - beganMs
  if (settings.heartbeatWithinMs !== undefined && checks.some(({ check }) => check.facts.control !== undefined)) {
    const most = `${settings.heartbeatWithinMs / 1_000} s`
    process.stderr.write(`everything else is read: waiting up to ${most} for a heartbeat\n`)
  }
  await all(check => check.beat())
  const direct = checks.find(({ way }) => way.id === 'direct')?.check
  const owed = (direct?.facts.control?.events.length ?? 0) > 0
  for (const { check } of checks) check.end(check === direct || !owed ? undefined : true)

  const sides = checks.map(({ way, check }) => ({ way, facts: check.facts, findings: findingsOf(check.facts) }))
  const plain = sides.find(({ way }) => way.id === 'direct')
  const report: SseReport = {
    sides: sides.map(side => ({
      ...side,
      differences: plain === undefined || side === plain ? [] : differencesOf(plain, side),
    })),
    verdictMs,
    heartbeatMs: clock.monotonicMs() - beganMs - verdictMs,
    interrupted: interrupted(),
  }
  const exitCode = interrupted() ? 130 : exitCodeFor(report)
  if (flags.json === true) process.stdout.write(`${JSON.stringify(toDocument(report, exitCode))}\n`)
  else process.stdout.write(reportLines(report).join(''))
  return exitCode
}

function exitCodeFor({ sides }: SseReport): number {
  const all: readonly Finding[] = sides.flatMap(({ findings, differences }) => [...findings, ...differences])
  if (all.some(({ outcome }) => outcome === 'failed')) return 1
  return sides.some(({ facts }) => (facts.control?.bytes ?? 0) === 0) ? 3 : 0
}

/** Without an answer there is no verdict, unless what answers direct does not through a proxy. */
function refuseSilence(checks: readonly { readonly way: Way; readonly check: StreamCheck }[]): void {
  const isCompared = checks.some(({ way, check }) => way.id === 'direct' && check.facts.head !== undefined)
  for (const { way, check } of checks) {
    const { trouble, head } = check.facts
    if (head !== undefined || trouble === undefined || (isCompared && way.id !== 'direct')) continue
    const hint =
      trouble.code === 'TIMEOUT' ? 'a proxy that buffers gives no head either: --direct URL tells' : trouble.hint
    throw new RunproofError(trouble.code, trouble.message, { hint })
  }
}

async function namesOf({ target, cursorParam }: CheckFlags): Promise<StreamNames> {
  if (cursorParam !== undefined && !/^[\w.~-]+$/.test(cursorParam))
    throw new RunproofError('PARAM_INVALID', `--cursor-param ${cursorParam}: expected a name such as cursor`)
  if (target === NO_TARGET)
    return { cursor: cursorParam, heartbeat: undefined, gap: undefined, invalidCursorCode: undefined }
  const { events } = await loadTarget(target)
  return {
    cursor: cursorParam ?? events.cursor,
    heartbeat: events.heartbeatEvent,
    gap: events.gapEvent,
    invalidCursorCode: events.invalidCursorCode,
  }
}

function waysOf(url: string, { http2, direct }: CheckFlags, { cursor }: StreamNames): readonly Way[] {
  const to = readUrl('the URL', url, cursor)
  const ways: Way[] = [{ id: 'url', ...to, http2: false }]
  if (http2 === true) ways.push({ id: 'url-h2', ...to, http2: true })
  if (direct !== undefined) ways.push({ id: 'direct', ...readUrl('--direct', direct, cursor), http2: false })
  return ways
}

function readUrl(
  what: string,
  text: string,
  cursor: string | undefined,
): { readonly origin: string; readonly path: string } {
  const refuse = (why: string) =>
    new RunproofError('PARAM_INVALID', `${what} ${why}`, {
      hint: 'for example http://127.0.0.1:4000/v1/events/stream',
    })
  if (!URL.canParse(text)) throw refuse(`${text} is none`)
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw refuse(`for ${url.host} holds a user or a password`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse(`${text} is neither http: nor https:`)
  if (url.hash !== '') throw refuse(`${text} has a fragment`)
  if (cursor !== undefined && url.searchParams.has(cursor)) throw refuse(`holds ${cursor}=, which is what is tried out`)
  return { origin: url.origin, path: `${url.pathname}${url.search}` }
}

async function settingsOf(flags: CheckFlags): Promise<Omit<CheckSettings, 'names' | 'signal'>> {
  const { tokenFile } = flags
  const events = Number(flags.events)
  if (!Number.isInteger(events) || events < EVENTS.least || events > EVENTS.most)
    throw new RunproofError('PARAM_INVALID', `--events ${flags.events}: expected ${EVENTS.least} to ${EVENTS.most}`)
  return {
    events,
    timeoutMs: waitOf('--timeout', flags.timeout),
    heartbeatWithinMs: flags.heartbeat ? waitOf('--heartbeat-within', flags.heartbeatWithin) : undefined,
    bearer:
      tokenFile === undefined
        ? undefined
        : bearerToken('token', tokenFile, await files.readText(tokenFile, MOST_TOKEN_BYTES)),
    nowMs: () => clock.monotonicMs(),
  }
}

function waitOf(flag: string, text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds < 1 || milliseconds > MOST_WAIT_MS)
    throw new RunproofError('PARAM_INVALID', `${flag} ${text}: expected more than nothing, up to 10m`)
  return milliseconds
}

/** The file of certificates says nothing about a way without TLS. */
function connect({ origin, http2 }: Way, { caFile }: CheckFlags): Promise<TargetHttp> {
  const isPlain = origin.startsWith('http:')
  return http.connect({ baseUrl: origin, http2, ...(caFile === undefined || isPlain ? {} : { caFile }) })
}
