import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createPlainServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { TlsOptions } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RunproofError } from '../../model/error.ts'
import { http } from './port.ts'
import type { Outcome } from './testdata/ask.ts'
import { makeCertificate, type Pair } from './testdata/certificates.ts'

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'this machine has no openssl'

describe('over TLS', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
  const servers: Server[] = []
  after(() => {
    for (const server of servers) server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const make = (...rest: Parameters<typeof makeCertificate> extends [string, ...infer Rest] ? Rest : never) =>
    skip === false ? makeCertificate(directory, ...rest) : { certificate: '', key: '' }
  const authority = make('authority')
  const otherAuthority = make('other')
  const leaf = make('leaf', { issuer: authority })
  const alone = make('alone')
  const expired = make('expired', { days: -1 })
  const misnamed = make('misnamed', { names: 'DNS:daemon.test' })

  async function serve(pair: Pair, options: TlsOptions = {}): Promise<string> {
    const identity = { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) }
    const server = createServer({ ...identity, ...options }, (request, response) => response.end(`"${request.url}"`))
    return `https://127.0.0.1:${await listen(server)}`
  }

  async function listen(server: Server): Promise<number> {
    servers.push(server.on('tlsClientError', () => {}).listen(0, '127.0.0.1'))
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  async function ask(baseUrl: string, caFile?: string): Promise<string> {
    await using target = await http.connect({ baseUrl, ...(caFile === undefined ? {} : { caFile }) })
    return (await target.request('/x')).text
  }

  test('a certificate is trusted that was issued by one in the file, or is in it', async () => {
    const several = join(directory, 'several.pem')
    writeFileSync(several, `Notes\n${readFileSync(otherAuthority.certificate)}\n${readFileSync(authority.certificate)}`)
    assert.equal(await ask(await serve(leaf), authority.certificate), '"/x"')
    assert.equal(await ask(await serve(leaf), several), '"/x"')
    assert.equal(await ask(await serve(alone), alone.certificate), '"/x"')
  })

  const demand: TlsOptions = { requestCert: true, rejectUnauthorized: true }
  const refused: readonly (readonly [string, Pair, Pair | undefined, TlsOptions, RegExp, RegExp])[] = [
    ['one signed by itself', alone, undefined, {}, /self-signed and not trusted/, /^ca-file=PATH/],
    ['one of an unknown issuer', leaf, undefined, {}, /issuer of its certificate is not known/, /^ca-file=PATH/],
    ['one of another issuer than those in the file', leaf, otherAuthority, {}, /issuer|trusted/, /only .* ca-file=/],
    ['one that has expired', expired, expired, {}, /has expired/, /renew it/],
    ['one for another name', misnamed, misnamed, {}, /not for 127.0.0.1, it is for DNS:daemon.test/, /ask by a name/],
    [
      'an old version',
      leaf,
      authority,
      { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
      /handshake failed/,
      /TLS 1.2/,
    ],
    [
      'a demand for a certificate of ours',
      leaf,
      authority,
      { ...demand, maxVersion: 'TLSv1.2' },
      /handshake failed/,
      /TLS 1.2/,
    ],
  ]
  for (const [title, pair, trusted, options, message, hint] of refused) {
    test(`${title} is refused: TLS_FAILED`, async () => {
      const asked = ask(await serve(pair, options), trusted?.certificate)
      await assert.rejects(asked, (error: RunproofError) => {
        assert.equal(error.code, 'TLS_FAILED', error.message)
        assert.match(error.message, message)
        assert.match(error.hint ?? '', hint)
        return true
      })
    })
  }

  test('a server without it is refused, and a server with it where none is expected is named', async () => {
    const plain = `127.0.0.1:${await listen(createPlainServer((_, response) => response.end('"plain"')))}`
    await assert.rejects(ask(`https://${plain}`, authority.certificate), { code: 'TLS_FAILED', hint: /http: instead/ })
    assert.equal(await ask(`http://${plain}`), '"plain"')
    const secure = await serve(leaf)
    await assert.rejects(ask(secure.replace('https', 'http')), { hint: /https/ })
  })

  describe('whatever the environment says,', () => {
    async function askElsewhere(env: Record<string, string>, baseUrl: string, caFile?: string): Promise<Outcome> {
      const program = fileURLToPath(new URL('./testdata/ask.ts', import.meta.url))
      const question = {
        baseUrl,
        path: '/x',
        way: 'json',
        timeoutMs: 5_000,
        ...(caFile === undefined ? {} : { caFile }),
      }
      const options = { env: { PATH: process.env.PATH, ...env }, timeout: 30_000 }
      const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(question)], options)
      return JSON.parse(stdout) as Outcome
    }

    test('the roots of the machine are trusted without a file, and are not with one', async () => {
      const url = await serve(leaf)
      const env = { SSL_CERT_FILE: authority.certificate }
      assert.equal((await askElsewhere(env, url)).code, '')
      assert.equal((await askElsewhere(env, url, otherAuthority.certificate)).code, 'TLS_FAILED')
    })

    test('a certificate is looked at', async () => {
      const url = await serve(alone)
      const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_EXTRA_CA_CERTS: alone.certificate, NODE_NO_WARNINGS: '1' }
      assert.equal((await askElsewhere(env, url, otherAuthority.certificate)).code, 'TLS_FAILED')
    })

    test('no proxy is asked', async () => {
      const asked: string[] = []
      const proxy = createPlainServer((request, response) => response.end(asked.push(request.url!)))
      const url = `http://127.0.0.1:${await listen(proxy)}`
      const env = {
        HTTP_PROXY: url,
        HTTPS_PROXY: url,
        http_proxy: url,
        https_proxy: url,
        ALL_PROXY: url,
        NODE_USE_ENV_PROXY: '1',
      }
      assert.equal((await askElsewhere(env, await serve(leaf), authority.certificate)).code, '')
      assert.deepEqual(asked, [])
    })
  })
})
