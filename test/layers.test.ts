import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { findViolations } from './layers.ts'

const root = path.resolve(import.meta.dirname, '..')

test('every import and every folder is in the table of layers', () => {
  const lines = findViolations(root).map(({ file, line, message }) => `${file}:${line} ${message}`)
  assert.deepEqual(lines, [])
})

describe('a planted violation turns the rule red', () => {
  const copy = mkdtempSync(path.join(tmpdir(), 'runproof-layers-'))
  after(() => rmSync(copy, { recursive: true }))
  mkdirSync(path.join(copy, 'src/model'), { recursive: true })
  for (const name of ['package.json', 'src/model/outcome.ts']) cpSync(path.join(root, name), path.join(copy, name))
  test('and nothing else does', () => assert.deepEqual(findViolations(copy), []))

  const cases = [
    ['a static import', 'src/engine/planted.ts', "import { x } from '../adapters/x.ts'", 'ours'],
    ['an import for its side effect', 'src/model/planted.ts', "import '../policy/decide.ts'", 'ours'],
    ['an import that keeps only types', 'src/policy/planted.ts', "import { type X } from '../engine/x.ts'", 'ours'],
    ['a type import', 'src/model/planted.ts', "import type { X } from '../engine/x.ts'", 'ours'],
    ['a type in place', 'src/model/planted.ts', "export type X = import('../engine/x.ts').X", 'ours'],
    ['a dynamic import', 'src/checks/planted.ts', "await import('../adapters/x.ts')", 'ours'],
    ['a dynamic import of a template', 'src/checks/planted.ts', 'await import(`../adapters/x.ts`)', 'ours'],
    ['a dynamic import of a computed path', 'src/engine/planted.ts', 'await import(process.argv[2]!)', 'computed'],
    ['a re-export', 'src/reporters/planted.ts', "export { x } from '../engine/plan.ts'", 'ours'],
    ['a re-export of everything', 'runbooks/planted.ts', "export * from '../src/adapters/x.ts'", 'ours'],
    ['a re-export of types', 'smoke/planted.ts', "export type { X } from '../src/engine/x.ts'", 'ours'],
    ['require', 'src/engine/planted.ts', "require('../adapters/x.ts')", 'ours'],
    ['import.meta.resolve', 'src/engine/planted.ts', "import.meta.resolve('../adapters/x.ts')", 'ours'],
    ['code of ours in a fixture', 'fixtures/planted/main.ts', "import { x } from '../../src/model/outcome.ts'", 'ours'],
    [
      'code of ours in the test of a fixture',
      'fixtures/planted/a.test.ts',
      "import '../../src/model/outcome.ts'",
      'ours',
    ],
    ['a fixture in the product', 'src/cli/planted.ts', "import '../../fixtures/x.ts'", 'ours'],
    ['a path outside the checkout', 'scripts/planted.ts', "import '../../elsewhere.ts'", 'ours'],
    ['an absolute path', 'scripts/planted.ts', "import '/opt/elsewhere.ts'", 'ours'],
    ['a package where none is allowed', 'src/engine/planted.ts', "import { $ } from 'zx'", 'npm'],
    ['a scoped package where none is allowed', 'src/policy/planted.ts', "import '@clack/prompts/sub'", 'npm'],
    ['a package that users do not get', 'src/adapters/planted.ts', "import fc from 'fast-check'", 'dev-only'],
    ['the schema source at run time', 'src/cli/planted.ts', "import { S } from '../evidence/schema.ts'", 'dev-only'],
    ['more than types of the evidence', 'src/engine/planted.ts', "import { seal } from '../evidence/seal.ts'", 'ours'],
    ['files in a pure layer', 'src/scan/planted.ts', "import { readFileSync } from 'node:fs'", 'world'],
    ['files by their promises', 'src/engine/planted.ts', "import { open } from 'node:fs/promises'", 'world'],
    ['a Node module without its prefix', 'src/adapters/planted.ts', "import fs from 'fs'", 'prefix'],
    ['a folder without a row', 'src/planted/x.ts', 'export {}', 'folder'],
    ['a folder without code and without a row', 'src/planted/x.txt', '', 'folder'],
    ['a file directly in src', 'src/planted.ts', 'export {}', 'folder'],
    ['code outside every folder', 'planted/x.js', 'export {}', 'folder'],
  ] as const

  for (const [title, file, source, rule] of cases) {
    test(title, () => {
      const planted = path.join(copy, file)
      mkdirSync(path.dirname(planted), { recursive: true })
      writeFileSync(planted, `\n${source}\n`)
      try {
        const found = findViolations(copy).filter(one => rule === 'folder' || one.line === 2)
        assert.deepEqual(
          [...new Set(found.map(one => `${one.file} ${one.rule}`))],
          [`${file.endsWith('.txt') ? path.dirname(file) : file} ${rule}`],
        )
      } finally {
        rmSync(planted)
      }
    })
  }

  const allowed = [
    ['types of a Node module that reaches the world', 'src/engine/planted.ts', "import type { Stats } from 'node:fs'"],
    ['types of the schema source', 'src/reporters/planted.ts', "import type { S } from '../evidence/schema.ts'"],
    ['types of the evidence in the engine', 'src/engine/planted.ts', "import type { E } from '../evidence/seal.ts'"],
    ['a test beside the code', 'src/model/planted.test.ts', "import '../adapters/x.ts'\nimport fc from 'fast-check'"],
    ['another runbook', 'runbooks/planted.ts', "import { x } from './backup.ts'"],
    ['a registry folder by computed path', 'src/cli/planted.ts', 'await import(process.argv[2]!)'],
  ] as const

  for (const [title, file, source] of allowed) {
    test(`allows ${title}`, () => {
      const planted = path.join(copy, file)
      mkdirSync(path.dirname(planted), { recursive: true })
      writeFileSync(planted, source)
      try {
        assert.deepEqual(
          findViolations(copy).filter(one => one.file === file),
          [],
        )
      } finally {
        rmSync(planted)
      }
    })
  }

  test('a tree without code', () => {
    const empty = path.join(copy, 'empty')
    mkdirSync(empty)
    writeFileSync(path.join(empty, 'package.json'), '{}')
    assert.throws(() => findViolations(empty), /no code below/)
  })
})
