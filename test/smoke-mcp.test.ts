import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf } from './run-drill.ts'
import { proofsOf, RunningStandIn, runSuite } from './run-suite.ts'

const STAND_IN = resolve(import.meta.dirname, '..', 'fixtures', 'kheish-daemon', 'kheish-daemon')

describe('the mcp suite', { timeout: 300_000, concurrency: 2 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'smoke-mcp-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  test('passes on a daemon of its own, with every counterproof red', async () => {
    const ended = await runSuite('mcp', { root, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects > 20, `${onSubjects} on subjects`)
    await assertDocumented(evidence)
    // Client secrets are not used; codes and both kinds of token are, several times.
    assert.ok((checkOf(evidence, 'no-secret-written').actual as { secrets: number }).secrets > 20)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  /** A daemon that does this wrong whenever it serves. */
  const faulty = (name: string, faults: readonly string[]): string => {
    const path = join(root, name)
    const words = faults.map(fault => `--fault ${fault}`).join(' ')
    const script = `#!/bin/sh\nif [ "$1" = serve ]; then exec ${STAND_IN} "$@" ${words}; fi\nexec ${STAND_IN} "$@"\n`
    writeFileSync(path, script, { mode: 0o755 })
    return path
  }
  const wrong = [
    [
      'daemons that keep what they should let go',
      ['mcp-keeps-connection', 'refresh-keeps-token', 'logout-keeps-account', 'expired-token-used', 'secret-in-log'],
      {
        'mcp-disconnected': /still connected/,
        'oauth-refresh': /did not hand out/,
        'oauth-used': /a token that is expired/,
        'oauth-logout': /still there/,
        'no-secret-written': /stands in/,
      },
    ],
    [
      'daemons that show what they should not, or to nobody’s benefit',
      [
        'mcp-without-bearer',
        'token-in-output',
        'accepts-wrong-state',
        'oauth-at-boot',
        'mcp-slot-deletable',
        'refusal-shown',
      ],
      {
        'mcp-bearer': /was absent/,
        'mcp-slot-held': /deleting it gave 200/,
        'oauth-account': /prints access/,
        'oauth-revoked': /the refusal repeats refresh/,
        'oauth-bad-state': /was told 200: .*completed/,
        'oauth-lazy': /in nobody’s name/,
        'oauth-protocol': /was shown a token/,
      },
    ],
  ] as const
  for (const [what, faults, reds] of wrong) {
    test(`turns red for ${what}`, async () => {
      const binary = faulty(faults[0], faults)
      const ended = await runSuite('mcp', { root, params: { binary, own: 'yes' } })
      const evidence = evidenceOf(ended)
      assert.equal(evidence.outcome, 'failed', ended.stderr)
      for (const [id, because] of Object.entries(reds)) {
        const { outcome, reason } = checkOf(evidence, id)
        assert.equal(outcome, 'failed', id)
        assert.match(reason!, because)
      }
      assert.deepEqual(await leftovers(ended.workDir), [])
    })
  }

  test('only looks at a daemon that somebody runs, and touches none of its files', async () => {
    await using standIn = await RunningStandIn.start()
    const before = standIn.files()
    const evidence = assertPassed(await runSuite('mcp', { root, params: standIn.reading }))
    assert.deepEqual(standIn.files(), before)
    assert.match(evidence.notTested.join('\n'), /is shown with it: the daemon has no MCP server/)
    assert.match(evidence.notTested.join('\n'), /tool calls and logins/)
  })

  test('names the server that is down on a daemon that somebody runs', async () => {
    const config = join(root, 'down.toml')
    writeFileSync(config, '[mcp_servers.down]\nurl = "http://127.0.0.1:1/mcp"\n')
    await using standIn = await RunningStandIn.start([], ['--mcp-config', config])
    const ended = await runSuite('mcp', { root, params: standIn.reading })
    assert.equal(ended.status, 1, ended.stderr)
    const { outcome, reason } = checkOf(evidenceOf(ended), 'mcp-servers')
    assert.deepEqual([outcome, /^down is down: /.test(reason!)], ['failed', true], reason)
  })
})
