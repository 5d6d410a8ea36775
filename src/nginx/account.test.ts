import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ABSENT, claimedAccount, type Exchange, seenAccount } from './account.ts'
import { effective } from './effective/effective.ts'
import { parseConfig } from './parse.ts'

const EXCHANGE: Exchange = {
  sent: { host: 'a.test', authorization: 'Bearer x', origin: 'https://b.test', 'x-forwarded-for': '203.0.113.9' },
  answered: { server: 'daemon', 'x-of-the-daemon': 'yes', 'x-accel-buffering': 'no' },
  clientAddress: '127.0.0.1',
}

/** What is said of a request for `/x?y=1` by a server with one location of these directives. */
function claimed(location: string, exchange = EXCHANGE) {
  const text = `events {}\nhttp { server { listen 80; server_name a.test; location = /x { ${location} } } }`
  const main = parseConfig('/main', Buffer.from(text))
  const whole = effective({ files: [main], included: new Map() })
  const asked = { scheme: 'http', host: 'a.test', path: '/x?y=1', headers: exchange.sent } as const
  return claimedAccount(whole.view(asked), exchange)
}

describe('claimedAccount', () => {
  test('says what arrives, and what comes back', () => {
    const account = claimed(
      'proxy_pass http://127.0.0.1:1/z; proxy_set_header Origin ""; proxy_set_header X-Forwarded-For $remote_addr;' +
        'add_header X-Added one always; add_header X-Added two; proxy_hide_header X-Of-The-Daemon; server_tokens off;',
    )!
    const said = Object.fromEntries(Object.entries(account).filter(([, value]) => value !== ABSENT))
    assert.deepEqual(said, {
      'answered by': 'the daemon',
      status: '200',
      method: 'GET',
      path: '/z?y=1',
      'HTTP to the daemon': '1.0',
      'host at the daemon': '127.0.0.1:1',
      'connection at the daemon': 'close',
      'authorization at the daemon': 'Bearer x',
      'x-forwarded-for at the daemon': '127.0.0.1',
      'x-added to the client': 'one, two',
      'server to the client': 'nginx',
    })
    assert.equal(account['origin at the daemon'], ABSENT)
    assert.equal(account['x-of-the-daemon to the client'], ABSENT)
    assert.equal(account['x-accel-buffering to the client'], ABSENT)
  })

  test('says where a redirect leads, and what closes a connection', () => {
    const redirected = claimed('return 308 https://a.test$request_uri; add_header X-Added one;')!
    assert.equal(redirected['answered by'], 'the proxy')
    assert.equal(redirected['status'], '308')
    assert.equal(redirected['location to the client'], 'https://a.test/x?y=1')
    assert.equal(redirected['x-added to the client'], 'one')
    assert.equal(redirected['server to the client'], 'nginx with its version')
    assert.equal(claimed('return 404; add_header X-Added one;')!['x-added to the client'], ABSENT)
    assert.equal(claimed('return 444;')!['status'], 'none, the connection is closed')
  })

  test('leaves open what it cannot know', () => {
    const account = claimed('proxy_pass http://127.0.0.1:1; proxy_set_header X-Id $request_id;')!
    assert.ok('x-id at the daemon' in account)
    assert.equal(account['x-id at the daemon'], undefined)
    const behind = claimed(
      'set_real_ip_from 127.0.0.1; proxy_pass http://127.0.0.1:1; proxy_set_header X-Real-IP $remote_addr;',
    )!
    assert.equal(behind['x-real-ip at the daemon'], undefined)
    assert.equal(claimed('stub_status;'), undefined)
  })

  test('knows what is appended to an address that is claimed', () => {
    const account = claimed(
      'proxy_pass http://127.0.0.1:1; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    )!
    assert.equal(account['x-forwarded-for at the daemon'], '203.0.113.9, 127.0.0.1')
  })
})

describe('seenAccount', () => {
  test('is in the words of what is claimed', () => {
    const account = seenAccount(
      {
        status: 200,
        headers: { server: 'nginx/1.22.1', date: 'today', 'x-of-the-daemon': 'yes' },
        arrived: { method: 'GET', path: '/x', httpVersion: '1.1', headers: { host: 'a.test', 'content-length': '2' } },
      },
      EXCHANGE,
    )
    assert.deepEqual(account, {
      'answered by': 'the daemon',
      status: '200',
      'location to the client': ABSENT,
      'server to the client': 'nginx with its version',
      'x-of-the-daemon to the client': 'yes',
      'x-accel-buffering to the client': ABSENT,
      method: 'GET',
      path: '/x',
      'HTTP to the daemon': '1.1',
      'host at the daemon': 'a.test',
    })
  })

  test('says that a connection was closed without an answer', () => {
    assert.deepEqual(seenAccount({ status: undefined, headers: {}, arrived: undefined }, EXCHANGE), {
      'answered by': 'the proxy',
      status: 'none, the connection is closed',
      'location to the client': ABSENT,
    })
  })
})
