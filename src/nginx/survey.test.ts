import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import kheish from '../targets/kheish.ts'
import { effective } from './effective/effective.ts'
import { parseConfig } from './parse.ts'
import { survey } from './survey.ts'

function surveyOf(http: string, host?: string) {
  const file = parseConfig('edge.conf', Buffer.from(`events {}\nhttp {\n${http}\n}\n`))
  const whole = effective({ files: [file], included: new Map() })
  const { surveyed, notJudged, requests } = survey(whole, kheish.edge, host)
  return {
    asked: surveyed.map(one => `${one.scheme} ${one.host} ${one.server.at.line}`),
    notJudged,
    requests: requests.length,
  }
}

const PASSES = 'location / { proxy_pass http://127.0.0.1:4000; }'
const paths = kheish.edge.paths.length

describe('a survey asks', () => {
  test('each server that passes something on, by its first name', () => {
    const { asked, requests } = surveyOf(
      `server { listen 443 ssl; server_name a.test b.test; ${PASSES} }\nserver { listen 443 ssl; server_name c.test; ${PASSES} }`,
    )
    assert.deepEqual(asked, ['https a.test 3', 'https c.test 4'])
    assert.equal(requests, 2 * paths)
  })

  test('one server by TLS and in clear text, and each of them once', () => {
    const listens = 'listen 443 ssl; listen [::]:443 ssl; listen 80; listen 8080;'
    assert.deepEqual(surveyOf(`server { ${listens} server_name a.test; ${PASSES} }`).asked, [
      'https a.test 3',
      'http a.test 3',
    ])
  })

  test('by a name that a wildcard stands for', () => {
    const names = ['*.a.test', '.b.test', 'c.*'].map(
      name => `server { listen 443 ssl; server_name ${name}; ${PASSES} }`,
    )
    assert.deepEqual(surveyOf(names.join('\n')).asked, ['https any.a.test 3', 'https b.test 4', 'https c.test 5'])
  })

  test('without a name where a server has none', () => {
    assert.deepEqual(surveyOf(`server { listen 443 ssl; ${PASSES} }`).asked, ['https  3'])
  })

  test('a server that listens on a socket only', () => {
    const server = `server { listen unix:/run/a.sock ssl; server_name a.test; ${PASSES} }`
    assert.deepEqual(surveyOf(server).asked, ['https a.test 3'])
  })

  test('by the name that is given, whichever server takes it', () => {
    const servers = `server { listen 443 ssl default_server; server_name a.test; ${PASSES} }\nserver { listen 443 ssl; server_name b.test; ${PASSES} }`
    assert.deepEqual(surveyOf(servers, 'b.test').asked, ['https b.test 4'])
    assert.deepEqual(surveyOf(servers, 'other.test').asked, ['https other.test 3'])
  })
})

describe('a survey says what was not judged', () => {
  for (const [what, http, told] of [
    [
      'a server of something else',
      'server { listen 443 ssl; server_name a.test; }',
      ['server a.test (edge.conf:3) passes none of the daemon’s paths on (https)'],
    ],
    [
      'a server whose names are patterns',
      `server { listen 443 ssl; server_name ~^a; ${PASSES} }`,
      ['server ~^a (edge.conf:3) has patterns for names only: name a host that fits'],
    ],
  ] as const) {
    test(what, () => {
      const { asked, notJudged } = surveyOf(http)
      assert.deepEqual([asked, notJudged], [[], told])
    })
  }

  test('a server that passes on only what claims to have come by TLS', () => {
    const { notJudged } = surveyOf(
      `server { listen 80; server_name a.test; if ($http_x_forwarded_proto != https) { return 301 https://a.test$request_uri; } ${PASSES} }`,
    )
    assert.equal(notJudged.length, 1)
    assert.match(notJudged[0]!, /^server a\.test .* paths on \(http\); taken that .* X-Forwarded-Proto$/)
  })

  test('a server whose name an earlier one has', () => {
    const server = `server { listen 443 ssl; server_name a.test; ${PASSES} }`
    const { asked, notJudged } = surveyOf(`${server}\n${server}`)
    assert.deepEqual(asked, ['https a.test 3'])
    assert.deepEqual(notJudged, [
      'server a.test (edge.conf:4) gets no request by its name: server a.test (edge.conf:3) does',
    ])
  })

  test('what hangs on a header is told once, with the paths', () => {
    const { notJudged } = surveyOf(
      'server { listen 443 ssl; server_name a.test; location /v1/sessions { if ($http_x_debug) { return 403; } proxy_pass http://127.0.0.1:4000; } }',
    )
    assert.equal(notJudged.length, 1)
    assert.match(notJudged[0]!, /X-Debug.*: session-stream, sessions$/)
  })
})
