import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Evidence } from '../evidence/schema.ts'
import { unsealed } from '../evidence/testdata/sealed-run.ts'
import type { CheckOutcome } from '../model/outcome.ts'
import html from './html.ts'
import junit from './junit.ts'
import { annotationLines } from './text/annotations.ts'
import { summaryLines } from './text/summary.ts'

const [step] = unsealed.steps
const [check] = step!.checks

function evidence(given: Partial<Evidence> = {}): Evidence {
  return {
    ...unsealed,
    artifacts: [{ path: 'artifacts/a', sha256: 'a'.repeat(64), sizeBytes: 1 }],
    journal: { sha256: '0'.repeat(64), records: 1, lastHash: '0'.repeat(64) },
    leakScan: {
      secretNames: [],
      searchedForms: 0,
      searchedFiles: 0,
      searchedBytes: 0,
      canaryFound: true,
      unsearched: [],
      notCovered: [],
    },
    signer: { keyId: 'sha256:0', publicKeyPem: 'pem' },
    ...given,
  }
}

const HOSTILE = `</td></pre></style><script>alert(1)</script><img src=x onerror=alert(2)> " ' & ]]> \u0000\u001b[31m\uffff`

/** The same text in every place that a target, a file name or an error message can reach. */
function hostile(): Evidence {
  const proof = { ...check!.counterproofs[0]!, breaks: HOSTILE, said: HOSTILE }
  return evidence({
    runbook: { ...unsealed.runbook, title: HOSTILE },
    target: { id: 'x', title: HOSTILE, real: false },
    operator: { user: HOSTILE, host: HOSTILE },
    facts: { [HOSTILE]: HOSTILE },
    params: { [HOSTILE]: HOSTILE },
    notTested: [HOSTILE],
    assumptions: [HOSTILE],
    roles: { [HOSTILE]: HOSTILE },
    notes: [{ at: HOSTILE, by: HOSTILE, role: HOSTILE, text: HOSTILE }],
    handovers: [{ at: HOSTILE, from: HOSTILE, to: HOSTILE, role: HOSTILE }],
    snapshots: [{ at: HOSTILE, by: HOSTILE, path: HOSTILE, outcome: 'errored' }],
    breaks: [{ at: HOSTILE, runId: HOSTILE, kind: HOSTILE, resumedAt: HOSTILE, resumedBy: HOSTILE }],
    allowedSkips: [{ id: HOSTILE, reason: HOSTILE }],
    artifacts: [{ path: HOSTILE, sha256: 'a'.repeat(64), sizeBytes: 1 }],
    rto: { totalMs: 1, phases: [{ id: HOSTILE, durationMs: 1, waits: [{ id: HOSTILE, durationMs: 1 }] }] },
    rpoMs: 1,
    rpoBasis: HOSTILE,
    released: [{ what: HOSTILE, kind: 'tear-down', outcome: 'errored', error: { code: 'X', message: HOSTILE } }],
    steps: [
      {
        ...step!,
        id: HOSTILE,
        title: HOSTILE,
        outcome: 'failed',
        reason: HOSTILE,
        commands: [{ command: HOSTILE, exitCode: 0, durationMs: 1 }],
        decision: { verdict: 'allow', rule: 'r', approvedBy: HOSTILE, how: HOSTILE, role: HOSTILE, reason: HOSTILE },
        attestation: {
          by: HOSTILE,
          role: HOSTILE,
          at: HOSTILE,
          statement: HOSTILE,
          attachment: { path: HOSTILE, sha256: 'a' },
        },
        skippedBy: { by: HOSTILE, at: HOSTILE, reason: HOSTILE },
        undone: { by: HOSTILE, at: HOSTILE },
        attempts: [{ at: HOSTILE, outcome: 'failed', reason: HOSTILE }],
        carriedFrom: HOSTILE,
        checks: [
          {
            ...check!,
            id: HOSTILE,
            title: HOSTILE,
            outcome: 'failed',
            reason: HOSTILE,
            expected: HOSTILE,
            actual: { [HOSTILE]: HOSTILE },
            counterproofs: [proof],
          },
        ],
      },
    ],
  })
}

describe('the HTML report', () => {
  test('lets no hostile text become markup', () => {
    const page = html.render(hostile())
    assert.ok(!page.includes('<script'))
    assert.ok(!page.includes('<img'))
    const tags = new Set([...page.matchAll(/<\/?([a-z0-9]+)/gi)].map(match => match[1]!.toLowerCase()))
    const known = 'html head meta title style body h1 h2 p span table tr th td details summary strong pre ul li code br'
    assert.deepEqual([...tags.difference(new Set(known.split(' ')))], [])
    assert.equal([...page.matchAll(/<\/style>/g)].length, 1)
  })

  test('says what was asked, what was not run, and what is green and warns', () => {
    const warns = { ...check!, outcome: 'passed' as const, actual: { level: 'warn', reason: `it is <late>` } }
    const proofs = check!.counterproofs.map(one => ({ ...one, outcome: 'not-run' as const }))
    const given = evidence({
      params: { 'base-url': 'http://daemon:4000' },
      steps: [{ ...step!, outcome: 'passed', checks: [{ ...warns, counterproofs: proofs }] }],
    })
    const page = html.render(given)
    for (const text of ['http://daemon:4000', `${proofs.length} not run`, 'warns: it is &lt;late&gt;'])
      assert.ok(page.includes(text), text)
    assert.ok(summaryLines(given).includes(`warns     ${check!.id}: it is <late>`))
    const fine = { ...warns, actual: { level: 'ok', reason: 'it is early' } }
    assert.doesNotMatch(html.render(evidence({ steps: [{ ...step!, checks: [fine] }] })), /warns:/)
  })

  test('loads nothing from anywhere and runs nothing', () => {
    const page = html.render(evidence())
    assert.doesNotMatch(page, /<(script|link|img|iframe)|\ssrc=|\shref=|url\(|@import/i)
  })

  test('tells what was left behind, undone or offered, and which skips were allowed', () => {
    const page = html.render(
      evidence({
        released: [
          { what: 'a lamp', kind: 'tear-down', outcome: 'errored', error: { code: 'X', message: 'it stays on' } },
          { what: 'a: close the door', kind: 'undo', outcome: 'offered' },
          { what: 'a daemon', kind: 'tear-down', outcome: 'done' },
        ],
        allowedSkips: [{ id: 'one', reason: 'no radio here' }],
      }),
    )
    for (const text of [
      'tear-down errored: a lamp: it stays on',
      'undo offered: a: close the door',
      'one: no radio here',
    ])
      assert.ok(page.includes(text), text)
    assert.ok(!page.includes('a daemon'))
  })

  const chromium = spawnSync('chromium', ['--version']).status === 0
  test('fits a phone, however long its words are', { skip: !chromium && 'needs chromium', timeout: 60_000 }, () => {
    const directory = mkdtempSync(join(tmpdir(), 'runproof-page-'))
    after(() => rmSync(directory, { recursive: true, force: true }))
    const long = 'x'.repeat(400)
    const page = html.render(
      evidence({
        facts: { [long]: long },
        notTested: [long],
        artifacts: [{ path: long, sha256: 'a'.repeat(64), sizeBytes: 1 }],
      }),
    )
    const measured =
      '<script>document.title = [document.documentElement.scrollWidth, innerWidth].join()</script></body>'
    writeFileSync(join(directory, 'page.html'), page.replace('</body>', measured))
    const flags =
      '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'
    const dom = execFileSync(
      'chromium',
      [
        ...flags.split(' '),
        `--user-data-dir=${directory}/profile`,
        '--window-size=500,900',
        '--dump-dom',
        `file://${directory}/page.html`,
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )
    const [width, window] = /<title>(\d+),(\d+)<\/title>/.exec(dom)!.slice(1).map(Number)
    assert.ok(width! <= window!, `${width} px on a window of ${window} px`)
  })
})

test('the summary names the steps that were not reached in one line: what stopped the run stays on the screen', () => {
  const failed = { ...step!, id: 'a', outcome: 'failed' as const, reason: 'it is closed', checks: [] }
  const after = { ...step!, outcome: 'skipped' as const, reason: 'not reached: a is failed', checks: [] }
  const lines = summaryLines(evidence({ steps: [failed, { ...after, id: 'b' }, { ...after, id: 'c' }] }))
  assert.deepEqual(
    lines.filter(line => /^(failed|skipped)/.test(line)),
    ['failed    a: it is closed', 'skipped   2 more steps, not reached: b, c'],
  )
})

test('the summary of a rotation says what clients saw, and that the stream of the old token goes on', () => {
  const facts = {
    'rotation.gapMs': 0,
    'rotation.longestSilenceMs': 134,
    'rotation.firstNewMs': 13,
    'rotation.lastOldMs': -2,
    'rotation.tornReads': 0,
    'rotation.fileReads': 811,
    'rotation.heldStream': 'still open 3046 ms after it was opened',
    'throughout.gapMs': 40,
    'throughout.requests': 190,
  }
  const lines = summaryLines(evidence({ facts }))
  const first = lines.findIndex(line => line.startsWith('rotation'))
  assert.deepEqual(lines.slice(first, first + 4), [
    'rotation  gap 40 ms in 190 requests; around the replacement the longest silence was 134 ms',
    '          from when replacing began: new token first accepted after 13 ms, old one last 2 ms before',
    '          0 of 811 reads of the file torn, empty or missing',
    'stream    opened with the old token: still open 3046 ms after it was opened',
  ])
  const never = summaryLines(evidence({ facts: { ...facts, 'rotation.firstNewMs': 'never' } }))
  assert.match(never[first + 1]!, /new token first accepted never/)
  assert.ok(!summaryLines(evidence({})).some(line => line.startsWith('rotation')))
})

describe('what a person attests', () => {
  const at = '2026-01-02T03:04:05.678Z'
  const reason = 'attested by bob (security-owner): The key is revoked'
  const attestation = { by: 'bob', role: 'security-owner', at, statement: 'The key is revoked' }
  const given = evidence({
    outcome: 'attested',
    steps: [step!, { ...step!, id: 'call', title: 'Call', outcome: 'attested', reason, attestation, checks: [] }],
    notes: [{ at, by: 'ada', text: 'the pager rang' }],
    handovers: [{ at, from: 'ada', to: 'eve', role: 'operator' }],
  })

  test('is told in the page with who says it, and is not called passed', () => {
    const page = html.render(given)
    assert.ok(page.includes('<span class="attested">attested</span>'))
    assert.match(page, /attested by bob \(security-owner\) at [^:]+:[^:]+:[^:]+, not verified: The key is revoked/)
    for (const text of ['ada: the pager rang', 'ada to eve (operator)']) assert.ok(page.includes(text), text)
    assert.doesNotMatch(page, /Call<\/strong> <span class="passed"/)
  })

  test('is skipped in JUnit, which fails nothing and counts nothing as passed', () => {
    const xml = junit.render(given)
    assert.match(xml, /tests="2" failures="0" errors="0" skipped="1"/)
    assert.match(xml, /name="call" [^>]*><skipped message="attested by bob \(security-owner\): The key is revoked"\/>/)
  })

  test('has a line of its own in the summary, and is a notice to CI', () => {
    assert.ok(summaryLines(given).includes(`attested  call: ${reason}`))
    assert.deepEqual(
      annotationLines(given).map(line => /^::(\w+) .*::(.*)$/.exec(line)!.slice(1)),
      [
        ['notice', 'book attested'],
        ['notice', 'book/call attested'],
      ],
    )
  })

  test('is told where one skipped, allowed, took back or carried over a step', () => {
    const people = {
      attempts: [{ at, outcome: 'failed' as const, reason: 'it was open' }],
      skippedBy: { by: 'ada', at, reason: 'no phone' },
      undone: { by: 'eve', at },
      carriedFrom: 'book-0',
    }
    const page = html.render(evidence({ steps: [{ ...step!, ...people }] }))
    for (const text of [
      `tried before ${at}: failed: it was open`,
      `gone on without by ada at ${at}: no phone`,
      `taken back by eve at ${at}`,
      'carried over from book-0',
    ])
      assert.ok(page.includes(text), text)
    const rehearsed = evidence({
      allowedSkips: [{ id: 'call', reason: 'rehearsed' }],
      steps: [{ ...step!, id: 'call', outcome: 'skipped', checks: [] }],
    })
    assert.match(annotationLines(rehearsed).join(), /^::notice .*book\/call skipped$/)
  })
})

describe('the JUnit report', () => {
  const xmllint = spawnSync('xmllint', ['--version']).status === 0
  test('is well-formed whatever stands in it', { skip: !xmllint && 'needs xmllint' }, () => {
    const { status, stderr } = spawnSync('xmllint', ['--noout', '-'], {
      input: junit.render(hostile()),
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
  })

  test('leaves no markup and no forbidden character of a hostile text', () => {
    const xml = junit.render(hostile())
    const tags = new Set([...xml.matchAll(/<\/?([\w?]+)/g)].map(match => match[1]))
    assert.deepEqual([...tags].sort(), ['?xml', 'error', 'failure', 'testcase', 'testsuite', 'testsuites'])
    const forbidden = ['\\0-\\x08', '\\x0b', '\\x0c', '\\x0e-\\x1f', '\\ufffe\\uffff'].join('')
    assert.doesNotMatch(xml, new RegExp(`[${forbidden}]`))
  })

  const rendered = (given: Partial<Evidence['steps'][number]>, more: Partial<Evidence> = {}) =>
    junit.render(evidence({ steps: [{ ...step!, ...given }], ...more }))
  const withCheck = (outcome: CheckOutcome) =>
    rendered({ outcome, checks: [{ ...check!, outcome, reason: 'why' }] }, { outcome })

  const elements = [
    ['passed', /<testcase [^>]*\/>/, 'failures="0" errors="0" skipped="0"'],
    ['failed', /<failure type="failed" message="why"\/>/, 'failures="1" errors="0" skipped="0"'],
    ['unproven', /<failure type="unproven" message="why"\/>/, 'failures="1" errors="0" skipped="0"'],
    ['errored', /<error type="errored" message="why"\/>/, 'failures="0" errors="1" skipped="0"'],
    ['interrupted', /<error type="interrupted" message="why"\/>/, 'failures="0" errors="1" skipped="0"'],
  ] as const
  for (const [outcome, element, totals] of elements) {
    test(`says of a check that is ${outcome} what CI understands`, () => {
      const xml = withCheck(outcome)
      assert.match(xml, element)
      assert.equal(xml.split(`tests="1" ${totals}`).length, 3)
    })
  }

  const skip = { ...check!, outcome: 'skipped' as const, reason: 'why' }
  test('shows a skip that was allowed', () => {
    const xml = rendered({ outcome: 'passed', checks: [skip] }, { outcome: 'passed' })
    assert.match(xml, /tests="1" failures="0" errors="0" skipped="1"/)
    assert.match(xml, /<skipped message="why"\/>/)
  })

  test('is not green where CI would take what was skipped for harmless, and the run did not pass', () => {
    const xml = rendered({ outcome: 'skipped', checks: [skip] }, { outcome: 'skipped' })
    assert.match(xml, /tests="2" failures="1" errors="0" skipped="1"/)
    assert.match(xml, /<skipped message="why"\/>/)
    assert.match(xml, /name="run" [^>]*><failure type="failed" message="skipped, which was not allowed: /)
  })

  test('is not green when an error outside of every step left the run without a verdict', () => {
    const xml = rendered({}, { outcome: 'errored' })
    assert.match(xml, /tests="2" failures="0" errors="1" skipped="0"/)
    assert.match(xml, /name="run" [^>]*><error type="errored" message="the run is errored"/)
  })

  test('is not green when another run left no evidence', () => {
    const xml = junit.together!(
      [evidence()],
      [
        { id: 'keyless', outcome: 'skipped', reason: 'no key' },
        { id: 'full', outcome: 'errored', reason: 'not sealed: DISK_FULL' },
        { id: 'known', outcome: 'allowed', reason: 'no key (allowed: none here)' },
      ],
    )
    assert.match(xml, /failures="1" errors="1" skipped="1" time/)
    assert.match(xml, /classname="keyless" name="run" [^>]*><failure type="failed" message="skipped, [^"]*: no key"/)
    assert.match(xml, /classname="full" name="run" [^>]*><error type="errored" message="not sealed: DISK_FULL"/)
    assert.match(xml, /classname="known" name="run" [^>]*><skipped message="no key \(allowed: none here\)"/)
  })

  test('is not green when a step ended badly although its checks are green', () => {
    assert.match(rendered({ outcome: 'interrupted', reason: 'stopped' }), /tests="2".*errors="1"/)
    assert.match(rendered({ outcome: 'denied', checks: [] }), /<error type="denied"/)
  })

  test('is not green when something was left behind', () => {
    const xml = rendered(
      {},
      {
        released: [
          { what: 'a lamp', kind: 'tear-down', outcome: 'errored', error: { code: 'X', message: 'it stays on' } },
        ],
      },
    )
    assert.match(xml, /<testsuite name="tear-down".*\n.*name="a lamp".*message="it stays on"/)
  })
})
