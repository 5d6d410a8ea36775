import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CheckContext } from '../../model/check.ts'
import { type ErrorCode, RunproofError } from '../../model/error.ts'
import type { Answer, RequestOptions } from '../../model/http.ts'
import standIn from '../../targets/stand-in.ts'
import { processClock } from '../../testing/memory-tools.ts'
import { ATTACKS, type Attempt, attack, letIn, unsureWhere } from './proxy-exposure.ts'

const ORIGIN = 'https://attacker.example'
const context = {
  target: standIn,
  signal: new AbortController().signal,
  deadlineMs: 1_000,
  protect: () => {},
  tools: { clock: processClock },
} as unknown as CheckContext

const door = (answer: (options: RequestOptions) => Partial<Answer> | ErrorCode) => ({
  url: 'http://proxy',
  door: {
    request: async (_: string, options: RequestOptions = {}) => {
      const given = answer(options)
      if (typeof given === 'string') throw new RunproofError(given, 'nobody')
      return { status: 401, headers: {}, text: '', ...given } as Answer
    },
  },
})

describe('asking from outside', () => {
  test('shows one token, which nobody gave out, and tells what the daemon refused from what a proxy did', async () => {
    const shown: (string | undefined)[] = []
    const problem = JSON.stringify({ status: 401, code: 'auth_missing', domain: 'auth', detail: 'x' })
    const seen = await attack(
      context,
      door(options => {
        shown.push(options.bearer?.name)
        return options.headers === undefined ? { text: problem } : { status: 403, text: '<html>forbidden</html>' }
      }),
      ORIGIN,
    )
    assert.deepEqual(shown, [undefined, undefined, undefined, 'unknown-token'])
    assert.deepEqual(
      seen.map(one => [one.attack, one.status, one.byDaemon]),
      [
        ['preflight', 403, false],
        ['foreign-page', 403, false],
        ['no-token', 401, true],
        ['unknown-token', 401, true],
      ],
    )
  })

  test('takes silence for a closed route, and has no verdict where only we do not trust its certificate', async () => {
    for (const code of ['TARGET_UNREACHABLE', 'TIMEOUT'] as const) {
      const seen = await attack(
        context,
        door(() => code),
        ORIGIN,
      )
      assert.deepEqual([seen.length, seen.every(one => one.status === undefined)], [ATTACKS.length, true])
      assert.deepEqual(
        seen.map(one => letIn(one, ORIGIN)),
        ATTACKS.map(() => undefined),
      )
      assert.match(unsureWhere(seen, 'https://typo.example')!, /typo\.example is the route .*misspelt/)
      assert.equal(unsureWhere([...seen, { ...seen[0]!, status: 403 }], 'https://it.example'), undefined)
    }
    await assert.rejects(
      attack(
        context,
        door(() => 'TLS_FAILED'),
        ORIGIN,
      ),
      { code: 'TLS_FAILED' },
    )
  })
})

describe('an attempt is let in', () => {
  const attempt = (given: Partial<Attempt>): Attempt => ({
    attack: 'no-token',
    askedAtMs: 0,
    status: 401,
    closed: '',
    allowOrigin: '',
    byDaemon: false,
    ...given,
  })
  const cases: readonly (readonly [title: string, given: Partial<Attempt>, RegExp | undefined])[] = [
    ['with an answer below 400', { status: 200 }, /answered with 200/],
    ['with a redirect, which leads further', { status: 302 }, /answered with 302/],
    ['with every origin allowed, though it is refused', { allowOrigin: '*' }, /any origin may read/],
    ['with its own origin allowed', { attack: 'foreign-page', allowOrigin: ORIGIN }, /attacker\.example may read/],
    ['with the origin of sandboxed pages allowed', { attack: 'preflight', allowOrigin: 'null' }, /null may read/],
    ['not with a preflight that allows nothing', { attack: 'preflight', status: 204 }, undefined],
    ['not with another origin allowed', { allowOrigin: 'http://localhost:5173' }, undefined],
    ['not with a closed route', { status: undefined, closed: 'nobody' }, undefined],
  ]
  for (const [title, given, reason] of cases)
    test(title, () => {
      const said = letIn(attempt(given), ORIGIN)
      if (reason === undefined) assert.equal(said, undefined)
      else assert.match(said!, reason)
    })
})
