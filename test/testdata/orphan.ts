import { spawn } from 'node:child_process'
import { test } from 'node:test'

test('passes and leaves a process that holds the output', () => {
  const { pid } = spawn('sleep', ['60'], { stdio: ['ignore', 'inherit', 'inherit'], detached: true })
  process.stderr.write(`orphan ${pid}\n`)
})
