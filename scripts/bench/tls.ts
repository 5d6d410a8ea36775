// Certificates made, and a server looked at: each library does the same work where it can, interleaved. What a library costs
// to load is shown apart, since it is paid once.
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import forge from 'node-forge'
import { calibrate } from '../../src/adapters/tls/calibrate.ts'
import { inspect } from '../../src/adapters/tls/inspect.ts'
import { issueAuthority, issueLeaf } from '../../src/tls/issue.ts'
import { judge } from '../../src/tls/judge.ts'
import type { KeyKind } from '../../src/tls/template.ts'
import { median } from './median.ts'

const ROUNDS = 9
const FORGE_ROUNDS = 3
const TARGET = { pairMs: 50, checkMs: 1_000 }
// Its types leave them out.
const forgeOptions = (forge as unknown as { options: { usePureJavaScript: boolean } }).options
const limits = { timeoutMs: 10_000, signal: new AbortController().signal }

async function timed(act: () => unknown): Promise<number> {
  const began = performance.now()
  await act()
  return performance.now() - began
}

async function pair(key: KeyKind) {
  const authority = await issueAuthority({ key })
  return { authority, leaf: await issueLeaf(authority, { key, names: ['localhost'] }) }
}

const write = (label: string, value: string) => process.stdout.write(`  ${label.padEnd(48)} ${value}\n`)
const ms = (values: readonly number[]) => `${median(values).toFixed(1).padStart(7)} ms`

const firstMs = await timed(() => pair('ec-p256'))
const ecdsa: number[] = []
const rsa: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  ecdsa.push(await timed(() => pair('ec-p256')))
  rsa.push(await timed(() => pair('rsa-2048')))
}
const native: number[] = []
const slow: number[] = []
for (let round = 0; round < FORGE_ROUNDS; round++) {
  native.push(await timed(() => generateKeyPairSync('rsa', { modulusLength: 2048 })))
  forgeOptions.usePureJavaScript = true
  slow.push(await timed(() => forge.pki.rsa.generateKeyPair({ bits: 2048 })))
  forgeOptions.usePureJavaScript = false
}

const { authority, leaf } = await pair('ec-p256')
const server = createServer({ cert: leaf.chainPem, key: leaf.privateKeyPem.reveal() }, (_, response) => response.end())
server.on('tlsClientError', () => {}).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const check = async (calibrated: ReturnType<typeof calibrate>) =>
  judge(
    await inspect({
      ...limits,
      place: { host: '127.0.0.1', port, name: 'localhost' },
      calibrated,
      roots: [authority.certificatePem],
      requireClientCertificate: false,
      compareServed: false,
    }),
    {
      name: 'localhost',
      roots: [new X509Certificate(authority.certificatePem)],
      rootsName: 'the roots',
      now: new Date(),
      requireClientCertificate: false,
    },
  ).findings
const ready = calibrate(limits)
await check(ready)
const alone: number[] = []
const whole: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  alone.push(await timed(() => check(ready)))
  whole.push(await timed(() => check(calibrate(limits))))
}
const wrong = (await check(ready)).filter(({ level }) => level !== 'ok' && level !== 'skipped')
if (wrong.length > 0) throw new Error(`${wrong.map(({ id }) => id)} of a good server`)
server.close()

write(`authority and leaf, ECDSA P-256, median of ${ROUNDS}`, `${ms(ecdsa)} (target ${TARGET.pairMs} ms)`)
write('  the first, with the library', `${ms([firstMs])}`)
write('authority and leaf, RSA 2048', `${ms(rsa)} (${(median(rsa) / median(ecdsa)).toFixed(0)} times as long)`)
write('one RSA 2048 key, Node', ms(native))
write('one RSA 2048 key, node-forge alone', `${ms(slow)} (${(median(slow) / median(ecdsa)).toFixed(0)} ECDSA pairs)`)
write('check of a server, its 8 connections', ms(alone))
write('  and 5 weak servers of our own to measure by', `${ms(whole)} (target ${TARGET.checkMs} ms)`)
