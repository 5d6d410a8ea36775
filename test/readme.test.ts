import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'

const ROOT = path.resolve(import.meta.dirname, '..')
const RUNPROOF = path.join(ROOT, 'bin/runproof')

/** Digits and the rest of a run's name differ from run to run; the words do not. */
function shape(line: string): string {
  return line
    .replaceAll(/restore-drill-\d{8}T\d{6}Z-[0-9a-f]+/g, 'RUN')
    .replaceAll(/\d+(\.\d+)?/g, '0')
    .trim()
}

describe('README', { timeout: 400_000 }, () => {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8')
  const [first, second] = [...readme.matchAll(/```console\n([\s\S]*?)```/g)].map(match => match[1]!.split('\n'))
  const dir = mkdtempSync(path.join(tmpdir(), 'readme-'))
  const env = { PATH: process.env.PATH, HOME: dir, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
  let shown: string[] = []
  let run = ''

  before(() => {
    const drill = spawnSync(RUNPROOF, ['run', 'restore-drill'], { cwd: dir, env, encoding: 'utf8' })
    assert.equal(drill.status, 0, drill.stderr)
    shown = `${drill.stderr}${drill.stdout}`.split('\n').map(shape)
    run = readdirSync(path.join(dir, 'reports'))[0]!
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  test('shows lines of a run that the run really prints', () => {
    const quoted = first!.filter(line => line !== '' && line !== '…' && !line.startsWith('$'))
    assert.ok(quoted.length > 15)
    // Times have a digit more or less from run to run; a quoted line may end early where a path or a list would follow.
    const missing = quoted.filter(
      line => !shown.some(one => one.startsWith(shape(line.replace(/\bbin\/runproof\b|runproof/, 'runproof')))),
    )
    assert.deepEqual(
      missing.filter(line => !line.startsWith('re-check')),
      [],
    )
  })

  test('shows a tampered copy being refused as it is refused', () => {
    const copy = path.join(dir, 'tampered')
    cpSync(path.join(dir, 'reports', run), copy, { recursive: true })
    const sed = second!
      .find(line => line.startsWith('$ sed'))!
      .slice(2)
      .replaceAll('/tmp/tampered', copy)
    execFileSync('sh', ['-c', sed])
    const verified = spawnSync(RUNPROOF, ['evidence', 'verify', copy], { cwd: dir, env, encoding: 'utf8' })
    assert.equal(
      verified.stderr.trimEnd(),
      second!.find(line => line.startsWith('runproof:')),
    )
    assert.equal(String(verified.status), second!.at(-2))

    const intact = spawnSync(RUNPROOF, ['evidence', 'verify', path.join(dir, 'reports', run)], {
      cwd: dir,
      env,
      encoding: 'utf8',
    })
    assert.equal(intact.status, 0, intact.stderr)
  })

  test('has the exit codes that the program prints', () => {
    const rows = [...readme.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(
      ([, code, meaning]) => `${code!.padStart(5)}  ${meaning}`,
    )
    const help = execFileSync(RUNPROOF, ['--help'], { env, encoding: 'utf8' })
    assert.ok(rows.length >= 8)
    for (const row of rows) assert.ok(help.includes(row), row)
  })
})
