import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { RunproofError } from '../../model/error.ts'
import kheish from '../../targets/kheish.ts'
import { effective } from '../effective/effective.ts'
import { judge } from '../judge.ts'
import { parseConfig } from '../parse.ts'
import { survey } from '../survey.ts'

const OURS = readFileSync(path.resolve(import.meta.dirname, '../../../nginx/runproof.conf'), 'utf8').split('\n')

/** @returns whether it was judged; what cannot be read says so in the one way there is */
function judged(text: string): boolean {
  try {
    const configuration = { files: [parseConfig('edge.conf', Buffer.from(text))], included: new Map() }
    const whole = effective(configuration)
    judge({ configuration, effective: whole, edge: kheish.edge, requests: survey(whole, kheish.edge).requests })
    return true
  } catch (thrown) {
    assert.ok(thrown instanceof RunproofError, `${thrown}\n${text}`)
    return false
  }
}

const changes: Readonly<Record<string, (line: string) => string>> = {
  'left out': () => '',
  'without arguments': line => line.replace(/^(\s*[a-z_]+)\s[^;{]*/, '$1 '),
  'with an empty argument': line => line.replace(/^(\s*[a-z_]+\s)[^;{]*/, '$1"" '),
  'with an unknown variable': line => line.replace(/^(\s*[a-z_]+\s)[^;{]*/, '$1$nowhere '),
  'with nothing that it knows': line => line.replace(/^(\s*[a-z_]+\s)[^;{]*/, '$1::\\$1~[( '),
}

for (const [what, change] of Object.entries(changes)) {
  test(`a configuration is judged, or refused with a reason, with any line ${what}`, () => {
    const texts = OURS.flatMap((line, index) =>
      /^\s*(?:#|$)/.test(line) ? [] : [OURS.with(index, change(line)).join('\n')],
    )
    assert.ok(texts.filter(judged).length > texts.length / 2)
  })
}
