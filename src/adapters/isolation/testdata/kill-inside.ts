/** Run as process 1 of a namespace, where it leaves orphans to nobody, as it notices the ends of its own children only. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { instances } from '../instances.ts'

const scratch = mkdtempSync(join(tmpdir(), 'runproof-test-'))
const instance = await instances.start({ scratch })
const stopped = new AbortController()
// The more it holds, the later it ends than the program that brought it in, when both are killed at once.
const script = 'Buffer.alloc(2 ** 29, 1); setInterval(() => {}, 1000); process.title = "full"'
const aborted = instance.run({ argv: [process.execPath, '-e', script] }, { timeoutMs: 60_000, signal: stopped.signal })
while (!(await instance.facts()).processes.some(one => one.argv[0] === 'full')) await sleep(5)
stopped.abort()
await aborted.catch(() => {})
const timedOut = await instance.run({ argv: ['sleep', '300'] }, { timeoutMs: 50 })
const { left } = await instance.stop()
rmSync(scratch, { recursive: true, force: true })
process.stdout.write(JSON.stringify({ pid: process.pid, timedOut: timedOut.timedOut, left }))
