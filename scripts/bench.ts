/**
 * `npm run bench`: prints ratios and times of this checkout on this machine. Not a test: nothing here passes or fails.
 *
 *   npm run bench                 everything in scripts/bench
 *   npm run bench -- drill cli    only these
 */
import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'

/** Each a program of its own, so that one's garbage is not the next one's time. Quick ones first. */
const BENCHES = [
  'cli',
  'engine',
  'tls',
  'sse',
  'nginx',
  'docs',
  'drill',
  'smoke',
  'containment',
  'rotation',
  'scan',
  'archive',
]

const asked = process.argv.slice(2)
const unknown = asked.filter(name => !BENCHES.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`bench: there is no ${unknown.join(', ')}; known: ${BENCHES.join(', ')}\n`)
  process.exitCode = 2
} else {
  const [cpu] = cpus()
  process.stdout.write(
    `machine: ${cpus().length} x ${cpu?.model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GiB, kernel ${release()}, Node ${process.versions.node}\n`,
  )
  for (const name of asked.length > 0 ? asked : BENCHES) {
    process.stdout.write(`\n${name}\n`)
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, 'bench', `${name}.ts`)], {
      stdio: 'inherit',
    })
    if (status !== 0) process.exitCode = 1
  }
}
