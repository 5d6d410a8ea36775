import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { Command } from 'commander'
import nginx from '../src/cli/commands/nginx.ts'
import sse from '../src/cli/commands/sse.ts'
import tls from '../src/cli/commands/tls.ts'
import { RULES } from '../src/nginx/rules/all.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const GROUPS: readonly Command[] = [nginx, tls, sse]
const page = readFileSync(path.join(ROOT, 'docs/edge.md'), 'utf8')

describe('docs/edge.md', () => {
  const found = [...page.replaceAll(/\\\n\s*/g, ' ').matchAll(/^(?:\$ )?bin\/runproof (nginx|tls|sse) (.*)$/gm)]

  test('has commands of every group', () => {
    assert.deepEqual(new Set(found.map(match => match[1])), new Set(GROUPS.map(group => group.name())))
  })

  for (const [, name, words] of found) {
    test(`has a command that is taken as it stands there: ${name} ${words}`, () => {
      const group = GROUPS.find(one => one.name() === name)!
      let taken = false
      for (const command of group.commands)
        command.exitOverride().action(() => {
          taken = true
        })
      group.exitOverride().parse(words!.trim().split(/\s+/), { from: 'user' })
      assert.ok(taken)
    })
  }

  test('shows a finding as it is printed', () => {
    const shown = /```console\n\$ bin\/(runproof nginx check (\S+))\n([\s\S]*?)```/.exec(page)!
    const { status, stdout } = spawnSync(path.join(ROOT, 'bin/runproof'), ['nginx', 'check', shown[2]!], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    assert.equal(status, 1)
    const withoutNginx = (text: string) => text.replace(/^nginx -t: .*\n/m, '')
    assert.equal(withoutNginx(stdout), withoutNginx(shown[3]!))
  })

  test('counts the rules', () => assert.match(page, new RegExp(`\\b${RULES.length} rules`)))
})
