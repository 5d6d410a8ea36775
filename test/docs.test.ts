import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import smoke from '../src/cli/commands/smoke.ts'
import { idsOf, loadSuite, SUITES } from '../src/cli/registry.ts'

const ROOT = path.resolve(import.meta.dirname, '..')

/** Command lines of runproof in a page: continuation lines joined, comments cut off. */
function smokeCommands(text: string): readonly (readonly string[])[] {
  const joined = text
    .replaceAll(/\\\n\s*/g, ' ')
    .replaceAll(/run: >\n((?: {10}.*\n)+)/g, (_, lines: string) => lines.replaceAll(/\n\s*/g, ' '))
  return [...joined.matchAll(/runproof smoke(?: [^\n`#]*)?/g)].map(match => match[0].trim().split(/\s+/).slice(1))
}

describe('command lines of runproof smoke in the documentation', async () => {
  const files = ['README.md', ...globSync('docs/*.{md,yml}', { cwd: ROOT })]
  const found = files.flatMap(file =>
    smokeCommands(readFileSync(path.join(ROOT, file), 'utf8')).map(words => ({ file, words })),
  )
  const suites = await Promise.all(idsOf(SUITES).map(loadSuite))
  const params = new Set(suites.flatMap(({ runbook }) => Object.keys(runbook.params)))

  test('are there', () => assert.ok(found.length >= 6))

  for (const { file, words } of found) {
    test(`${file}: ${words.join(' ')}`, () => {
      let given: { names: string[]; param: string[] } | undefined
      for (const option of smoke.options) smoke.setOptionValue(option.attributeName(), option.defaultValue)
      smoke
        .exitOverride()
        .action((names: string[], { param }: { param: string[] }) => {
          given = { names, param }
        })
        .parse(words.slice(1), { from: 'user' })
      for (const name of given!.names) assert.ok(idsOf(SUITES).includes(name), `${name} is no suite`)
      for (const pair of given!.param) assert.ok(params.has(pair.split('=')[0]!), `${pair} is no parameter of a suite`)
    })
  }
})
