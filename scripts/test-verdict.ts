import type { TestFileReport, TestResult } from './test-run.ts'
import { TOOLS } from './test-tools.ts'

/**
 * `test/required.json`: every test of the last whole run, by file. What ran there has to run in CI; what was skipped
 * there may be skipped. Titles made in loops and shared suites are known only to a run, so the list is written from one
 * (`npm test && npm run generate`) and compared with the next.
 */
export interface TestList {
  readonly required: Readonly<Record<string, readonly string[]>>
  readonly maySkip: Readonly<Record<string, readonly string[]>>
}

/**
 * Reasons that tell of the place a checkout lies in, which no setup can change: they may be given anywhere. That a program
 * is missing which the setup installs is no such reason.
 */
const OF_THE_PLACE = new RegExp(
  `^this (checkout|machine) (?!has no (${TOOLS.map(([program]) => program).join('|')})\\b)`,
)

export interface Verdict {
  readonly passed: number
  readonly failed: readonly TestResult[]
  readonly skipped: readonly TestResult[]
}

/**
 * What a run amounts to. Nothing passes by being empty: no tests at all, a file or a suite without tests, and in CI a
 * skip or a disappearance of a required test each count as one failure.
 *
 * @param whole - all files ran and no test was filtered out by name, so what is missing is really missing
 * @param required - the list to hold the run against, in CI; elsewhere a skip is only shown
 */
export function judgeRun(
  reports: readonly TestFileReport[],
  whole: boolean,
  filtered: boolean,
  list?: TestList,
): Verdict {
  const results = reports.flatMap(report => report.results)
  const failed = results.filter(one => one.outcome === 'failed')
  const fail = (file: string, title: string, reason: string) =>
    failed.push({ file, title, at: `${file}:1:1`, outcome: 'failed', reason })

  if (!filtered) {
    for (const report of reports) {
      failed.push(...report.emptySuites)
      if (report.results.length + report.emptySuites.length === 0)
        fail(report.file, 'the file itself', 'it holds no test')
    }
  }
  if (results.length + failed.length === 0) fail('npm test', 'the run itself', 'not a single test ran')

  const skipped: TestResult[] = []
  for (const one of results.filter(result => result.outcome === 'skipped')) {
    if (list === undefined || isListed(list.maySkip, one) || OF_THE_PLACE.test(one.reason)) skipped.push(one)
    else failed.push({ ...one, reason: `must not be skipped in CI, and was: ${one.reason}` })
  }
  if (whole && list !== undefined) {
    for (const { file, title } of gone(list, results))
      fail(file, title, 'is listed in test/required.json and did not run')
    failed.push(...unlisted(list, results))
  }

  const passed =
    results.filter(one => one.outcome === 'passed').length - failed.filter(one => one.outcome === 'passed').length
  return { passed, failed, skipped }
}

/** The list that a whole run stands for, sorted so that it diffs well. */
export function listTests(results: readonly TestResult[]): TestList {
  const group = (outcomes: readonly string[]) => {
    const chosen = results.filter(one => outcomes.includes(one.outcome))
    const files = [...new Set(chosen.map(one => one.file))].sort()
    const titlesOf = (file: string) =>
      [...new Set(chosen.filter(one => one.file === file).map(one => one.title))].sort()
    return Object.fromEntries(files.map(file => [file, titlesOf(file)]))
  }
  return { required: group(['passed', 'failed']), maySkip: group(['skipped']) }
}

/** Where a suite may be skipped as a whole, so may everything in it. */
function isListed(files: TestList['required'], { file, title }: TestResult): boolean {
  return (files[file] ?? []).some(listed => title === listed || title.startsWith(`${listed} > `))
}

/** Tests that ran although nobody will miss them when they no longer do. */
function unlisted(list: TestList, results: readonly TestResult[]): TestResult[] {
  return results
    .filter(one => one.outcome === 'passed' && !isListed(list.required, one) && !isListed(list.maySkip, one))
    .map(one => ({ ...one, reason: 'is not in test/required.json; run: npm test && npm run generate' }))
}

function gone(list: TestList, results: readonly TestResult[]): { file: string; title: string }[] {
  const seen = new Set(results.map(one => `${one.file}\0${one.title}`))
  return Object.entries(list.required).flatMap(([file, titles]) =>
    titles
      .filter(title => !seen.has(`${file}\0${title}`) && !skippedAbove(file, title))
      .map(title => ({ file, title })),
  )

  function skippedAbove(file: string, title: string): boolean {
    return results.some(one => one.file === file && one.outcome === 'skipped' && title.startsWith(`${one.title} > `))
  }
}
