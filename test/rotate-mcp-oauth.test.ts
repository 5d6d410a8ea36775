import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { grantAccount } from '../fixtures/kheish-daemon/server/accounts/testing/grant-account.ts'
import { type OAuthFixture, startOAuth } from '../fixtures/oauth/server.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { assertPassed, checkOf, evidenceOf, RunningDrill, runDrill } from './run-drill.ts'
import { proofsOf, RunningStandIn } from './run-suite.ts'

const RUNBOOK = resolve(import.meta.dirname, '..', 'runbooks', 'rotate-mcp-oauth.ts')
const SLOT = 'mcp.oauth.theirs'

describe('the rotation of an MCP server’s OAuth account', { timeout: 180_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'rotate-mcp-oauth-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  test('passes on a daemon of its own by a new login, and turns red where nobody tells the authorization server', async () => {
    const ended = await runDrill({ root, runbook: RUNBOOK, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects >= 12, `${onSubjects} on subjects`)
    assert.deepEqual(checkOf(evidence, 'old-tokens-refused').actual, { fresh: 200, access: 401, refresh: 400 })
    const [nobodyTold] = checkOf(evidence, 'old-tokens-refused').counterproofs.filter(({ id }) => id === 'nobody-told')
    assert.match(nobodyTold!.said, /the old access token gave 200/)
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
  })

  test('says of a refresh alone that the old access token is still good', async () => {
    const evidence = assertPassed(await runDrill({ root, runbook: RUNBOOK, params: { how: 'refresh' } }))
    assert.deepEqual(checkOf(evidence, 'old-tokens-refused').actual, { fresh: 200, access: 200, refresh: 400 })
    assert.match(evidence.assumptions.join('\n'), /the old access token is good until \d{4}-/)
    assert.match(evidence.notTested.join('\n'), /a leaked account takes how=login/)
  })

  const store = async ({ daemon, site }: RunningStandIn, oauth: OAuthFixture) => {
    const body = await grantAccount(oauth, SLOT, 'theirs')
    const answer = await daemon.post('/v1/runtime/auth/accounts/mcp-oauth', site.admin, body)
    assert.equal(answer.status, 200)
  }

  test('waits on a running daemon for who logs in again, and is not passed as long as nobody says that the grant is revoked', async () => {
    await using oauth = await startOAuth()
    await using running = await RunningStandIn.start()
    const { site, daemon } = running
    const account = { server: 'theirs', url: oauth.resource, scopes: 'read' }
    // Works wherever there is an account, and cannot without one.
    const probe = `curl -sf -H "authorization: Bearer $(cat ${site.adminFile})" ${daemon.url}/v1/runtime/auth/accounts | grep -q ${SLOT}`
    const given = { 'consumer-probe': JSON.stringify(['sh', '-c', probe]), ...account }
    const params = { 'base-url': daemon.url, 'admin-token-file': site.adminFile, within: '20s', ...given }
    const drill = { root, runbook: RUNBOOK, params, flags: ['--yes=stand-in'] }

    await store(running, oauth)
    const wrong = await runDrill({ ...drill, params: { ...params, scopes: 'read,write' } })
    assert.match(checkOf(evidenceOf(wrong), 'login-fits').reason!, /other scopes; nothing was changed/)
    const run = new RunningDrill(drill)
    await run.line(/See that somebody has logged in again/)
    assert.deepEqual(await (await daemon.get('/v1/runtime/auth/accounts', site.admin)).json(), [])
    await store(running, oauth)
    const evidence = evidenceOf(await run.ended)
    assert.deepEqual(
      ['login-fits', 'account-gone', 'account-back', 'account-renewed', 'account-there'].map(
        id => checkOf(evidence, id).outcome,
      ),
      ['passed', 'passed', 'passed', 'passed', 'passed'],
    )
    const exits = (id: string) => (checkOf(evidence, id).actual as { exitCode: number }[]).map(one => one.exitCode)
    assert.deepEqual([exits('consumers-asked'), exits('consumers-work')], [[1], [0]])
    // Nobody was there who could say that the grant is revoked.
    assert.deepEqual(
      [evidence.outcome, evidence.steps.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id)],
      ['skipped', ['revoke', 'login']],
    )
    assert.match(evidence.notTested.join('\n'), /that the old tokens are refused/)
    const text = JSON.stringify(evidence)
    assert.ok(oauth.issued.every(({ value }) => !text.includes(value)))
  })
})
