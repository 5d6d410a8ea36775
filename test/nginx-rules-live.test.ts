import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { readConfiguration } from '../src/adapters/nginx/read-config.ts'
import { RunproofError } from '../src/model/error.ts'
import { RULES } from '../src/nginx/rules/all.ts'
import { FACTS, type Fact } from './nginx-live/facts.ts'
import { LiveProxy, nginx } from './nginx-live/proxy.ts'

type Seen = Extract<Fact, { on: unknown }>

const CASES = resolve(import.meta.dirname, '..', 'nginx')
const HOST = 'daemon.example.test'
const found = await nginx.find()
const skip = 'missing' in found ? `this machine has no nginx: ${found.missing}` : false

/** The configuration that a bad one was made from. */
function goodOf(rule: string): string {
  const [first = ''] = readFileSync(join(CASES, 'bad', `${rule}.conf`), 'utf8').split('\n')
  const [, good] = /made from good\/(\S+)$/.exec(first) ?? []
  return join(CASES, 'good', good ?? assert.fail(`bad/${rule}.conf does not say from what it was made: ${first}`))
}

test('every rule says what is seen where it is broken, or why nothing is', () => {
  assert.deepEqual(Object.keys(FACTS).sort(), RULES.map(({ id }) => id).sort())
})

describe('a rule in a real nginx', { timeout: 240_000, skip }, () => {
  const root = mkdtempSync(join(tmpdir(), 'nginx-live-'))
  const goods = new Map<string, Promise<LiveProxy>>()
  let places = 0
  after(async () => {
    for (const good of goods.values()) await (await good)[Symbol.asyncDispose]()
    rmSync(root, { recursive: true, force: true })
  })

  const start = async (file: string, { prepare }: { readonly prepare?: Seen['prepare'] }) => {
    const place = join(root, String(++places))
    mkdirSync(join(place, 'docs'), { recursive: true, mode: 0o700 })
    writeFileSync(join(place, 'beside'), 'beside the directory')
    const configuration = await readConfiguration(file)
    return LiveProxy.start(prepare?.(configuration, place) ?? configuration, HOST, place)
  }
  const seenIn = async (file: string, fact: Seen) => {
    await using live = await start(file, fact)
    return await fact.on(live)
  }
  /** One that was not changed is started once for all rules. */
  const startedGood = (file: string) => {
    const starting = goods.get(file) ?? start(file, {})
    goods.set(file, starting)
    return starting
  }
  const seenInGood = async (file: string, fact: Seen) => {
    if (fact.prepare !== undefined) return seenIn(file, fact)
    const live = await startedGood(file)
    live.upstream.reset()
    return await fact.on(live)
  }

  for (const { id } of RULES) {
    const fact = FACTS[id]!
    if ('unseen' in fact) continue
    const bad = join(CASES, 'bad', `${id}.conf`)
    if ('refused' in fact) {
      test(`${id}: nginx does not start with it, and starts without`, async () => {
        await assert.rejects(start(bad, {}), (error: unknown) => {
          assert.ok(error instanceof RunproofError && error.code === 'CONFIG_INVALID', String(error))
          assert.match(error.message, fact.refused)
          return true
        })
        assert.equal((await (await startedGood(goodOf(id))).ask('/v1/status')).status, 200)
      })
      continue
    }
    test(`${id}: ${fact.shows}`, async () => {
      const [isBad, isGood] = await Promise.all([seenIn(bad, fact), seenInGood(goodOf(id), fact)])
      assert.equal(isBad, true, `nothing of ${id} is seen with ${bad}`)
      assert.equal(isGood, false, `${id} is seen with ${goodOf(id)}`)
    })
  }
})
