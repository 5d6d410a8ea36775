import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { describe, test } from 'node:test'
import { checkSyntax } from './script-syntax.ts'

describe('whether a file parses', () => {
  const right: readonly (readonly [path: string, text: string])[] = [
    ['a.sh', ''],
    ['a.sh', '#!/bin/sh\nset -eu\ncase "$1" in a) ;; esac\nx=$(cat <<E\n$1\nE\n)\n'],
    ['a', '#!/usr/bin/env bash\n[[ a =~ b ]] && echo $((x + 1))\n'],
    ['a', '#!/bin/sh\nexec node "$0" "$@"\nconst x = (\n'],
    ['a', '#!/bin/sh\ntail -n +4 "$0" | tar -x\nexit 0\nPK(((\n'],
    ['a.json', '{"a": [1, null]}'],
    ['a.yaml', 'a: 1\n---\nb: [1]\n'],
    ['a.toml', '[a]\nb = 1\n'],
  ]
  for (const [path, text] of right)
    test(`${path} with ${JSON.stringify(text.slice(0, 30))} does`, () =>
      assert.deepEqual(checkSyntax(path, text), { is: 'right' }))

  const wrong: readonly (readonly [path: string, text: string, line: number])[] = [
    ['a.sh', 'echo ok\nif true; then\n', 3],
    ['a.sh', 'echo ok\n)\n', 2],
    ['a.sh', 'exec > log\n)\n', 2],
    ['a.sh', 'if x; then exit; fi\n)\n', 2],
    ['a.sh', ')\nexit\n', 1],
    ['a.sh', 'echo\necho "$(if)"\n', 2],
    ['a', '#!/bin/bash\nfor in; do done done\n', 2],
    ['a.json', '{\n"a": 1,\n}', 3],
    ['a.json', '', 1],
    ['a.yaml', 'a: 1\nb: "x\n', 3],
    ['a.toml', 'a = 1\nb = \n', 2],
  ]
  for (const [path, text, line] of wrong)
    test(`${path} with ${JSON.stringify(text)} does not, from line ${line}`, () => {
      const syntax = checkSyntax(path, text)
      assert.equal(syntax.is, 'wrong')
      assert.equal(syntax.is === 'wrong' && syntax.line, line)
      assert.ok(syntax.is === 'wrong' && /^[^\n.]+[^.\s]$/.test(syntax.why), JSON.stringify(syntax))
    })

  for (const path of ['a.py', 'a.ts', 'tsconfig.json', 'README', 'a.md'])
    test(`${path} is not judged`, () => assert.equal(checkSyntax(path, '#!/usr/bin/python3\n(').is, 'unjudged'))
  test('a template is not judged', () => assert.equal(checkSyntax('a.yaml', 'a: {{ .x }}\n').is, 'unjudged'))

  test('is what bash says of scripts of this machine, whole and cut short', { timeout: 30_000 }, context => {
    if (spawnSync('bash', ['-c', 'true']).status !== 0) return context.skip('this machine has no bash')
    const scripts = readdirSync('/usr/bin')
      .map(name => `/usr/bin/${name}`)
      .filter(path => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) < 20_000)
      .map(path => readFileSync(path, 'utf8'))
      .filter(text => /^#! ?\/bin\/(?:ba)?sh\b/.test(text))
      .slice(0, 12)
    assert.ok(scripts.length > 0)
    const texts = scripts.flatMap(text => [text, text.slice(0, text.length * 0.6)])
    const differing = texts.filter(input => {
      const bash = spawnSync('bash', ['-n'], { input }).status === 0
      return (checkSyntax('a.sh', input).is === 'right') !== bash
    })
    assert.deepEqual(differing, [])
    assert.ok(
      texts.some(text => checkSyntax('a.sh', text).is === 'wrong'),
      'some of what is cut short is broken',
    )
  })
})
