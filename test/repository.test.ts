import assert from 'node:assert/strict'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { findBrokenRules } from './repository.ts'

const root = path.resolve(import.meta.dirname, '..')

test('every file of the repository keeps its rules', () => {
  assert.deepEqual(
    findBrokenRules(root).map(one => one.message),
    [],
  )
})

describe('a planted violation turns the rule red', () => {
  const copy = mkdtempSync(path.join(tmpdir(), 'runproof-rules-'))
  after(() => rmSync(copy, { recursive: true }))
  cpSync(path.join(root, 'bin'), path.join(copy, 'bin'), { recursive: true })
  const firstLine = `#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../bin/runproof" run "$0" "$@"'\n`
  const runbook = `${firstLine}export default {}\n`

  const cases = [
    ['a product name in the engine', 'src/engine/planted.ts', '// what KHEISH does', 'product-name'],
    ['a registry in the lockfile', 'package-lock.json', '{ "resolved": "https://example.test/a.tgz" }', 'resolved'],
    ['a registry by name', '.npmrc', `registry=https://${['registry', 'npmjs', 'org'].join('.')}/`, 'registry-host'],
    ['a path of a machine', 'docs/planted.md', ['see ', 'work', 'place'].join('/'), 'machine-path'],
    ['a home directory', 'scripts/planted.ts', ["const a = '", 'home', 'someone', "x'"].join('/'), 'machine-path'],
    ['a page outside the checkout', 'README.md', ['see ..', 'shared', 'page.md'].join('/'), 'outside-path'],
    ['a marker of unfinished work', 'src/model/planted.ts', `// ${['TO', 'DO'].join('')}: later`, 'marker'],
    ['a runbook without its first line', 'runbooks/planted.ts', 'export default {}\n', 'shebang'],
    ['a runbook without a default export', 'runbooks/planted.ts', `${firstLine}export const a = 1\n`, 'default-export'],
  ] as const

  for (const [title, file, text, rule] of cases) {
    test(title, () => assert.deepEqual(rulesBrokenBy(file, text, 0o755), [rule]))
  }

  test('a smoke suite that cannot be executed', () => {
    assert.deepEqual(rulesBrokenBy('smoke/planted.ts', runbook, 0o644), ['executable'])
  })
  test('allows a runbook that is a script', () => {
    assert.deepEqual(rulesBrokenBy('runbooks/planted.ts', runbook, 0o755), [])
  })
  test('allows a product name in its profile', () => {
    assert.deepEqual(rulesBrokenBy('src/targets/planted.ts', '// kheish', 0o644), [])
  })
  test('refuses a tree without files', () => {
    const empty = mkdtempSync(path.join(copy, 'empty-'))
    assert.throws(() => findBrokenRules(empty), /no files below/)
  })

  function rulesBrokenBy(file: string, text: string, mode: number): string[] {
    const planted = path.join(copy, file)
    mkdirSync(path.dirname(planted), { recursive: true })
    writeFileSync(planted, text)
    chmodSync(planted, mode)
    try {
      return findBrokenRules(copy).map(one => one.rule)
    } finally {
      rmSync(planted)
    }
  }
})
