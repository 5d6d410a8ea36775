import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, test } from 'node:test'
import type { Reached } from '../daemon/subjects.ts'
import { Secret } from '../model/secret.ts'
import { sparing } from './sparing.ts'

describe('a token that a running daemon refuses', () => {
  const secret = (name: string) => new Secret(name, randomBytes(12).toString('hex'))
  const mine = secret('mine')
  const other = secret('other')
  let status: number
  let seen: string[]
  let told: string[]
  beforeEach(() => {
    status = 200
    seen = []
    told = []
  })
  const answering = async (path: string) => {
    seen.push(path)
    return { status }
  }
  const daemon = () =>
    sparing(
      {
        place: { baseUrl: 'http://daemon' },
        request: answering,
        openStream: answering,
        run: async ({ argv }: { argv: readonly string[] }) => void seen.push(argv.join(' ')),
      } as unknown as Reached,
      [{ token: mine, file: '/keys/mine' }],
      what => told.push(what),
    )
  const refused = {
    code: 'ANSWER_MALFORMED',
    message: /^\/a answered 401: .* the token in \/keys\/mine; it is not shown/,
  }

  test('is shown once, to requests, streams and commands alike', async () => {
    const asked = daemon()
    await asked.request('/before', { bearer: mine })
    status = 401
    assert.equal((await asked.request('/a', { bearer: mine })).status, 401)
    await assert.rejects(asked.request('/b', { bearer: mine }), refused)
    await assert.rejects(asked.request('/b', { bearer: mine, method: 'POST' }), refused)
    await assert.rejects(asked.openStream('/c', { bearer: mine }), refused)
    await assert.rejects(asked.run({ argv: ['client', '--token-file', '/keys/mine'] }, { timeoutMs: 1 }), refused)
    assert.deepEqual(seen, ['/before', '/a'])
    assert.deepEqual(told, ['/a answered 401: the daemon refuses the token in /keys/mine'])
  })

  test('is shown once when a stream refuses it', async () => {
    status = 401
    const asked = daemon()
    assert.equal((await asked.openStream('/a', { bearer: mine })).status, 401)
    await assert.rejects(asked.request('/b', { bearer: mine }), refused)
  })

  test('does not keep other tokens from being shown, nor requests without one', async () => {
    status = 401
    const asked = daemon()
    await asked.request('/a', { bearer: mine })
    for (const options of [{ bearer: other }, { bearer: other }, {}]) await asked.request('/b', options)
    await asked.run({ argv: ['client', '--token-file', '/keys/other'] }, { timeoutMs: 1 })
    assert.deepEqual(seen, ['/a', '/b', '/b', '/b', 'client --token-file /keys/other'])
    assert.equal(told.length, 1)
  })

  const harmless = [
    ['may not do this', 403, 'GET'],
    ['is limited', 429, 'GET'],
    ['is shown on purpose where it opens nothing', 401, 'POST'],
  ] as const
  for (const [what, answered, method] of harmless) {
    test(`is not one that ${what}`, async () => {
      status = answered
      const asked = daemon()
      for (const path of ['/a', '/b']) await asked.request(path, { bearer: mine, method })
      assert.deepEqual(seen, ['/a', '/b'])
      assert.deepEqual(told, [])
    })
  }
})
