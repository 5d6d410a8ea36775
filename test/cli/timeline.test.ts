import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { Site } from './launch.ts'

const site = new Site()
let sealed = ''

/** A copy of the sealed run that differs in one thing. */
function copyAs(name: string, change: (dir: string) => void): string {
  const dir = path.join(site.root, name)
  cpSync(sealed, dir, { recursive: true })
  change(dir)
  return dir
}

const timeline = (...words: readonly string[]) => site.run(['evidence', 'timeline', ...words])

describe('runproof evidence timeline', () => {
  before(async () => {
    await site.way('passed')
    sealed = path.join(site.reports, site.sealed()[0]!)
    assert.ok(existsSync(sealed))
  })

  test('of a sealed run is a table with who signed it, printed or written into a private file', async () => {
    const { status, stdout, stderr } = await timeline(sealed)
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(stdout, /^# Timeline of ways-/)
    assert.match(stdout, /^- signed by: sha256:[0-9a-f]{64}$/m)
    assert.match(stdout, /^\| \d{4}-\d\d-\d\dT[\d:.]+Z \| .* \| {2}\| the run ends: passed \|$/m)
    const file = path.join(site.root, 'timeline.json')
    assert.equal((await timeline(sealed, '--format', 'json', '--output', file)).stdout, '')
    const document = JSON.parse(readFileSync(file, 'utf8'))
    assert.deepEqual([document.schema, document.state, document.outcome], ['runproof-timeline-1', 'sealed', 'passed'])
    const unknown = await site.run(['evidence', 'timeline', sealed], {
      env: { XDG_STATE_HOME: path.join(site.root, 'other') },
    })
    assert.equal(unknown.status, 1)
    assert.match(unknown.stdout, /which is not trusted here/)
  })

  test('of a run that was abandoned or is in quarantine is told from the journal alone', async () => {
    const abandoned = copyAs('.run-ways-1', dir => {
      for (const name of ['evidence.json', 'evidence.dsse.json']) rmSync(path.join(dir, name))
      writeFileSync(path.join(dir, 'journal.jsonl'), '{"at":"2026-', { flag: 'a' })
    })
    const { status, stdout } = await timeline(abandoned)
    assert.equal(status, 0)
    assert.match(stdout, /\(unsealed\)[\s\S]*- torn: 12 bytes of a record/)
    const quarantined = copyAs('ways-1.quarantined', () => {})
    const kept = await timeline(quarantined)
    assert.equal(kept.status, 0)
    assert.match(kept.stderr, /its texts are withheld/)
    assert.match(kept.stdout, /\(withheld\)/)
    const taken = await site.run(['evidence', 'timeline', quarantined, '--secret', 'it=env:IT'], {
      env: { IT: 'the run ends' },
    })
    assert.deepEqual([taken.status, taken.stderr], [0, ''])
    assert.match(taken.stdout, /\\\[secret it\\\]: passed/)
  })

  test('of a chain that was broken is none: the line is named', async () => {
    const changed = (dir: string) => {
      const file = path.join(dir, 'journal.jsonl')
      const lines = readFileSync(file, 'utf8').split('\n')
      lines[1] = lines[1]!.replace('"seq":1', '"seq":1 ')
      writeFileSync(file, lines.join('\n'))
    }
    const { status, stdout, stderr } = await timeline(copyAs('changed', changed))
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /journal line 2 is not in canonical form/)
    const cut = await timeline(
      copyAs('cut', dir => {
        const file = path.join(dir, 'journal.jsonl')
        writeFileSync(file, readFileSync(file, 'utf8').split('\n').slice(0, -2).join('\n').concat('\n'))
      }),
    )
    assert.deepEqual([cut.status, cut.stdout], [1, ''])
    assert.match(cut.stderr, /journal\.jsonl was changed after signing/)
  })

  test('is no guess: a directory without a journal, and a form that there is not, are usage errors', async () => {
    assert.equal((await timeline(site.log)).status, 2)
    assert.equal((await timeline(sealed, '--format', 'html')).status, 2)
  })
})
