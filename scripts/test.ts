import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { installMissingTools } from './setup.ts'
import { runTestFile, type TestFileReport, type TestResult } from './test-run.ts'
import { judgeRun, listTests, type TestList } from './test-verdict.ts'

const root = path.resolve(import.meta.dirname, '..')
/** Whole runs come when the stand-ins are compiled, and before what is short, which fills up the end. */
const FOLDERS = ['fixtures', 'test', 'src', 'runbooks', 'smoke', 'scripts']
const CONCURRENCY = 2
/** They wait for deadlines most of their time and hold no core meanwhile: one after the other beside those that do. */
const WAITING = [
  'fixtures/kheish-daemon/published-smokes.test.ts',
  'src/adapters/programs/ask-program.test.ts',
  'src/sse/check-stream.test.ts',
  'test/cli/slo-watch.test.ts',
  'test/cli/sse.test.ts',
  'test/smoke-deaf.test.ts',
].map(file => path.join(root, file))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', short: 't' },
    timeout: { type: 'string', default: '400000' },
    silence: { type: 'string', default: '420000' },
    list: { type: 'string', default: path.join(root, 'test/required.json') },
    help: { type: 'boolean', short: 'h' },
  },
})

if (values.help) {
  process.stdout.write(
    [
      'npm test -- [PATH…] [--name PATTERN] [--timeout MS] [--silence MS]',
      '',
      'PATH is a test file or a folder of them; without one, every *.test.ts runs and the tools they use are installed',
      'where apt-get can. With CI=true a test listed in test/required.json must not be skipped or missing.',
      '',
    ].join('\n'),
  )
  process.exit(0)
}

const found = FOLDERS.flatMap(folder => globSync(`${folder}/**/*.test.ts`, { cwd: root }).sort())
const files = positionals.length === 0 ? found.map(file => path.join(root, file)) : positionals.flatMap(select)
const whole = positionals.length === 0 && values.name === undefined
if (whole) for (const line of await installMissingTools()) process.stdout.write(`setup: ${line}\n`)

// Read by the process of each test file: stripping types and compiling is a third of what a small one costs.
process.env.NODE_COMPILE_CACHE ??= path.join(root, 'node_modules/.cache/runproof/tests')

const moved = WAITING.filter(file => !existsSync(file))
if (moved.length > 0) throw new Error(`no test file any more, and still in WAITING of scripts/test.ts: ${moved}`)
const busy = files.filter(file => !WAITING.includes(file)).values()
const waiting = files.filter(file => WAITING.includes(file)).values()
const reports: TestFileReport[] = []
await Promise.all([...Array.from({ length: CONCURRENCY }, () => work(busy)), work(waiting)])
finish()

/** A file as it is, whatever its name; a folder as the tests in it. */
function select(name: string): string[] {
  const absolute = path.resolve(name)
  if (existsSync(absolute) && !absolute.endsWith('.ts'))
    return found.map(file => path.join(root, file)).filter(file => file.startsWith(absolute + path.sep))
  return [absolute]
}

async function work(queue: Iterable<string>): Promise<void> {
  for (const file of queue) {
    const report = await runTestFile(file, {
      root,
      timeoutMs: Number(values.timeout),
      silenceMs: Number(values.silence),
      ...(values.name === undefined ? {} : { namePattern: values.name }),
      onResult: one => {
        if (one.outcome === 'failed') process.stdout.write(`not ok ${one.at} ${one.title}\n`)
      },
    })
    reports.push(report)
    const failures = report.results.filter(one => one.outcome === 'failed').length
    const seconds = (report.durationMs / 1000).toFixed(1)
    process.stdout.write(
      `${failures === 0 ? 'ok' : 'not ok'} ${report.file} ${report.results.length} in ${seconds} s\n`,
    )
  }
}

function finish(): void {
  const list: TestList | undefined =
    process.env.CI === 'true' ? JSON.parse(readFileSync(String(values.list), 'utf8')) : undefined
  const verdict = judgeRun(reports, whole, values.name !== undefined, list)
  if (whole) record(reports.flatMap(report => report.results))

  for (const { file, output } of reports)
    if (output.trim() !== '' && verdict.failed.some(one => one.file === file))
      process.stdout.write(`\n--- what ${file} printed\n${output.slice(-20_000).trimEnd()}\n`)
  if (verdict.failed.length > 0) process.stdout.write('\nfailed:\n')
  for (const one of verdict.failed) process.stdout.write(`${one.at} ${one.title}\n${indent(one.reason)}\n`)
  if (verdict.skipped.length > 0) process.stdout.write('\nskipped:\n')
  for (const one of verdict.skipped) process.stdout.write(`${one.at} ${one.title}: ${one.reason}\n`)

  const status = verdict.failed.length === 0 ? 0 : 1
  const closing = `${verdict.passed} passed, ${verdict.failed.length} failed, ${verdict.skipped.length} skipped`
  // Ended by hand, since a process that a test left behind may keep a pipe to this one open.
  process.stdout.write(`\n${closing}\n`, () => process.exit(status))
}

/** Read by `npm run generate`; under node_modules because it is about this machine only. */
function record(results: readonly TestResult[]): void {
  const file = path.join(root, 'node_modules/.cache/runproof/tests.json')
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(listTests(results), undefined, 2))
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ')
}
