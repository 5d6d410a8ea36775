/** Opens a proxy and a socket outside the run's directory, prints where, and waits to be killed: `node hold-sockets.ts WORKDIR`. */
import type { Instance } from '../../model/instance.ts'
import { createInterposer } from '../interposer.ts'
import { holdLease, readLease } from '../process/lease.ts'

const lease = await holdLease({ workDir: process.argv[2]!, runId: 'killed-run', runDir: '/nowhere' })
const interposer = createInterposer(lease)
await interposer.interpose({ place: { baseUrl: 'http://127.0.0.1:1' } } as Instance, { silent: true })
await interposer.lure('socket')
process.stdout.write(`${JSON.stringify(readLease(lease.scratchDir)?.extraDirs)}\n`)
await new Promise(() => setInterval(() => {}, 60_000))
