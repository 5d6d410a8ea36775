import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { Site } from './launch.ts'

const site = new Site()
const WORDS = ['doctor', '--incident', 'rotate-admin-token']

describe('runproof doctor --incident', () => {
  test('tells what is missing, with its command, and ends with 1; nothing was made', async () => {
    const { status, stdout, stderr } = await site.run([...WORDS, '--unattended'])
    assert.deepEqual([status, stderr], [1, ''])
    assert.match(stdout, /^missing {2}signing key: none in .*\n {9}\S+\/runproof run restore-drill\n/m)
    assert.match(stdout, /^ok {7}rotate-admin-token: \d+ steps; 0 ask/m)
    assert.equal(existsSync(site.reports) || existsSync(`${site.root}/home/.local`), false)
  })

  test('looks for a terminal unless nobody will sit at one, and says all of it as JSON', async () => {
    const { status, stdout } = await site.run([...WORDS, '--json'])
    const { ready, findings } = JSON.parse(stdout) as { ready: boolean; findings: Array<Record<string, string>> }
    assert.deepEqual([status, ready], [1, false])
    const bad = findings.filter(({ state }) => state !== 'ok')
    assert.deepEqual(
      bad.map(({ what, state }) => [what, state]),
      [
        ['terminal', 'missing'],
        ['signing key', 'missing'],
      ],
    )
    assert.match(bad[0]!['help']!, /^ssh -t /)
  })

  test('is not meant without its flag: words that belong to it are a usage error', async () => {
    for (const words of [['rotate-admin-token'], ['--param', 'a=b'], ['--unattended']])
      assert.equal((await site.run(['doctor', ...words])).status, 2)
    assert.equal((await site.run(['doctor', '--incident', 'rotate-nothing'])).status, 2)
    assert.equal((await site.run([...WORDS, '--param', 'base-ulr=x'])).status, 2)
  })
})
