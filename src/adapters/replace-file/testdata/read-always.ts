/** A worker that reads files, one after the other, as fast as it can until it is told to stop, and says how often it found what. */
import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

interface Data {
  readonly paths: readonly string[]
  readonly whole: readonly string[]
  readonly stop: SharedArrayBuffer
}

const { paths, whole, stop } = workerData as Data
const stopped = new Int32Array(stop)
const found = { reads: 0, torn: 0, missing: 0 }
parentPort!.postMessage('reading')
while (Atomics.load(stopped, 0) === 0) {
  found.reads += 1
  try {
    if (!whole.includes(readFileSync(paths[found.reads % paths.length]!, 'utf8'))) found.torn += 1
  } catch {
    found.missing += 1
  }
}
parentPort!.postMessage(found)
