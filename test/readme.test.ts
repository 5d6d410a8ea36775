import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const ROOT = path.resolve(import.meta.dirname, '..')

// That the run it shows is as it shows it is asked of the whole drill on the stand-in, in a file of its own.
test('README has the exit codes that the program prints', () => {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(
    ([, code, meaning]) => `${code!.padStart(5)}  ${meaning}`,
  )
  const help = execFileSync(path.join(ROOT, 'bin/runproof'), ['--help'], { encoding: 'utf8' })
  assert.ok(rows.length >= 8)
  for (const row of rows) assert.ok(help.includes(row), row)
})
