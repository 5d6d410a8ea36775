// The leak scan beside ripgrep on the same corpus and needles, interleaved, best of five. Ratios are what counts.
import { spawnSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rgPath } from '@vscode/ripgrep'
import { leakScan } from '../../src/adapters/leak-scan.ts'
import { Secret } from '../../src/model/secret.ts'
import { needlesOf } from '../../src/scan/known-needles.ts'

const MEBIBYTE = 2 ** 20
const FILES = 300
const ROUNDS = 5

const scratch = mkdtempSync(join(tmpdir(), 'bench-scan-'))
try {
  const corpus = join(scratch, 'corpus')
  makeCorpus(corpus)
  const write = (line: string) => process.stdout.write(`${line}\n`)
  write(`${FILES} MiB of JSON logs, event streams and base64 in ${FILES} files; best of ${ROUNDS}, interleaved`)
  for (const count of [1, 10, 40]) {
    const secrets = Array.from(
      { length: count },
      (_, index) => new Secret(`s${index}`, randomBytes(24).toString('base64url')),
    )
    const known = needlesOf(secrets.map(secret => ({ name: secret.name, value: secret.reveal() })))
    // a pattern file holds lines, so ripgrep is spared the UTF-16 and UTF-32 forms
    const patterns = known.map(({ bytes }) => bytes.toString('latin1')).filter(text => /^[ -~]+$/.test(text))
    const patternFile = join(scratch, 'needles')
    writeFileSync(patternFile, `${patterns.join('\n')}\n`)

    const best = { read: Infinity, ours: Infinity, ripgrep: Infinity }
    for (let round = 0; round < ROUNDS; round++) {
      readAll(corpus)
      best.read = Math.min(best.read, await timed(async () => readAll(corpus)))
      best.ours = Math.min(
        best.ours,
        await timed(async () => {
          const { clean } = await leakScan.scanPaths({ paths: [corpus], secrets })
          if (!clean) throw new Error('the corpus holds no secret, yet one was found')
        }),
      )
      best.ripgrep = Math.min(
        best.ripgrep,
        await timed(async () => {
          const { status } = spawnSync(rgPath, ['-F', '-a', '-uuu', '-j2', '-l', '-f', patternFile, corpus])
          if (status !== 1) throw new Error(`ripgrep exited with ${status}`)
        }),
      )
    }
    write(
      `${count} secrets: ours ${known.length} needles ${best.ours.toFixed(0)} ms, rg -F -j2 ${patterns.length} needles ${best.ripgrep.toFixed(0)} ms, ` +
        `reading alone ${best.read.toFixed(0)} ms; ours/rg ${(best.ours / best.ripgrep).toFixed(2)}, ours/read ${(best.ours / best.read).toFixed(2)}`,
    )
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

function makeCorpus(directory: string): void {
  spawnSync('mkdir', ['-p', directory])
  const bodies = Array.from({ length: 24 }, (_, index) => body(index))
  for (let index = 0; index < FILES; index++) writeFileSync(join(directory, `${index}`), bodies[index % bodies.length]!)
}

function body(kind: number): Buffer {
  const lines: string[] = []
  for (let size = 0; size < MEBIBYTE; size += lines.at(-1)!.length) {
    const id = randomInt(2 ** 40)
    if (kind % 3 === 0) {
      lines.push(
        `{"at":"2026-11-22T04:${id % 60}:00Z","level":"info","session":"${randomBytes(8).toString('hex')}","text":"step ${id} done"}\n`,
      )
    } else if (kind % 3 === 1) lines.push(`id: ${id}\nevent: run.delta\ndata: {"delta":"the answer is ${id % 97}"}\n\n`)
    else lines.push(`${randomBytes(57).toString('base64')}\n`)
  }
  return Buffer.from(lines.join('')).subarray(0, MEBIBYTE)
}

function readAll(directory: string): void {
  const buffer = Buffer.allocUnsafe(MEBIBYTE)
  for (const name of readdirSync(directory)) {
    const file = openSync(join(directory, name), 'r')
    while (readSync(file, buffer) > 0);
    closeSync(file)
  }
}
