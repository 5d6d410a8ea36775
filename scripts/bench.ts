/**
 * `npm run bench`: prints ratios and times of this checkout on this machine. Not a test: nothing here passes or fails.
 *
 *   npm run bench                 everything
 *   npm run bench -- drill cli    only these
 */
import { cpus, release, totalmem } from 'node:os'

const BENCHES: Readonly<Record<string, () => Promise<unknown>>> = {
  cli: () => import('./bench/cli.ts').then(bench => bench.benchCli()),
  engine: () => import('./bench/engine.ts').then(bench => bench.benchEngine()),
  drill: () => import('./bench/drill.ts').then(bench => bench.benchDrill()),
  scan: () => import('./bench/scan.ts').then(bench => bench.benchScan()),
  archive: () => import('./bench/archive.ts').then(bench => bench.benchArchive()),
}

const asked = process.argv.slice(2)
const unknown = asked.filter(name => !(name in BENCHES))
if (unknown.length > 0) {
  process.stderr.write(`bench: there is no ${unknown.join(', ')}; known: ${Object.keys(BENCHES).join(', ')}\n`)
  process.exitCode = 2
} else {
  const [cpu] = cpus()
  process.stdout.write(
    `machine: ${cpus().length} x ${cpu?.model.trim()}, ${Math.round(totalmem() / 1024 ** 3)} GiB, kernel ${release()}, Node ${process.versions.node}\n`,
  )
  for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
    process.stdout.write(`\n${name}\n`)
    await BENCHES[name]!()
  }
}
