import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Loaded before a run: ends its process with SIGKILL once its journal has a record on disk, as `DIE_AT` says (`step-ended:rotate`,
 * `told:rotation.replacedAt`: the step or the fact that it is about). Nothing of the run itself knows of it.
 */
const [type, of] = process.env['DIE_AT']!.split(':')
const { writeSync, fsyncSync } = fs
let last = ''

fs.writeSync = ((descriptor: number, data: NodeJS.ArrayBufferView, ...more: []) => {
  last = Buffer.isBuffer(data) ? data.toString() : ''
  return writeSync(descriptor, data, ...more)
}) as typeof writeSync
fs.fsyncSync = descriptor => {
  fsyncSync(descriptor)
  if (!last.includes(`"type":"${type}"`) || !last.includes('"prev":')) return
  const { data } = JSON.parse(last) as { data: { step?: string; fact?: string; carriedFrom?: string; reason?: string } }
  if (data.reason?.startsWith('not reached') === true) return
  if ((data.step ?? data.fact) === of && data.carriedFrom === undefined) process.kill(process.pid, 'SIGKILL')
}
syncBuiltinESMExports()
