import { test } from 'node:test'

test('passes', () => {})
process.on('exit', () => {
  process.stderr.write('planted last words\n')
  process.exitCode = 3
})
