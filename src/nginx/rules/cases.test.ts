import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import kheish from '../../targets/kheish.ts'
import { effective } from '../effective/effective.ts'
import { type Finding, judge } from '../judge.ts'
import { parseConfig } from '../parse.ts'
import { survey } from '../survey.ts'
import { RULES } from './all.ts'

const CASES = path.resolve(import.meta.dirname, '../../../nginx')
/** Lines that a bad case may add to and take from the good one it was made from. */
const MOST_CHANGED = 8

const ids = RULES.map(({ id }) => id)
const goodCases = namesIn('good')
const badCases = namesIn('bad')

function namesIn(folder: 'good' | 'bad'): readonly string[] {
  return readdirSync(path.join(CASES, folder)).map(name => path.basename(name, '.conf'))
}

function linesOf(file: string): readonly string[] {
  return readFileSync(path.join(CASES, file), 'utf8').split('\n')
}

function findingsIn(file: string): readonly Finding[] {
  const configuration = {
    files: [parseConfig(file, readFileSync(path.join(CASES, file)))],
    included: new Map(),
  }
  const whole = effective(configuration)
  const { requests } = survey(whole, kheish.edge)
  assert.ok(requests.length >= kheish.edge.paths.length, 'nothing is passed on, so nothing was judged')
  return judge({ configuration, effective: whole, edge: kheish.edge, requests })
}

function told(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ rule, at, actual, expected }) => `${at.line}: ${rule.id}: ${actual}; expected ${expected}`)
}

test('every rule has a bad case of its name, and every bad case a rule', () => {
  assert.deepEqual([...badCases].sort(), [...ids].sort())
})

test('no rule is there twice', () => assert.equal(new Set(ids).size, ids.length))

describe('a good configuration has no finding', () => {
  for (const file of ['runproof.conf', ...goodCases.map(name => `good/${name}.conf`)])
    test(file, () => assert.deepEqual(told(findingsIn(file)), []))
})

describe('a bad configuration trips its rule and no other', () => {
  for (const id of badCases) {
    test(id, () => {
      const findings = findingsIn(`bad/${id}.conf`)
      assert.deepEqual([...new Set(findings.map(({ rule }) => rule.id))], [id], told(findings).join('\n'))
    })
  }
})

describe('a bad configuration', () => {
  for (const id of badCases) {
    test(`${id} is a good one with a few lines changed, and says which`, () => {
      const [first = '', ...lines] = linesOf(`bad/${id}.conf`)
      const good = /^# bad: (?<id>[\w-]+), made from good\/(?<good>[\w-]+)\.conf$/.exec(first)?.groups
      assert.equal(good?.id, id)
      assert.ok(goodCases.includes(good!.good!))
      const changed = difference(lines, linesOf(`good/${good!.good}.conf`).slice(1))
      assert.ok(changed > 0 && changed <= MOST_CHANGED, `${changed} lines differ`)
    })
  }
})

/** What the daemon's own check of a proxy looks for in the text, each somewhere: the least that a fixture for it has. */
const LOOKED_FOR = [
  ...['ssl_certificate ', 'ssl_certificate_key ', 'ssl_protocols TLSv1.2 TLSv1.3;', 'server 127.0.0.1:4000;'],
  ...['listen 8443 ssl http2;', 'server_name kheish.example.com;', 'proxy_pass http://kheish_daemon;'],
  ...['proxy_http_version 1.1;', 'proxy_set_header Authorization ', 'proxy_set_header Host '],
  ...['proxy_set_header X-Forwarded-Proto ', 'proxy_set_header X-Forwarded-For ', 'proxy_buffering off;'],
  ...['proxy_request_buffering off;', 'proxy_pass_request_headers on;', 'proxy_cache off;'],
  ...['add_header X-Accel-Buffering no always;', 'proxy_read_timeout 1h;', 'proxy_send_timeout 1h;'],
  'client_max_body_size 32m;',
]

test('runproof.conf has what the daemon’s own check of a proxy looks for', () => {
  const text = linesOf('runproof.conf').join('\n')
  assert.deepEqual(
    LOOKED_FOR.filter(fragment => !text.includes(fragment)),
    [],
  )
  assert.doesNotMatch(text, /Access-Control-Allow-Origin|proxy_ssl_verify\s+off|Bearer\s+[\w.~+/-]{12,}/)
})

/** Lines that only one of the two has, wherever they stand. */
function difference(one: readonly string[], other: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const line of one) counts.set(line, (counts.get(line) ?? 0) + 1)
  for (const line of other) counts.set(line, (counts.get(line) ?? 0) - 1)
  return [...counts.values()].reduce((sum, count) => sum + Math.abs(count), 0)
}
