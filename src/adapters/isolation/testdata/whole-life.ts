/** One instance from start to stop, with what was seen of it as JSON on stdout: `node whole-life.ts SCRATCH`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { instances } from '../instances.ts'

const scratch = process.argv[2]!
const lower = join(scratch, 'lower')
const at = join(scratch, 'view')
mkdirSync(lower)
writeFileSync(join(lower, 'file'), 'original')

const instance = await instances.start({
  scratch,
  views: [{ lower, at }],
  daemon: ({ port }) => ({
    argv: [
      process.execPath,
      fileURLToPath(new URL('./daemon.ts', import.meta.url)),
      ...[String(port), 'writes', join(at, 'file')],
    ],
  }),
})
const readiness = await instance.waitReady({ path: '/', timeoutMs: 10_000 })
const seen = await instance.run({ argv: ['cat', join(at, 'file')] }, { timeoutMs: 5_000 })
const facts = await instance.facts()
const egress = await instance.egressProbe({ host: '192.0.2.1', port: 9 })
const stopped = await instance.stop()

process.stdout.write(
  JSON.stringify({
    barrier: instance.barrier,
    readiness: readiness.outcome,
    seen,
    daemon: facts.processes.find(({ role }) => role === 'daemon'),
    ownNamespaces: facts.ownNamespaces,
    interfaces: facts.interfaces,
    egress,
    left: stopped.left,
    lower: readFileSync(join(lower, 'file'), 'utf8'),
  }),
)
