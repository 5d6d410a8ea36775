import path from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'

export interface TestResult {
  /** Test file, relative to the checkout. */
  readonly file: string
  /** Names of the suites and the test, joined by ` > `. */
  readonly title: string
  /** `file:line:column` of the call, which a contract suite has in another file. */
  readonly at: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped or what failed; empty when it passed. */
  readonly reason: string
}

export interface TestFileReport {
  readonly file: string
  readonly results: readonly TestResult[]
  /** Suites that ended well without holding a single test. */
  readonly emptySuites: readonly TestResult[]
  /** What the file printed, shown when something in it failed. */
  readonly output: string
  readonly durationMs: number
}

export interface TestRunOptions {
  readonly root: string
  readonly timeoutMs: number
  /** A file that is silent for so long is ended: the timeout of a test does not end what it left open. */
  readonly silenceMs: number
  readonly namePattern?: string
  readonly onResult?: (result: TestResult) => void
}

/**
 * Runs one file in a process of its own. Counted are tests and subtests, and suites only where they are the whole
 * story: skipped ones, whose tests Node never lists, and those that failed by themselves, as in a hook. A parent that
 * failed only because a subtest did is not counted again.
 *
 * @param file - absolute path
 */
export async function runTestFile(file: string, options: TestRunOptions): Promise<TestFileReport> {
  const startedAt = performance.now()
  const name = path.relative(options.root, file)
  const results: TestResult[] = []
  const emptySuites: TestResult[] = []
  const titles = new Map<number, string>()
  const parents = new Set<number>()
  let output = ''

  const silence = new AbortController()
  const watchdog = setTimeout(() => silence.abort(), options.silenceMs)
  const events = run({
    files: [file],
    isolation: 'process',
    timeout: options.timeoutMs,
    signal: silence.signal,
    ...(options.namePattern === undefined ? {} : { testNamePatterns: [options.namePattern] }),
  })

  // What the ended file had started may still hold its output open, and then the stream would never end by itself.
  silence.signal.addEventListener('abort', () => setTimeout(() => events.destroy(), 2_000).unref())
  const result = (at: string, title: string, outcome: TestResult['outcome'], reason: string) => {
    const one = { file: name, title, at, outcome, reason }
    results.push(one)
    options.onResult?.(one)
  }

  for await (const { type, data } of untilDestroyed(events)) {
    watchdog.refresh()
    if (type === 'test:stdout' || type === 'test:stderr') output += data.message
    if (type === 'test:start') {
      const { testId, parentId } = data as unknown as Ids
      const parent = titles.get(parentId)
      titles.set(testId, parent === undefined ? data.name : `${parent} > ${data.name}`)
      parents.add(parentId)
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue

    const { testId, entryFile } = data as unknown as Ids
    const error = type === 'test:fail' ? (data.details.error as TestError) : undefined
    const at = `${path.relative(options.root, data.file ?? file)}:${data.line ?? 1}:${data.column ?? 1}`
    const title = titles.get(testId) ?? data.name

    // Without an entry file the event is about the process of the file: one that registered nothing passes in Node.
    if (entryFile === undefined) {
      if (error !== undefined && !silence.signal.aborted)
        result(at, 'the file itself', 'failed', `its process did not end well: ${error.message}`)
      continue
    }
    const isSuite = data.details.type === 'suite'
    if (data.todo !== undefined && data.todo !== false) result(at, title, 'failed', 'a todo is not a test')
    else if (data.skip !== undefined && data.skip !== false)
      result(at, title, 'skipped', typeof data.skip === 'string' && data.skip !== '' ? data.skip : 'no reason given')
    else if (error?.failureType === 'subtestsFailed') continue
    else if (error !== undefined) result(at, title, 'failed', describeError(error))
    else if (!isSuite) result(at, title, 'passed', '')
    else if (!parents.has(testId))
      emptySuites.push({ file: name, title, at, outcome: 'failed', reason: 'holds no test' })
  }
  clearTimeout(watchdog)
  if (silence.signal.aborted)
    result(`${name}:1:1`, 'the file itself', 'failed', `silent for ${options.silenceMs} ms, so it was ended`)

  return { file: name, results, emptySuites, output, durationMs: performance.now() - startedAt }
}

async function* untilDestroyed<Event>(events: AsyncIterable<Event> & { readonly destroyed: boolean }) {
  try {
    yield* events
  } catch (error) {
    if (!events.destroyed) throw error
  }
}

/** Present in the events of Node 24.21, not yet in its types. */
interface Ids {
  readonly testId: number
  readonly parentId: number
  readonly entryFile?: string
}

type TestError = Error & { readonly failureType?: string }

function describeError(error: TestError): string {
  // Node wraps whatever was thrown; its own message says more only where nothing was thrown.
  const thrown =
    error.failureType === 'testCodeFailure' || error.failureType === 'hookFailed' ? error.cause : error.message
  if (!(thrown instanceof Error)) return typeof thrown === 'string' ? thrown : inspect(thrown)
  const text = thrown.stack?.includes(thrown.message)
    ? thrown.stack
    : `${thrown.name}: ${thrown.message}\n${thrown.stack}`
  return thrown.cause === undefined ? text : `${text}\ncaused by ${inspect(thrown.cause)}`
}
