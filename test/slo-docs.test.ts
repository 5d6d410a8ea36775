import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import slo from '../src/cli/commands/slo.ts'
import { parseSample, sampleLine } from '../src/slo/sample.ts'
import { SIGNALS } from '../src/slo/signals.ts'
import { sampleAt } from '../src/slo/testdata/healthy.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const RUNPROOF = path.join(ROOT, 'bin/runproof')
const page = readFileSync(path.join(ROOT, 'docs/slo.md'), 'utf8')

function rowOf(signal: (typeof SIGNALS)[number]): string {
  const rules = (['production', 'staging'] as const).flatMap(environment => signal.rules({ environment }))
  const texts = (level: string) => {
    const said = new Set(rules.filter(rule => rule.level === level).map(rule => rule.text))
    return said.size === 0 ? 'never' : [...said].join('; ')
  }
  return `| \`${signal.id}\` | ${signal.reads} | ${texts('warn')} | ${texts('page')} |`
}

describe('docs/slo.md', () => {
  test('has the table that signals are judged by', () => {
    const table = page.split('\n').filter(line => /^\| `[a-z-]+` \|.*\|.*\|.*\|$/.test(line))
    assert.deepEqual(table, SIGNALS.map(rowOf))
  })

  test('shows a sample as it is recorded', () => {
    const shown = /```json\n([\s\S]*?)```/.exec(page)![1]!
    const sample = parseSample(JSON.stringify(JSON.parse(shown)))
    assert.deepEqual(sample, sampleAt(0))
  })

  test('has commands that are taken as they stand there', () => {
    const [watch] = slo.commands
    const found = [...page.replaceAll(/\\\n\s*/g, ' ').matchAll(/bin\/runproof slo watch ([^\n`|]*)/g)].map(
      match => match[1]!,
    )
    assert.equal(found.length, 3)
    for (const words of found) {
      let given: readonly string[] = []
      watch!.exitOverride().action(({ param }: { param: readonly string[] }) => {
        given = param
      })
      slo.parse(['watch', ...words.trim().split(/\s+/)], { from: 'user' })
      for (const pair of given) assert.ok(['base-url', 'token-file', 'state-root'].includes(pair.split('=')[0]!), pair)
    }
  })

  test('has the exit codes and limits of the command', () => {
    const help = execFileSync(RUNPROOF, ['slo', 'watch', '--help'], { encoding: 'utf8' })
    for (const said of ['1s to 60s', 'default: 15s', 'default: 35m']) assert.ok(help.includes(said), said)
    const input = `${sampleLine(sampleAt(0, { debugLevel: 'full' }))}\n`
    const judged = (...words: readonly string[]) =>
      spawnSync(RUNPROOF, ['slo', 'watch', '--samples', '-', ...words], { input }).status
    assert.deepEqual([judged(), judged('--fail-on', 'warn')], [0, 1])
  })
})
