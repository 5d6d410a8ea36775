import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, test } from 'node:test'
import { Site } from './launch.ts'

const site = new Site()
beforeEach(() => site.clear())

const STAND_IN = path.resolve(import.meta.dirname, '../../fixtures/kheish-daemon/kheish-daemon')

/** A binary that is the stand-in with a fault. */
function faulty(fault: string): string {
  const file = path.join(site.root, `faulty-${fault}`)
  writeFileSync(
    file,
    `#!/bin/sh\ncase " $* " in *" serve "*) exec ${STAND_IN} "$@" --fault ${fault} ;; *) exec ${STAND_IN} "$@" ;; esac\n`,
    { mode: 0o755 },
  )
  return file
}

describe('runproof target conformance', () => {
  test('every fact holds for the stand-in, with every counterproof red, and by another path it is no real target', async () => {
    const link = path.join(site.root, 'link')
    mkdirSync(link)
    symlinkSync(STAND_IN, path.join(link, 'daemon'))
    const ended = await site.run(['target', 'conformance', '--binary', `${link}/daemon`, '--counterproofs', 'all'])
    assert.equal(ended.status, 0, ended.stdout + ended.stderr)
    const lines = ended.stdout.split('\n').filter(line => /: /.test(line) && /^(holds|differs|no answer)/.test(line))
    assert.ok(lines.length > 0)
    assert.deepEqual(
      lines.filter(line => !line.startsWith('holds')),
      [],
    )
    const { target } = site.evidence()
    assert.deepEqual([target.id, target.real], ['stand-in', false])
  })

  test('a binary that differs is told by the fact', async () => {
    const ended = await site.run(['target', 'conformance', '--binary', faulty('readonly-mutates')])
    assert.equal(ended.status, 1, ended.stdout + ended.stderr)
    assert.match(ended.stdout, /^differs +core 4\.1: .*read-only/m)
    assert.equal(site.evidence().target.real, true)
  })

  test('a binary that is something else gives no verdict, and a missing one is named', async () => {
    const other = await site.run(['target', 'conformance', '--binary', '/bin/true'])
    assert.equal(other.status, 3)
    assert.match(other.stdout, /\/bin\/true secrets generate printed no key/)
    site.clear()
    const missing = await site.run(['target', 'conformance', '--binary', '/no/such/daemon'])
    assert.equal(missing.status, 3)
    assert.match(missing.stdout, /\/no\/such\/daemon is not an executable file/)
  })

  test('an unknown target is a usage error', async () => {
    const ended = await site.run(['target', 'conformance', '--target', 'stand-on'])
    assert.equal(ended.status, 2)
    assert.match(ended.stderr, /did you mean stand-in\?/)
  })
})
