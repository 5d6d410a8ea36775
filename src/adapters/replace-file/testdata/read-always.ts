/** A worker that reads files, one after the other, as fast as it can until it is told to stop, and says how often it found what. */
import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

interface Data {
  readonly paths: readonly string[]
  readonly whole: readonly string[]
  /** Two numbers: not 0 stops it; and how many reads were torn so far. */
  readonly shared: SharedArrayBuffer
}

const { paths, whole, shared } = workerData as Data
const [STOP, TORN] = [0, 1]
const numbers = new Int32Array(shared)
const found = { reads: 0, torn: 0, missing: 0 }
parentPort!.postMessage('reading')
while (Atomics.load(numbers, STOP) === 0) {
  found.reads += 1
  try {
    if (!whole.includes(readFileSync(paths[found.reads % paths.length]!, 'utf8')))
      found.torn = Atomics.add(numbers, TORN, 1) + 1
  } catch {
    found.missing += 1
  }
}
parentPort!.postMessage(found)
