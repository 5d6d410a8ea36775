import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { parse } from 'yaml'
import docs from '../src/cli/commands/docs.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const read = (file: string) => parse(readFileSync(path.join(ROOT, file), 'utf8'))
const check = docs.commands.find(command => command.name() === 'check')!
const flags = new Set(check.options.map(({ long }) => long))

describe('the GitHub Action', () => {
  const action: {
    readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>
    readonly runs: { readonly using: string; readonly steps: readonly Step[] }
  } = read('action.yml')
  interface Step {
    readonly uses?: string
    readonly run?: string
    readonly shell?: string
    readonly env?: Readonly<Record<string, string>>
  }
  const steps = action.runs.steps.filter(step => step.run !== undefined)
  const [step] = steps
  const run = step!.run!

  test('is composite, and gives a script its inputs by environment only', () => {
    assert.equal(action.runs.using, 'composite')
    assert.equal(steps.length, 1)
    assert.ok(!run.includes('${{'))
    const passed = Object.values(step!.env!).map(value => /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1])
    assert.deepEqual(passed.toSorted(), Object.keys(action.inputs).toSorted())
    for (const name of Object.keys(step!.env!)) assert.match(run, new RegExp(`\\$${name}\\b`))
  })

  test('uses flags that the command has', () => {
    const used = [...run.matchAll(/(?<=\s)--[a-z-]+/g)].map(([flag]) => flag).filter(flag => flag !== '--yes')
    assert.ok(used.length >= 6)
    for (const flag of used) assert.ok(flags.has(flag), flag)
  })

  test('hands every line on as one word, whatever it says, and runs nothing of it', () => {
    const place = mkdtempSync(path.join(tmpdir(), 'runproof-action-'))
    after(() => rmSync(place, { recursive: true }))
    mkdirSync(path.join(place, 'bin'))
    writeFileSync(path.join(place, 'bin/npx'), '#!/bin/sh\nprintf "%s\\0" "$@"\n', { mode: 0o755 })
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', run], {
      encoding: 'utf8',
      cwd: place,
      env: {
        PATH: `${place}/bin:${process.env.PATH}`,
        PAGES: 'README.md\ndocs/my page.md\n\n--odd.md\n$(touch planted)\n"; touch planted; "\n',
        BINARY: 'deploy=build/deployctl\n`touch planted`',
        TREE: '',
        PROGRAM: '',
        CONFIG: '',
        FAIL_ON: 'warning',
        RUNPROOF_VERSION: '0.1.0',
      },
    })
    assert.deepEqual([status, stderr], [0, ''])
    assert.deepEqual(stdout.split('\0').slice(0, -1), [
      ...['--yes', 'runproof@0.1.0', 'docs', 'check', '--format', 'github'],
      ...['--binary=deploy=build/deployctl', '--binary=`touch planted`', '--fail-on=warning', '--'],
      ...['README.md', 'docs/my page.md', '--odd.md', '$(touch planted)', '"; touch planted; "'],
    ])
    assert.deepEqual(readdirSync(place), ['bin'])
  })
})

describe('the pre-commit hook', () => {
  const [hook, ...more]: readonly { id: string; entry: string; language: string; args: string[]; files: string }[] =
    read('.pre-commit-hooks.yaml')

  test('runs a command that there is, on pages', () => {
    assert.deepEqual([hook!.id, hook!.language, more], ['runproof-docs-check', 'node', []])
    const [program, group, name, ...words] = [...hook!.entry.split(' '), ...hook!.args]
    assert.deepEqual([program, group, name], [Object.keys(read('package.json').bin)[0], docs.name(), check.name()])
    for (const word of words.filter(one => one.startsWith('-'))) assert.ok(flags.has(word), word)
    assert.match('docs/a.mdx', new RegExp(hook!.files))
    assert.doesNotMatch('docs/a.mdx.png', new RegExp(hook!.files))
  })
})
