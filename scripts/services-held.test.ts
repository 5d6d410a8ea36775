import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { withServicesHeld } from './services-held.ts'

let directory: string
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'runproof-test-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

describe('while packages are installed', () => {
  test('starting a service is forbidden, and afterwards it is not', async () => {
    const file = join(directory, 'policy')
    const result = await withServicesHeld(async () => spawnSync(file, ['nginx', 'start']).status, file)
    assert.equal(result, 101)
    assert.equal(existsSync(file), false)
  })

  test('nothing stays forbidden when that fails', async () => {
    const file = join(directory, 'failing')
    const failing = withServicesHeld(async () => {
      throw new Error('no network')
    }, file)
    await assert.rejects(failing, /no network/)
    assert.equal(existsSync(file), false)
    assert.equal(process.listenerCount('SIGTERM'), 0)
  })

  test('a policy that was there stays as it is', async () => {
    const file = join(directory, 'own')
    writeFileSync(file, 'mine')
    await withServicesHeld(async () => {}, file)
    assert.equal(readFileSync(file, 'utf8'), 'mine')
  })

  test('nothing stays forbidden when that is told to end', async () => {
    const file = join(directory, 'ended')
    const script = `
      import { withServicesHeld } from ${JSON.stringify(new URL('./services-held.ts', import.meta.url).href)}
      await withServicesHeld(() => new Promise(() => { setInterval(() => {}, 1000); console.log('held') }), process.argv[1])`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    await once(child.stdout, 'data')
    assert.equal(existsSync(file), true)
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [null, 'SIGTERM'])
    assert.equal(existsSync(file), false)
  })

  test('a place that cannot be written to is an error, before anything is installed', async () => {
    let acted = false
    const act = async () => {
      acted = true
    }
    await assert.rejects(withServicesHeld(act, join(directory, 'nowhere', 'policy')), { code: 'ENOENT' })
    assert.equal(acted, false)
  })
})
