import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { type ErrorCode, RunproofError } from '../../model/error.ts'
import { readCertificate } from '../../tls/facts.ts'
import type { Finding } from '../../tls/finding.ts'
import { OFFERS } from '../../tls/inspection.ts'
import type { Issued } from '../../tls/issue.ts'
import { look, notable } from './testdata/look.ts'
import { makePki, NAME } from './testdata/pki.ts'
import { presented, type Serving, serveBoth, serveHttps, servePlain, serveTcp, serveTls } from './testdata/serve.ts'

const pki = await makePki()
const leaf = await pki.leaf(pki.intermediate)
const roots = [pki.root]
const identity = (issued: Issued) => ({ certificatePem: issued.chainPem, privateKeyPem: issued.privateKeyPem })
/** The system hands out no port this low, so that nothing comes to listen there. */
const NOBODY = { port: 1 }
const find = (findings: readonly Finding[], id: string) => findings.find(finding => finding.id === id)!

describe('client certificates', { concurrency: 4 }, async () => {
  const client = await pki.leaf(pki.root, { purposes: ['clientAuth'] })
  const stranger = await pki.leaf(pki.otherRoot, { purposes: ['clientAuth'] })
  const server = await pki.leaf(pki.root)
  const demanding = { requestCert: true, rejectUnauthorized: true, ca: pki.root.certificatePem }
  const required = { requireClientCertificate: true }

  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
    const demands = () => serveHttps(presented(leaf), { ...demanding, maxVersion, ciphers: 'ECDHE+AESGCM' })
    const cases = [
      ['that is let in, and nobody else', client, required, {}],
      ['of another authority is refused', stranger, {}, { 'client-certificate': 'fail' }],
      ['for servers is refused', server, {}, { 'client-certificate': 'fail' }],
    ] as const
    for (const [title, one, more, expected] of cases) {
      test(`${maxVersion}: one ${title}`, async () => {
        // Before TLS 1.3 a refused certificate ends the handshake, and there is nothing to judge.
        await using serving = await demands()
        const asking = look({ port: serving.port, roots, inspecting: { identity: identity(one), ...more } })
        if (maxVersion === 'TLSv1.2' && one !== client)
          return await assert.rejects(asking, isError('TLS_FAILED', /wants a client certificate/))
        assert.deepEqual(notable(await asking), expected)
      })
    }
  }

  test('TLSv1.3: none is refused, after a handshake that seems to succeed', async () => {
    await using serving = await serveHttps(presented(leaf), demanding)
    const findings = await look({ port: serving.port, roots, inspecting: required })
    assert.deepEqual(notable(findings), {})
    assert.match(
      find(findings, 'client-certificate').actual,
      /^without one: refused \(tlsv13 alert certificate required\)$/,
    )
  })

  test('TLSv1.2: a server that breaks off without one has to be asked with one', async () => {
    await using serving = await serveHttps(presented(leaf), { ...demanding, maxVersion: 'TLSv1.2' })
    await assert.rejects(look({ port: serving.port, roots }), isError('TLS_FAILED', /wants a client certificate/))
  })

  for (const [status, level] of [
    [400, undefined],
    [403, undefined],
    [200, 'fail'],
    [401, 'fail'],
  ] as const) {
    test(`HTTP ${status} without one ${level === undefined ? 'refuses' : 'lets in'}`, async () => {
      await using serving = await serveHttps(
        presented(leaf),
        { requestCert: true, rejectUnauthorized: false, ca: pki.root.certificatePem },
        (_, response) => response.writeHead(status).end(),
      )
      const findings = await look({ port: serving.port, roots, inspecting: required })
      assert.deepEqual(notable(findings), level === undefined ? {} : { 'client-certificate': level })
    })
  }

  test('a server that asks for one is only told of where nobody asked', async () => {
    await using serving = await serveHttps(presented(leaf), { ...demanding, rejectUnauthorized: false })
    const found = find(await look({ port: serving.port, roots }), 'client-certificate')
    assert.deepEqual([found.level, found.actual], ['skipped', 'the server asks for one'])
  })

  test('whatever a server refuses that asks nobody for one, everyone may come without', async () => {
    const openings = [
      () => serveHttps(presented(leaf), {}, (_, response) => response.writeHead(403).end()),
      () => serveHttps(presented(leaf), {}, request => request.socket.destroy()),
    ]
    for (const open of openings) {
      await using serving = await open()
      const findings = await look({ port: serving.port, roots, inspecting: required })
      assert.deepEqual(notable(findings), { 'client-certificate': 'fail' })
      assert.match(find(findings, 'client-certificate').actual, /^it asks nobody for one; /)
    }
  })

  test('a server of HTTP/2 alone is asked, too', async () => {
    await using serving = await serveTls(presented(leaf), { ...demanding, ALPNProtocols: ['h2'] })
    const findings = await look({ port: serving.port, roots, inspecting: required })
    assert.deepEqual(notable(findings), {})
    assert.match(find(findings, 'client-certificate').actual, /certificate required/)
  })

  test('a server that is silent after the handshake has not answered', async () => {
    await using serving = await serveHttps(presented(leaf), { ...demanding, rejectUnauthorized: false }, () => {})
    const findings = await look({ port: serving.port, roots, inspecting: { ...required, timeoutMs: 1_500 } })
    assert.deepEqual(notable(findings), { 'client-certificate': 'unknown' })
  })
})

describe('without TLS', { concurrency: 4 }, () => {
  const plainCases = [
    ['200', 'fail'],
    ['401', 'fail'],
    ['404', 'fail'],
    ['400', undefined],
    ['426', undefined],
    ['301 https://edge.test/', undefined],
    ['301 http://edge.test/', 'fail'],
  ] as const
  for (const [answer, level] of plainCases) {
    test(`HTTP ${answer} on the port that speaks TLS is ${level ?? 'a refusal'}`, async () => {
      await using serving = await serveBoth(presented(leaf), redirecting(answer))
      const findings = await look({ port: serving.port, roots })
      assert.deepEqual(notable(findings), level === undefined ? {} : { plaintext: level })
    })
  }

  test('bytes of another kind are an answer', async () => {
    await using tls = await serveHttps(presented(leaf))
    await using front = await serveTcp(socket =>
      socket.once('data', first => {
        if (first[0] !== 22) return socket.end('ready\r\n')
        const back = connect(tls.port, '127.0.0.1').on('error', () => {})
        back.write(first)
        return socket.pipe(back).pipe(socket)
      }),
    )
    assert.deepEqual(notable(await look({ port: front.port, roots })), { plaintext: 'fail' })
  })

  const redirects = [
    ['308 https://edge.test/', undefined],
    ['301 https://edge.test:8443/x', undefined],
    ['302 https://other.test/', 'warn'],
    ['308 http://edge.test/', 'fail'],
    ['308 /secure', 'fail'],
    ['308', 'fail'],
    ['200', 'fail'],
    ['404', 'fail'],
  ] as const
  for (const [answer, level] of redirects) {
    test(`a plain port that answers ${answer} ${level ?? 'redirects'}`, async () => {
      await using serving = await serveHttps(presented(leaf))
      await using plain = await servePlain(redirecting(answer))
      const findings = await look({ port: serving.port, roots, inspecting: { redirect: from(plain) } })
      assert.deepEqual(notable(findings), level === undefined ? {} : { redirect: level })
    })
  }

  test('a plain port that is closed, or speaks TLS, does not redirect', async () => {
    await using serving = await serveHttps(presented(leaf))
    for (const plain of [NOBODY, serving]) {
      const findings = await look({ port: serving.port, roots, inspecting: { redirect: from(plain) } })
      assert.deepEqual(notable(findings), { redirect: 'fail' })
    }
  })

  test('a plain port that says nothing has not answered', async () => {
    await using serving = await serveHttps(presented(leaf))
    await using plain = await serveTcp(() => {})
    const findings = await look({ port: serving.port, roots, inspecting: { redirect: from(plain), timeoutMs: 1_500 } })
    assert.deepEqual(notable(findings), { redirect: 'unknown' })
  })
})

describe('the certificate that has to be served', () => {
  const renewed = pki.leaf(pki.intermediate)
  const expected = (issued: Issued) => ({
    expected: { certificate: readCertificate(issued.certificatePem, 'it'), file: 'server.pem' },
  })

  test('is the one on every connection', async () => {
    await using serving = await serveHttps(presented(leaf))
    const findings = await look({
      port: serving.port,
      roots,
      inspecting: { compareServed: true },
      asked: expected(leaf),
    })
    assert.equal(find(findings, 'expected-certificate').actual, 'the same on 4 connections')
    assert.deepEqual(notable(findings), {})
  })

  test('is not the one that was renewed and not loaded', async () => {
    await using serving = await serveHttps(presented(leaf))
    const asked = expected(await renewed)
    const findings = await look({ port: serving.port, roots, inspecting: { compareServed: true }, asked })
    assert.deepEqual(notable(findings), { 'expected-certificate': 'fail' })
    assert.equal(find(findings, 'expected-certificate').hint, 'reload the server')
  })

  test('is not on every connection where one process still has the old one', async () => {
    await using before = await serveHttps(presented(leaf))
    await using after = await serveHttps(presented(await renewed))
    let count = 0
    await using front = await serveTcp(socket => {
      const back = connect((count++ === 0 ? before : after).port, '127.0.0.1').on('error', () => {})
      socket.pipe(back).pipe(socket)
    })
    const asked = expected(await renewed)
    const findings = await look({ port: front.port, roots, inspecting: { compareServed: true }, asked })
    assert.match(find(findings, 'expected-certificate').actual, /on 1 of 4 connections$/)
    assert.match(find(findings, 'expected-certificate').hint ?? '', /part of the server/)
  })
})

describe('what cannot be judged', { concurrency: 4 }, () => {
  const cases: readonly (readonly [string, () => Promise<Serving>, ErrorCode, RegExp])[] = [
    ['a server without TLS', () => servePlain(), 'TLS_FAILED', /speaks no TLS, but plain HTTP$/],
    ['a server of another protocol', () => banner('SSH-2.0-x\r\n'), 'TLS_FAILED', /speaks no TLS, but SSH$/],
    ['a server that greets', () => banner('220 mail\r\n'), 'TLS_FAILED', /speaks no TLS, but a mail/],
    ['a server of noise', () => banner(Buffer.alloc(1 << 20, 0xff)), 'TLS_FAILED', /speaks no TLS$/],
    ['a server that closes at once', () => serveTcp(socket => socket.end()), 'TLS_FAILED', /before it said anything/],
    [
      'a server that resets',
      () => serveTcp(socket => socket.resetAndDestroy()),
      'TLS_FAILED',
      /before it said anything/,
    ],
    [
      'a server that says nothing',
      () => serveTcp(() => {}),
      'TIMEOUT',
      /takes connections and says nothing within 1500 ms/,
    ],
    ['a server that hangs after its hello', () => cut(false), 'TIMEOUT', /^\S+ 100 bytes came, and no whole handshake/],
    ['a server that closes after its hello', () => cut(true), 'TLS_FAILED', /closed the connection after 100 bytes/],
    [
      'a certificate of 1 MiB',
      async () => serveHttps(presented(await pki.leaf(pki.root, { paddingBytes: 2 ** 20 }))),
      'TLS_FAILED',
      /larger than the 100 KiB/,
    ],
    [
      'a server that refuses every version',
      () => serveTcp(socket => socket.once('data', () => socket.end(Buffer.from([21, 3, 1, 0, 2, 2, 70])))),
      'TLS_FAILED',
      /speaks none of TLS 1.0 to 1.3/,
    ],
    [
      'a server that does not know the name',
      () => serveTcp(socket => socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 112])))),
      'TLS_FAILED',
      /does not know the name/,
    ],
    [
      'a server that fails',
      () => serveTcp(socket => socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 80])))),
      'TLS_FAILED',
      /no handshake \(ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR\)/,
    ],
  ]
  for (const [title, start, code, message] of cases) {
    test(title, async () => {
      await using serving = await start()
      await assert.rejects(
        look({ port: serving.port, roots, inspecting: { timeoutMs: code === 'TIMEOUT' ? 1_500 : 10_000 } }),
        isError(code, message),
      )
    })
  }

  test('a port on which nothing listens', async () => {
    await assert.rejects(look({ port: NOBODY.port, roots }), isError('TARGET_UNREACHABLE', /nothing listens there/))
  })

  test('a name without an address', () =>
    assert.rejects(
      look({ port: 1, roots, inspecting: { place: { host: 'nowhere.invalid', port: 1, name: NAME } } }),
      isError('TARGET_UNREACHABLE', /no address/),
    ))

  test('a run that is interrupted', async () => {
    const interrupt = new AbortController()
    await using serving = await serveTcp(() => interrupt.abort())
    const inspecting = { signal: interrupt.signal }
    await assert.rejects(look({ port: serving.port, roots, inspecting }), isError('INTERRUPTED', /was interrupted/))
  })
})

describe('offers', { concurrency: 4 }, () => {
  test('count only where this client can make them', async () => {
    await using serving = await serveHttps(presented(leaf))
    const none = Object.fromEntries(Object.keys(OFFERS).map(id => [id, false])) as Record<keyof typeof OFFERS, boolean>
    const findings = await look({ port: serving.port, roots, inspecting: { calibrated: Promise.resolve(none) } })
    assert.deepEqual(notable(findings), { 'protocol-floor': 'unknown', ciphers: 'unknown' })
    assert.match(find(findings, 'protocol-floor').actual, /TLS 1.0 not judged: this client cannot offer it/)
  })

  test('are accepted also by a server that then wants a certificate', async () => {
    await using serving = await serveHttps(presented(leaf), {
      ...{ requestCert: true, rejectUnauthorized: true, ca: pki.root.certificatePem },
      ...{ minVersion: 'TLSv1', ciphers: 'ECDHE+AESGCM:ECDHE+AES:@SECLEVEL=0' },
    })
    assert.deepEqual(notable(await look({ port: serving.port, roots })), { 'protocol-floor': 'fail' })
  })

  test('that are not answered are not refused', async () => {
    await using tls = await serveHttps(presented(leaf))
    let count = 0
    await using front = await serveTcp(socket => {
      if (count++ > 0) return
      socket.pipe(connect(tls.port, '127.0.0.1').on('error', () => {})).pipe(socket)
    })
    const findings = await look({ port: front.port, roots, inspecting: { timeoutMs: 1_500 } })
    assert.deepEqual(notable(findings), { 'protocol-floor': 'unknown', ciphers: 'unknown' })
  })

  test('a server that asks to try again with another curve is understood', async () => {
    await using serving = await serveHttps(presented(leaf), { ecdhCurve: 'P-384' })
    const findings = await look({ port: serving.port, roots })
    assert.deepEqual(notable(findings), {})
    assert.match(find(findings, 'chain-order').actual, /^2: /)
  })
})

function redirecting(answer: string): RequestListener {
  const [status, location] = answer.split(' ')
  return (_, response) => response.writeHead(Number(status), location === undefined ? {} : { location }).end()
}

function from({ port }: Pick<Serving, 'port'>) {
  return { place: { host: '127.0.0.1', port, name: NAME }, path: '/' }
}

function banner(bytes: string | Buffer): Promise<Serving> {
  return serveTcp(socket => socket.end(bytes))
}

/** The first hundred bytes of a good server. */
async function cut(close: boolean): Promise<Serving> {
  const good = await serveHttps(presented(leaf))
  const front = await serveTcp(socket => {
    const back = connect(good.port, '127.0.0.1').on('error', () => {})
    socket.pipe(back)
    back.once('data', chunk => {
      socket.write(chunk.subarray(0, 100))
      if (close) socket.end()
    })
    socket.on('close', () => back.destroy())
  })
  return {
    port: front.port,
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]()
      await good[Symbol.asyncDispose]()
    },
  }
}

function isError(code: ErrorCode, message: RegExp) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof RunproofError, String(thrown))
    assert.equal(thrown.code, code, thrown.message)
    assert.match(thrown.message, message)
    return true
  }
}
