/** Starts an instance, prints the identities of everything it started, and waits to be killed: `node hold.ts WORKDIR BARRIER`. */
import { fileURLToPath } from 'node:url'
import { holdLease } from '../../process/lease.ts'
import { createInstancePort } from '../instances.ts'

const [workDir, barrier] = process.argv.slice(2)
const lease = await holdLease({ workDir: workDir!, runId: 'killed-run', runDir: '/nowhere' })
const instance = await createInstancePort(lease).start({
  scratch: lease.scratchDir,
  barrier: barrier === 'none' ? 'none' : 'best',
  daemon: ({ port }) => ({
    argv: [process.execPath, fileURLToPath(new URL('./daemon.ts', import.meta.url)), String(port), 'leaves-grandchild'],
  }),
})
await instance.waitReady({ path: '/', timeoutMs: 10_000 })
const { processes } = await instance.facts()
process.stdout.write(`${JSON.stringify(processes)}\n`)
await new Promise(() => setInterval(() => {}, 60_000))
