import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { findImports, type Import } from './imports.ts'

const ROOT = path.resolve(import.meta.dirname, '..')

/** What a run has no use for, and what loading it costs: all of them together were a third of a start. */
const NEVER_AT_START = [
  'yaml',
  'unbash',
  'micromark',
  'micromark-extension-mdxjs',
  'typebox',
  'ajv-formats',
  'fastify',
  '@clack/prompts',
]

const known = new Map<string, readonly string[]>()

/** What a module needs before it does anything. Entries share most of what they load. */
function importedBy(file: string): readonly string[] {
  const found = known.get(file) ?? findImports(file, readFileSync(file, 'utf8')).flatMap(loaded)
  known.set(file, found)
  return found
}

function loaded({ specifier, kind }: Import): readonly string[] {
  return specifier !== undefined && ['static', 're-export', 'require'].includes(kind) ? [specifier] : []
}

/** Packages that a module loads before it does anything, each with the file of ours that imports it. */
function packagesOf(entry: string): ReadonlyMap<string, string> {
  const packages = new Map<string, string>()
  const seen = new Set([path.join(ROOT, entry)])
  for (const file of seen) {
    for (const specifier of importedBy(file)) {
      if (!specifier.startsWith('.')) {
        const parts = specifier.split('/')
        packages.set(parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'), path.relative(ROOT, file))
        continue
      }
      const imported = path.resolve(path.dirname(file), specifier)
      if (imported.endsWith('.ts') && existsSync(imported)) seen.add(imported)
    }
  }
  return packages
}

test('a run loads nothing at its start that only other commands need', () => {
  const entries = ['src/cli/run/run-runbook.ts', ...globSync('{runbooks,smoke}/*.ts', { cwd: ROOT }).sort()]
  const wrong = entries.flatMap(entry => {
    const packages = packagesOf(entry)
    return NEVER_AT_START.flatMap(name => (packages.has(name) ? [`${entry}: ${name} by ${packages.get(name)}`] : []))
  })
  assert.deepEqual(wrong, [])
  // The walk itself: a command that needs them has them.
  assert.ok(packagesOf('src/cli/docs/check-docs.ts').has('unbash'))
})
