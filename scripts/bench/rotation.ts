import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Pool } from 'undici'
import { Site } from '../../fixtures/kheish-daemon/server/testing/daemon-process.ts'
import { replaceFile } from '../../src/adapters/replace-file/replace-file.ts'
import { Secret } from '../../src/model/secret.ts'
import { median } from './median.ts'

const ROTATIONS = 1_000
const CLIENTS = 4
const PATH = '/v1/capabilities'
/** Of different lengths, so that a mixture of both is neither. */
const TOKENS = ['short-token-of-a-daemon', 'a-token-of-a-daemon-that-is-quite-a-bit-longer']
const READER = join(import.meta.dirname, '../../src/adapters/replace-file/testdata/read-always.ts')

/**
 * The admin token of a stand-in is replaced a thousand times, while one thread reads its file and four clients ask the daemon, all
 * as fast as they can. A client that is refused reads the file and shows what is there, once: refused again, it was shut out.
 */
async function benchRotation(): Promise<void> {
  using site = new Site()
  await replaceFile.replace(site.adminFile, new Secret('token', TOKENS[0]!), 'rename')
  await using daemon = await site.serve()
  const pool = new Pool(daemon.url, { connections: CLIENTS + 1 })
  const ask = async (token: string) => {
    const { statusCode, body } = await pool.request({
      path: PATH,
      method: 'GET',
      headers: { authorization: `Bearer ${token}` },
    })
    await body.dump()
    return statusCode
  }
  const inFile = () => readFileSync(site.adminFile, 'utf8').trim()

  const shared = new SharedArrayBuffer(8)
  const whole = TOKENS.map(token => `${token}\n`)
  const reader = new Worker(READER, { workerData: { paths: [site.adminFile], whole, shared } })
  await once(reader, 'message')

  const counts = { requests: 0, refused: 0, refusedTwice: 0, odd: 0 }
  const turns = Array.from({ length: CLIENTS }, () => 0)
  let isOver = false
  const clients = turns.map(async (_, index) => {
    let token = inFile()
    while (!isOver) {
      let status = await ask(token)
      counts.requests += 1
      if (status === 401 || status === 429) {
        counts.refused += 1
        token = inFile()
        status = await ask(token)
        counts.requests += 1
        if (status === 401 || status === 429) counts.refusedTwice += 1
      }
      if (status !== 200 && status !== 401 && status !== 429) counts.odd += 1
      turns[index]! += 1
    }
  })

  const tookMs: number[] = []
  const began = performance.now()
  for (let turn = 1; turn <= ROTATIONS; turn += 1) {
    const started = performance.now()
    const next = TOKENS[turn % 2]!
    await replaceFile.replace(site.adminFile, new Secret('token', next), 'rename')
    tookMs.push(performance.now() - started)
    while ((await ask(next)) !== 200);
    // Everybody has asked twice since, so that nobody still shows the token before the last.
    const seen = [...turns]
    while (turns.some((count, index) => count < seen[index]! + 2)) await new Promise(resolve => setImmediate(resolve))
  }
  const seconds = (performance.now() - began) / 1000
  isOver = true
  await Promise.all(clients)
  const ended = Promise.all([once(reader, 'message'), once(reader, 'exit')])
  Atomics.store(new Int32Array(shared), 0, 1)
  const [[found]] = await ended
  const { reads, torn, missing } = found as { reads: number; torn: number; missing: number }
  await pool.close()

  const line = (label: string, value: string) => process.stdout.write(`  ${label.padEnd(44)} ${value}\n`)
  line(
    `${ROTATIONS} rotations by rename`,
    `${seconds.toFixed(1)} s, ${median(tookMs).toFixed(1)} ms each to replace, median`,
  )
  line('reads of the file: torn, missing', `${torn}, ${missing} of ${reads}`)
  line(
    'requests: refused once, twice, odd',
    `${counts.refused}, ${counts.refusedTwice}, ${counts.odd} of ${counts.requests}`,
  )
}

await benchRotation()
