import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import suite from '../smoke/reverse-proxy.ts'
import { findNginx } from '../src/adapters/nginx/program.ts'
import { readConfiguration } from '../src/adapters/nginx/read-config.ts'
import { plan } from '../src/engine/plan.ts'
import type { Evidence } from '../src/evidence/schema.ts'
import { relocate } from '../src/nginx/relocate.ts'
import standInTarget from '../src/targets/stand-in.ts'
import { assertDocumented } from './documented-commands.ts'
import { leftovers } from './leftovers.ts'
import { nginx } from './nginx-live/proxy.ts'
import { assertPassed, checkOf, evidenceOf } from './run-drill.ts'
import { proofsOf, runSuite } from './run-suite.ts'
import { StandInWithProvider } from './stand-in-with-provider.ts'

const STAND_IN = standInTarget.bundledBinary!
type Params = Readonly<Record<string, string>>
/** A mount of our own over the program hides it from whoever is started there. */
const cannotHide =
  spawnSync('unshare', ['--mount', 'true']).status !== 0 && 'this machine lets nobody mount in a namespace of their own'
const OURS = resolve(import.meta.dirname, '..', 'nginx', 'runproof.conf')
const found = await findNginx()
const skip = 'missing' in found ? `this machine has no nginx: ${found.missing}` : false

describe('the reverse-proxy suite', { timeout: 300_000, concurrency: 2 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'smoke-reverse-proxy-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  const said = (evidence: Evidence, id: string) => {
    const { outcome, reason } = checkOf(evidence, id)
    return `${outcome}: ${reason}`
  }
  let files = 0
  /** The configuration that comes with runproof, with something in it replaced. */
  const ours = (...changes: readonly (readonly [from: string | RegExp, to: string])[]) => {
    let text = readFileSync(OURS, 'utf8')
    for (const [from, to] of changes) {
      const changed = text.replaceAll(from, to)
      assert.notEqual(changed, text, `${from} stands nowhere in ${OURS}`)
      text = changed
    }
    files += 1
    const file = join(root, `${files}.conf`)
    writeFileSync(file, text)
    return file
  }

  test('passes on a daemon of its own, with every counterproof red', { skip }, async () => {
    const ended = await runSuite('reverse-proxy', { root, counterproofs: 'all' })
    const evidence = assertPassed(ended)
    const { notRed, onSubjects } = proofsOf(evidence)
    assert.deepEqual(notRed, [])
    assert.ok(onSubjects > 40, `${onSubjects} on subjects`)
    await assertDocumented(evidence)
    assert.deepEqual(await leftovers(ended.workDir), [])
    const { requests, things, uncertain } = checkOf(evidence, 'edge-agreement').actual as Record<string, number>
    assert.ok(requests! > 50 && things! > 900, `${things} things of ${requests} requests were compared`)
    assert.deepEqual(uncertain, [])
    for (const id of ['access-direct', 'access-edge'])
      assert.equal((checkOf(evidence, id).actual as { asked: number }).asked, 48)
  })

  test('answers every numbered statement of the published script', () => {
    const covered = suite
      .steps({ params: {}, target: standInTarget })
      .flatMap(step => step.verify.flatMap(check => check.covers ?? []))
    const statements = Array.from({ length: 6 }, (_, index) => `7.5/${index + 1}`)
    assert.deepEqual(
      statements.filter(one => !covered.includes(one)),
      [],
    )
  })

  /** Accepts what a client claims of itself, until that day. */
  const waive = (expires: string) => {
    const waivers = join(root, `until-${expires}.json`)
    const entry = { rule: 'forwarded-spoofed', reason: 'the proxy before this one sets it', expires }
    writeFileSync(waivers, JSON.stringify([entry]))
    return waivers
  }
  const SPOOFED = ['proxy_set_header Forwarded "";', 'proxy_set_header Forwarded $http_forwarded;'] as const
  const TOLD = ['server_tokens off;', 'server_tokens on;'] as const

  /** A daemon that lets a reader change things. */
  const lettingIn = () => {
    const binary = join(root, 'faulty')
    const faults = '--fault readonly-mutates --fault sse-lost-event'
    writeFileSync(binary, `#!/bin/sh\n[ "$1" = serve ] && set -- "$@" ${faults}\nexec ${STAND_IN} "$@"\n`)
    chmodSync(binary, 0o755)
    return binary
  }
  const LET_IN = /^failed: a change with the readonly token .* answered 200, expected 403/

  // A run takes ten seconds of a core, so what is wrong in places that different checks look at is wrong in one run.
  test('tells what is wrong with a configuration by its rules and by what requests get, and of the daemon what is wrong there', {
    skip,
  }, async () => {
    const cases: readonly (readonly [config: string, checks: Readonly<Record<string, RegExp>>, more?: Params])[] = [
      [
        ours(['proxy_buffering off;', 'proxy_buffering on;']),
        {
          'nginx-rules': /^failed: not kept: stream-buffering; first .*\.conf:\d+ stream-buffering: proxy_buffering on/,
          'edge-agreement': /^passed/,
          'edge-buffering': /^failed: the proxy holds events of \/v1\/events\/stream by HTTP\/1.1 back/,
          'access-direct': LET_IN,
          'access-edge': LET_IN,
        },
        { binary: lettingIn() },
      ],
      [
        ours(['proxy_set_header Origin $origin_for_daemon;', 'proxy_set_header Origin "";']),
        {
          'nginx-rules': /^failed: not kept: foreign-origin-hidden/,
          'access-direct': /^passed/,
          'access-edge': /^failed: a read with no token from a foreign origin answered 401 missing_token, expected 403/,
        },
      ],
      // The address of the copy is not held against a configuration, and a stream that is refused is an answer.
      [
        ours(
          ['https://kheish.example.com:8443 "";', ''],
          ['proxy_pass http://kheish_daemon;', 'proxy_pass http://127.0.0.1:4000; proxy_set_header Host $proxy_host;'],
          ['proxy_buffering off;', 'return 403;'],
        ),
        {
          'edge-agreement': /^passed/,
          'edge-buffering': /^failed: the proxy answers 403 to \/v1\/events\/stream by/,
          'access-edge':
            /^failed: .* from the public origin answered 403 .* \(the proxy has to take its own origin away\)/,
        },
      ],
      [
        ours(
          ['proxy_set_header Authorization $http_authorization;', 'proxy_set_header Authorization "";'],
          SPOOFED,
          TOLD,
        ),
        {
          'nginx-rules':
            /^failed: not kept: authorization-forwarded(?=.*waiver-expired)(?=.*version-disclosed)(?=.*forwarded-spoofed)/,
          'access-edge': /^failed: .* answered 401 missing_token/,
        },
        // A waiver after its day waives nothing, and a warning fails where that is asked for.
        { waivers: waive('2020-01-01'), 'fail-on': 'warn' },
      ],
    ]
    // One after the other: lateness is what some of it is judged by, and the test beside this one runs meanwhile.
    for (const [config, checks, more] of cases) {
      const ended = await runSuite('reverse-proxy', { root, params: { config, ...more } })
      assert.equal(ended.status, 1, ended.stderr)
      const evidence = evidenceOf(ended)
      for (const [id, wanted] of Object.entries(checks)) assert.match(said(evidence, id), wanted)
    }
  })

  test('passes with warnings, with what is waived, with what is left open, and where the rest is not passed on', {
    skip,
  }, async () => {
    const config = ours(
      SPOOFED,
      TOLD,
      ['location = /healthz {', 'location = /healthz { if ($request_id ~ ^0) { return 404; }'],
      [
        /location \/ \{\s+proxy_pass http:\/\/kheish_daemon;/g,
        'location / { return 404; } location /v1/ { proxy_pass http://kheish_daemon;',
      ],
    )
    const params = { config, waivers: waive('2999-12-31') }
    const evidence = assertPassed(await runSuite('reverse-proxy', { root, params }))
    assert.equal(evidence.facts['config.sha256'], createHash('sha256').update(readFileSync(config)).digest('hex'))
    assert.match(evidence.assumptions.join('\n'), /^taken that if \(\$request_id ~ \^0\) does not hold: .*: healthz$/m)
    const { errors, warnings, waived } = checkOf(evidence, 'nginx-rules').actual as Record<string, string[]>
    assert.deepEqual(errors, [])
    assert.match(warnings!.join('\n'), /version-disclosed/)
    assert.match(waived!.join('\n'), /forwarded-spoofed: Forwarded "\$http_forwarded"/)
  })

  test('a configuration that leads nowhere, is none or is not there gives no verdict', async () => {
    const empty = join(root, 'empty.conf')
    writeFileSync(empty, 'events {}\nhttp {}\n')
    const broken = join(root, 'broken.conf')
    writeFileSync(broken, 'http {\n  server {\n')
    for (const [config, reason] of [
      [empty, /CONFIG_INVALID: .*passes nothing on to the daemon by TLS/],
      [broken, /CONFIG_INVALID: .*broken\.conf:3:1/],
      [join(root, 'absent.conf'), /FILE_UNREADABLE/],
    ] as const) {
      const ended = await runSuite('reverse-proxy', { root, params: { config } })
      assert.equal(ended.status, 3, ended.stderr)
      assert.match(evidenceOf(ended).steps[0]!.reason!, reason)
    }
    const host = await runSuite('reverse-proxy', { root, params: { host: 'other.example' } })
    assert.equal(host.status, 3)
    assert.match(evidenceOf(host).steps[0]!.reason!, /CONFIG_INVALID/)
  })

  test('only looks at a proxy that somebody runs, and at the daemon behind it', { skip }, async () => {
    await using running = await StandInWithProvider.start()
    await running.makeRun()
    const { daemon, reading } = running.standIn
    const config = ours(['kheish.example.com', 'localhost'])
    const scratch = mkdtempSync(join(root, 'proxy-'))
    await using proxy = await nginx.start(relocate(await readConfiguration(config)), {
      network: 'shared',
      scratch,
      upstream: () => new URL(daemon.url).host,
    })
    const port = Object.entries(proxy.ports).find(([address]) => address.endsWith(':8443'))![1]
    const caFile = join(scratch, 'ca.pem')
    writeFileSync(caFile, proxy.roots.join('\n'))
    const params = { ...reading, 'base-url': `https://localhost:${port}`, 'ca-file': caFile, binary: STAND_IN }

    const without = assertPassed(await running.stirred(() => runSuite('reverse-proxy', { root, params })))
    assert.match(without.notTested.join('\n'), /no config= was given/)
    assert.match(without.notTested.join('\n'), /no direct-url= was given/)
    assert.match(without.notTested.join('\n'), /a refusal on purpose/)
    for (const id of ['replay-run', 'resume-global', 'doctor', 'cursor-refused'])
      assert.equal(checkOf(without, id).outcome, 'passed', id)
    assert.deepEqual(checkOf(without, 'access-edge').actual, { asked: 3, refused: {}, wrong: [] })

    const all = { ...params, config, 'direct-url': daemon.url }
    const whole = assertPassed(await running.stirred(() => runSuite('reverse-proxy', { root, params: all })))
    assert.deepEqual(checkOf(whole, 'access-direct').actual, { asked: 2, refused: {}, wrong: [] })
    assert.equal(checkOf(whole, 'edge-agreement').outcome, 'passed')
  })

  test('says what does not go together', () => {
    for (const [params, message] of [
      [{ 'direct-url': 'http://127.0.0.1:4000' }, /direct-url= belongs to a running daemon/],
      [
        { 'base-url': 'https://edge.example', 'token-file': '/t', host: 'edge.example' },
        /host= is about a configuration/,
      ],
      [{ config: 'edge.conf' }, /expected an absolute path/],
      [{ 'fail-on': 'never' }, /expected warn or page/],
    ] as const)
      assert.throws(() => plan(suite, standInTarget, params), { code: 'PARAM_INVALID', message })
  })

  test('is skipped by name where there is no nginx, and then has not passed', {
    skip: skip || cannotHide,
  }, async () => {
    const hide = `mount --bind /dev/null ${(found as { path: string }).path} && exec "$@"`
    const within = ['unshare', '--mount', 'sh', '-c', hide, 'sh']
    const ended = await runSuite('reverse-proxy', { root, within })
    assert.equal(ended.status, 1, ended.stderr)
    const evidence = evidenceOf(ended)
    assert.equal(evidence.outcome, 'skipped')
    for (const id of [
      'nginx-accepts',
      'edge-agreement',
      'edge-buffering',
      'edge-bodies',
      'access-edge',
      'edge-replay-global',
    ])
      assert.equal(said(evidence, id), 'skipped: this machine has no nginx')
    for (const id of ['nginx-rules', 'access-direct']) assert.equal(checkOf(evidence, id).outcome, 'passed', id)
  })
})
