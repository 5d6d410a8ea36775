import path from 'node:path'
import { $ } from 'zx'

const root = path.resolve(import.meta.dirname, '..')
const bin = (name: string) => path.join(root, 'node_modules/.bin', name)

/** Command trees of the programs that our pages speak of, and a document whose members they name. */
const HELD_AGAINST = ['--tree', 'fixtures/docs', '--sample', 'fixtures/samples/kheish-daemon/status.json']

/** Everything about this repository that can be said without running the product. All of them run, whatever fails. */
const CHECKS: readonly (readonly [name: string, ...argv: string[]])[] = [
  ['biome', bin('biome'), 'check', '--error-on-warnings', '.'],
  ['types', bin('tsc'), '--noEmit', '--project', '.'],
  ['layers', process.execPath, '--test', '--test-reporter=spec', 'test/layers.test.ts', 'test/repository.test.ts'],
  ['knip', process.execPath, path.join(root, 'node_modules/knip/bin/knip.js'), '--no-progress'],
  ['generated', process.execPath, 'scripts/generate.ts', '--check'],
  ['docs', 'bin/runproof', 'docs', 'check', 'README.md', 'docs', 'runbooks', 'smoke', ...HELD_AGAINST],
]

let failed = 0
for (const [name, ...argv] of CHECKS) {
  const startedAt = performance.now()
  const result = await $({ cwd: root, quiet: true, nothrow: true, stdio: ['ignore', 'pipe', 'pipe'] })`${argv}`
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const ok = result.exitCode === 0
  process.stdout.write(`${ok ? 'ok' : 'FAILED'} ${name} (${seconds} s)\n`)
  if (ok) continue
  failed += 1
  process.stdout.write(`${result.stdall.trimEnd().replace(/^/gm, '    ')}\n`)
}
process.exitCode = failed === 0 ? 0 : 1
