import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { CommanderError } from 'commander'
import { presented, serveHttps, servePlain, serveTcp } from '../../src/adapters/tls/testdata/serve.ts'
import tls from '../../src/cli/commands/tls.ts'
import { exitCodeOf } from '../../src/cli/exit-code.ts'
import { RunproofError } from '../../src/model/error.ts'
import { issueLeaf } from '../../src/tls/issue.ts'
import { type Ended, Site } from './launch.ts'

const site = new Site()
const at = (...parts: readonly string[]) => path.join(site.root, ...parts)
const read = (...parts: readonly string[]) => readFileSync(at(...parts), 'utf8')
const mode = (...parts: readonly string[]) => (statSync(at(...parts)).mode & 0o777).toString(8)
const certificate = (...parts: readonly string[]) => new X509Certificate(read(...parts))
const openssl = spawnSync('openssl', ['version']).status === 0 ? false : 'this machine has no openssl'

const issue = (out: string, ...words: readonly string[]) => site.run(['tls', 'issue', '--out', at(out), ...words])
const check = (where: string, ...words: readonly string[]) => site.run(['tls', 'check', where, ...words])
const errorOf = ({ stderr }: Ended) => JSON.parse(stderr.trimEnd().split('\n').at(-1)!).error

/** An authority with a name of several parts, beyond ASCII. */
const THEIRS = `[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
utf8 = yes
string_mask = utf8only
[name]
O = Prüfstelle Süd
OU = edge
CN = Wurzel
[extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
`

/** A usage error, without a process for each. */
async function assertUsage(words: readonly string[], message: RegExp): Promise<void> {
  for (const command of [tls, ...tls.commands])
    command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} })
  await assert.rejects(tls.parseAsync([...words], { from: 'user' }), (thrown: unknown) => {
    assert.ok(
      thrown instanceof CommanderError || (thrown instanceof RunproofError && exitCodeOf(thrown) === 2),
      String(thrown),
    )
    assert.match(thrown.message, message)
    return true
  })
}

describe('runproof tls issue', { concurrency: 2 }, () => {
  test('makes an authority and a certificate by it, and keeps no key of the authority', async () => {
    const { status, stdout, stderr } = await issue(
      'new',
      '--name',
      'edge.test',
      '*.edge.test',
      '--ip',
      '127.0.0.1',
      '::1',
    )
    assert.equal(status, 0, stderr)
    assert.deepEqual(readdirSync(at('new')).sort(), ['ca.pem', 'server-key.pem', 'server.pem'])
    assert.deepEqual(
      [mode('new'), mode('new', 'ca.pem'), mode('new', 'server.pem'), mode('new', 'server-key.pem')],
      ['700', '644', '644', '600'],
    )
    const [ca, server] = [certificate('new', 'ca.pem'), certificate('new', 'server.pem')]
    assert.ok(server.checkIssued(ca) && server.verify(ca.publicKey))
    assert.ok(server.checkPrivateKey(createPrivateKey(read('new', 'server-key.pem'))))
    assert.equal(
      server.subjectAltName,
      'DNS:edge.test, DNS:*.edge.test, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    )
    assert.equal(server.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
    const days = (+server.validToDate - Date.now()) / 86_400_000
    assert.ok(days > 29.9 && days <= 30, `${days} days`)
    assert.ok(stdout.includes(server.fingerprint256.replaceAll(':', '').toLowerCase()))
    assert.match(stdout, /key was not kept: nobody issues with it again/)
    assert.match(stdout, /next: in nginx: ssl_certificate .*server\.pem;/)
    assert.match(stdout, /runproof tls check edge\.test:443 --ca-file .*ca\.pem/)
    assert.doesNotMatch(stdout + stderr, /PRIVATE KEY/)
  })

  test('makes what openssl accepts at its strictest', { skip: openssl }, async () => {
    for (const [out, words] of [
      ['strict', []],
      ['strict-rsa', ['--rsa']],
    ] as const) {
      assert.equal((await issue(out, '--name', 'edge.test', ...words)).status, 0)
      const strict = ['-x509_strict', '-auth_level', '2', '-purpose', 'sslserver', '-verify_hostname', 'edge.test']
      const verify = ['verify', '-CAfile', at(out, 'ca.pem'), ...strict, at(out, 'server.pem')]
      const { status, stderr } = spawnSync('openssl', verify, { encoding: 'utf8' })
      assert.equal(status, 0, stderr)
    }
  })

  test('issues by an authority that was kept, which lasts longer', async () => {
    assert.equal((await issue('kept', '--name', 'edge.test', '--keep-ca-key', '--days', '7')).status, 0)
    assert.equal(mode('kept', 'ca-key.pem'), '600')
    assert.ok(+certificate('kept', 'ca.pem').validToDate > Date.now() + 360 * 86_400_000)
    const authority = ['--ca-cert', at('kept', 'ca.pem'), '--ca-key', at('kept', 'ca-key.pem')]
    const { status, stdout, stderr } = await issue('client', '--client', '--name', 'robot', ...authority, '--json')
    assert.equal(status, 0, stderr)
    const made = JSON.parse(stdout)
    assert.deepEqual(
      [made.schema, made.kind, made.authority.isNew, made.authority.keyKept],
      ['runproof-tls-issue-1', 'client', false, true],
    )
    assert.deepEqual(readdirSync(at('client')).sort(), ['client-key.pem', 'client.pem'])
    const client = certificate('client', 'client.pem')
    assert.ok(client.verify(certificate('kept', 'ca.pem').publicKey))
    assert.deepEqual(client.keyUsage, ['1.3.6.1.5.5.7.3.2'])
    assert.equal(made.certificate.sha256, client.fingerprint256.replaceAll(':', '').toLowerCase())

    const late = await issue('late', '--name', 'a.test', ...authority, '--days', '366', '--json')
    assert.deepEqual([late.status, errorOf(late).code, existsSync(at('late'))], [3, 'CERTIFICATE_INVALID', false])
  })

  test('issues by an authority that openssl made, whatever its name is', { skip: openssl }, async () => {
    mkdirSync(at('theirs'))
    writeFileSync(at('theirs', 'ca.cnf'), THEIRS)
    const make = (name: string, key: readonly string[]) => {
      const out = ['-keyout', at('theirs', `${name}-key.pem`), '-out', at('theirs', `${name}.pem`)]
      const words = [
        'req',
        '-x509',
        '-noenc',
        '-days',
        '3',
        '-config',
        at('theirs', 'ca.cnf'),
        '-newkey',
        ...key,
        ...out,
      ]
      assert.equal(spawnSync('openssl', words).status, 0)
      return ['--ca-cert', at('theirs', `${name}.pem`), '--ca-key', at('theirs', `${name}-key.pem`)]
    }
    const kinds = [
      ['rsa', ['rsa:2048'], []],
      ['rsa', ['rsa:2048'], ['--rsa']],
      ['p521', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], []],
    ] as const
    for (const [index, [name, key, words]] of kinds.entries()) {
      const out = `theirs-${index}`
      const { status, stderr } = await issue(out, '--name', 'edge.test', ...make(name, key), ...words)
      assert.equal(status, 0, stderr)
      const verify = ['verify', '-x509_strict', '-CAfile', at('theirs', `${name}.pem`), at(out, 'server.pem')]
      assert.match(spawnSync('openssl', verify, { encoding: 'utf8' }).stdout, /: OK$/m)
    }
    for (const kind of ['ed25519', 'rsa-pss']) {
      const refused = await issue('by-theirs', '--name', 'edge.test', ...make(kind, [kind]), '--json')
      assert.deepEqual([refused.status, errorOf(refused).code], [3, 'CERTIFICATE_INVALID'])
      assert.match(errorOf(refused).message, new RegExp(`does not sign with \\(${kind}\\)$`))
    }
  })

  test('writes RSA, and PKCS #12 under a password that shows nowhere', { skip: openssl }, async () => {
    const env = { P12: 'canary-of-a-password' }
    const words = ['tls', 'issue', '--out', at('rsa'), '--name', 'edge.test', '--rsa', '--pkcs12', at('rsa.p12')]
    const made = await site.run([...words, '--secret', 'pkcs12-password=env:P12'], { env })
    assert.equal(made.status, 0, made.stderr)
    assert.doesNotMatch(made.stdout + made.stderr, /canary/)
    assert.equal(mode('rsa.p12'), '600')
    assert.equal(certificate('rsa', 'server.pem').publicKey.asymmetricKeyDetails?.modulusLength, 2048)
    const open = (pass: string) =>
      spawnSync('openssl', ['pkcs12', '-in', at('rsa.p12'), '-passin', 'env:PASS', '-noenc'], {
        env: { ...process.env, PASS: pass },
        encoding: 'utf8',
      })
    const { stdout } = open(env.P12)
    assert.equal(stdout.match(/BEGIN CERTIFICATE/g)?.length, 2)
    assert.equal(
      /-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----/.exec(stdout)?.[0],
      read('rsa', 'server-key.pem').trim(),
    )
    assert.notEqual(open('another password').status, 0)
  })

  test('refuses to overwrite, names what is there, and replaces it when told to', async () => {
    mkdirSync(at('old'))
    writeFileSync(at('old', 'server-key.pem'), 'mine')
    writeFileSync(at('old', 'notes'), 'mine')
    const refused = await issue('old', '--name', 'edge.test', '--json')
    const { code, message } = errorOf(refused)
    assert.deepEqual([refused.status, code], [3, 'NOT_EMPTY'])
    assert.match(message, /server-key\.pem would be overwritten; nothing was written$/)
    assert.deepEqual(readdirSync(at('old')).sort(), ['notes', 'server-key.pem'])
    assert.equal((await issue('old', '--name', 'edge.test', '--force')).status, 0)
    assert.ok(certificate('old', 'server.pem').checkPrivateKey(createPrivateKey(read('old', 'server-key.pem'))))
    assert.equal(read('old', 'notes'), 'mine')
  })

  test('leaves nothing where it cannot write', async () => {
    writeFileSync(at('file'), '')
    const { status, stderr } = await issue('file/inside', '--name', 'edge.test')
    assert.equal(status, 3)
    assert.match(stderr, /^runproof: can't \w+( \w+)* .*: ENOTDIR\n/)
    assert.deepEqual(
      readdirSync(site.root).filter(name => name.includes('inside')),
      [],
    )
  })

  for (const [title, archive, message] of [
    ['in a directory that is not there', 'nowhere/x.p12', /--pkcs12 .*: there is no directory .*nowhere$/],
    ['in the place of the key', 'early/server-key.pem', /--pkcs12 .* is where .*server-key.pem is written to$/],
  ] as const)
    test(`writes nothing with a PKCS #12 ${title}`, async () => {
      const words = ['issue', '--out', at('early'), '--name', 'a.test', '--rsa', '--pkcs12', at(archive)]
      await assertUsage([...words, '--secret', 'pkcs12-password=env:PATH'], message)
      assert.equal(existsSync(at('early')), false)
    })

  test('writes nowhere where an unset variable names no directory', () =>
    assertUsage(['issue', '--out', '', '--name', 'a.test'], /--out names no directory/))

  const usage: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['no name', [], /nothing says for whom/],
    ['an address as a name', ['--name', '127.0.0.1'], /--name 127.0.0.1 is an address/],
    ['a name as an address', ['--ip', 'edge.test'], /--ip edge.test is no address/],
    ['no number of days', ['--name', 'a.test', '--days', '1.5'], /--days 1.5: expected a whole number/],
    ['no day', ['--name', 'a.test', '--days', '0'], /--days 0/],
    ['half an authority', ['--name', 'a.test', '--ca-cert', 'ca.pem'], /go together/],
    [
      'two authorities',
      ['--name', 'a.test', '--ca-cert', 'a', '--ca-key', 'b', '--keep-ca-key'],
      /is for a new authority/,
    ],
    ['PKCS #12 with ECDSA', ['--name', 'a.test', '--pkcs12', 'x'], /RSA keys only/],
    ['PKCS #12 without a password', ['--name', 'a.test', '--rsa', '--pkcs12', 'x'], /needs a password/],
    ['a generated password', ['--name', 'a.test', '--secret', 'pkcs12-password=generate'], /known to nobody/],
    ['a password for nothing', ['--name', 'a.test', '--secret', 'pkcs12-password=env:PATH'], /is for --pkcs12/],
    ['an RSA key of another size', ['--name', 'a.test', '--rsa', '1024'], /'1024' is invalid/],
    ['an unknown flag', ['--name', 'a.test', '--forever'], /unknown option '--forever'/],
  ]
  for (const [title, words, message] of usage) {
    test(`refuses ${title}`, async () => {
      await assertUsage(['issue', '--out', at('usage'), ...words], message)
      assert.equal(existsSync(at('usage')), false)
    })
  }

  test('refuses a flag that it does not have, as a process', async () => {
    const { status, stderr } = await issue('usage', '--name', 'a.test', '--forever')
    assert.equal(status, 2)
    assert.match(stderr, /^runproof: unknown option '--forever'/)
  })

  test('refuses what is no authority, no key, or another’s', async () => {
    await Promise.all([
      issue('a', '--name', 'a.test', '--keep-ca-key'),
      issue('b', '--name', 'b.test', '--keep-ca-key'),
    ])
    const refusals = [
      [at('a', 'server.pem'), at('a', 'server-key.pem'), 'CERTIFICATE_INVALID', /is no authority$/],
      [at('a', 'ca.pem'), at('b', 'ca-key.pem'), 'KEY_UNUSABLE', /does not belong to the first certificate/],
      [at('a', 'ca.pem'), at('a', 'ca.pem'), 'KEY_UNUSABLE', /holds no private key in PEM$/],
      [at('a', 'ca-key.pem'), at('a', 'ca-key.pem'), 'FILE_UNREADABLE', /holds no certificate in PEM$/],
      [at('a', 'missing'), at('a', 'ca-key.pem'), 'FILE_UNREADABLE', /can't read .*missing: ENOENT$/],
    ] as const
    for (const [cert, key, code, message] of refusals) {
      const refused = await issue('by', '--name', 'c.test', '--ca-cert', cert, '--ca-key', key, '--json')
      assert.equal(refused.status, 3)
      const error = errorOf(refused)
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.equal(existsSync(at('by')), false)
    }
  })
})

describe('runproof tls check', { concurrency: 2 }, async () => {
  await issue('site', '--name', 'localhost', '--ip', '127.0.0.1', '--keep-ca-key')
  const pair = { cert: read('site', 'server.pem'), key: read('site', 'server-key.pem') }
  const trust = ['--ca-file', at('site', 'ca.pem')]
  const where = ({ port }: { port: number }) => `127.0.0.1:${port}`

  test('finds nothing wrong with what tls issue made', async () => {
    await using server = await serveHttps(pair)
    const { status, stdout, stderr } = await check(`localhost:${server.port}`, ...trust)
    assert.equal(status, 0, stdout + stderr)
    assert.match(
      stdout,
      /^localhost:\d+: TLSv1\.3, TLS_\w+, http\/1\.1\n\nok {7}chain +CN=localhost ← CN=runproof root \w+\n/,
    )
    assert.match(stdout, /\n14 ok, 2 skipped in \d+ ms\n$/)
    assert.equal(stderr, '')
  })

  test('fails where something is wrong, with what was expected and what to do', async () => {
    await using server = await serveHttps(pair)
    const { status, stdout } = await check(where(server), ...trust, '--servername', 'other.test')
    assert.equal(status, 1)
    assert.match(
      stdout,
      /\nfail {5}name +for DNS:localhost, IP Address:127\.0\.0\.1\n +expected: a certificate for other\.test\n +hint: ask by a name in it, or issue it for other\.test\n/,
    )
    assert.match(stdout, /^127\.0\.0\.1:\d+ as other\.test: /)
    assert.equal((await check(where(server))).status, 1, 'the roots of this machine do not know it')
  })

  test('shows nothing of a certificate that acts on a terminal', async () => {
    const acting = await issueLeaf('itself', { names: ['localhost'], commonName: '\u001b[31m\u202e' })
    await using server = await serveHttps(presented(acting))
    const { status, stdout } = await check(where(server), ...trust)
    assert.equal(status, 1)
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
  })

  test('gives the findings as one document', async () => {
    await using server = await serveHttps(pair)
    await using plain = await servePlain((_, response) =>
      response.writeHead(308, { location: 'https://127.0.0.1/' }).end(),
    )
    const words = ['--plain-port', String(plain.port), '--expect-cert', at('site', 'server.pem'), '--alpn', 'http/1.1']
    const { status, stdout } = await check(where(server), ...trust, ...words, '--json')
    const document = JSON.parse(stdout)
    assert.deepEqual(
      [status, document.schema, document.exitCode, document.protocol, document.port, document.chain.length],
      [0, 'runproof-tls-check-1', 0, 'TLSv1.3', server.port, 2],
    )
    const levels = Object.fromEntries(
      document.findings.map((one: { id: string; level: string }) => [one.id, one.level]),
    )
    assert.deepEqual([levels.redirect, levels['expected-certificate'], levels.alpn], ['ok', 'ok', 'ok'])
    assert.equal(
      document.chain[0].sha256,
      certificate('site', 'server.pem').fingerprint256.replaceAll(':', '').toLowerCase(),
    )
  })

  test('warns without failing, unless a warning fails', async () => {
    await using server = await serveHttps(pair)
    const warned = await check(where(server), ...trust, '--warn-days', '31')
    assert.equal(warned.status, 0)
    assert.match(
      warned.stdout,
      /\nwarn {5}expiry .* in 30 days\n +expected: more than 31 days left\n +hint: renew it now\n/,
    )
    assert.equal((await check(where(server), ...trust, '--warn-days', '31', '--fail-on', 'warn')).status, 1)
  })

  test('comes with a certificate, and sees that nobody is let in without', async () => {
    const authority = ['--ca-cert', at('site', 'ca.pem'), '--ca-key', at('site', 'ca-key.pem')]
    await issue('robot', '--client', '--name', 'robot', ...authority)
    const [cert, key] = [at('robot', 'client.pem'), at('robot', 'client-key.pem')]
    await using server = await serveHttps(pair, { requestCert: true, ca: read('site', 'ca.pem') })
    const words = ['--client-cert', cert, '--client-key', key, '--require-client-cert']
    const { status, stdout } = await check(where(server), ...trust, ...words)
    assert.equal(status, 0, stdout)
    assert.match(stdout, /ok +client-certificate +without one: refused \(.*\); with the given one: HTTP 200\n/)
    await using open = await serveHttps(pair)
    assert.equal((await check(where(open), ...trust, ...words)).status, 1)
  })

  const none: readonly (readonly [string, () => ReturnType<typeof serveTcp>, string, RegExp])[] = [
    ['no TLS', () => servePlain(), 'TLS_FAILED', /speaks no TLS, but plain HTTP/],
    ['a server that stalls', () => serveTcp(() => {}), 'TIMEOUT', /takes connections and says nothing within 400 ms/],
    ['a server that closes', () => serveTcp(socket => socket.end()), 'TLS_FAILED', /closed the connection/],
  ]
  for (const [title, start, code, message] of none) {
    test(`gives no verdict on ${title}`, async () => {
      await using server = await start()
      const ended = await check(where(server), ...trust, '--timeout', code === 'TIMEOUT' ? '400ms' : '10s', '--json')
      const error = errorOf(ended)
      assert.deepEqual([ended.status, error.code, error.exitCode, ended.stdout], [3, code, 3, ''])
      assert.match(error.message, message)
      assert.ok(error.hint.length > 0)
    })
  }

  test('gives no verdict where nothing listens', async () => {
    const closed = await servePlain()
    await closed[Symbol.asyncDispose]()
    const { status, stderr } = await check(where(closed))
    assert.equal(status, 3)
    assert.match(stderr, /^runproof: 127\.0\.0\.1:\d+: nothing listens there\n {2}hint: is the server running/)
  })

  test('stops at once when it is interrupted', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    await using server = await serveTcp(() => resolve())
    const started = site.start(['tls', 'check', where(server), ...trust, '--timeout', '60s'])
    await promise
    started.child.kill('SIGINT')
    const { status, stderr } = await started.ended
    assert.equal(status, 130)
    assert.match(
      stderr,
      /^interrupted: nothing was changed\nrunproof: the connection to 127\.0\.0\.1:\d+ was interrupted\n/,
    )
  })

  const usage: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['no port', ['edge.test'], /edge\.test is no HOST:PORT/],
    ['a URL', ['https://edge.test'], /is no HOST:PORT/],
    ['port 0', ['edge.test:0'], /is no HOST:PORT/],
    ['an address without brackets', ['::1:443'], /is no HOST:PORT/],
    ['no name', ['a.test:1', '--servername', 'a b'], /--servername a b is no name/],
    ['no duration', ['a.test:1', '--timeout', 'soon'], /soon is no duration/],
    ['too long', ['a.test:1', '--timeout', '2m'], /--timeout 2m: expected 1ms to 60s/],
    ['days that are none', ['a.test:1', '--warn-days', '-1'], /--warn-days -1: expected a whole number/],
    ['another protocol', ['a.test:1', '--alpn', 'spdy'], /--alpn spdy: expected h2 or http\/1\.1/],
    ['half a client', ['a.test:1', '--client-cert', 'x'], /go together/],
    ['a redirect from https', ['a.test:1', '--redirect-from', 'https://a.test/'], /expected an http: address/],
    [
      'a redirect with a user',
      ['a.test:1', '--redirect-from', 'http://user:canary@a.test/'],
      /^(?!.*canary).*without a user/,
    ],
    ['two redirects', ['a.test:1', '--redirect-from', 'http://a.test/', '--plain-port', '80'], /cannot be used with/],
    ['no level', ['a.test:1', '--fail-on', 'page'], /Allowed choices are warn, fail/],
    ['an unknown flag', ['a.test:1', '--insecure'], /unknown option '--insecure'/],
    ['nothing', [], /missing required argument/],
  ]
  for (const [title, words, message] of usage) {
    test(`refuses ${title}`, () => assertUsage(['check', ...words], message))
  }

  test('refuses a place that is none, as a process', async () => {
    const { status, stderr } = await check('https://edge.test')
    assert.equal(status, 2)
    assert.match(stderr, /^runproof: https:\/\/edge\.test is no HOST:PORT\n {2}hint: for example edge\.internal:443/)
  })

  test('reads no file that is not there, or holds no certificate', async () => {
    writeFileSync(at('text'), 'no certificate')
    for (const flag of ['--ca-file', '--expect-cert']) {
      const missing = await check('a.test:1', flag, at('missing'))
      assert.equal(missing.status, 3)
      assert.match(missing.stderr, /can't read .*missing: ENOENT/)
      assert.match(
        (await check('a.test:1', flag, at('text'))).stderr,
        new RegExp(`${flag} .*text holds no certificate in PEM`),
      )
    }
  })
})
