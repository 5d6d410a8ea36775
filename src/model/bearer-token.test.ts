import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { bearerToken } from './bearer-token.ts'

test('a token is what its file holds, without white space around it', () => {
  const value = randomBytes(12).toString('base64url')
  const token = bearerToken('readonly-token', '/keys/x', `\n ${value}\r\n`)
  assert.equal(token.reveal(), value)
  assert.equal(`${token}`, '[secret readonly-token]')
})

const refused = [
  ['nothing', ' \n', /^\/keys\/x holds no token: it is empty$/],
  ['several lines', 'a-user-name\na-password', /one word/],
  ['several words', 'Bearer some-token-or-other', /one word/],
  ['bytes that are no text', 'token\u0000with-bytes', /one word/],
  ['letters that no header carries', 'tökentökentöken', /one word/],
] as const
for (const [what, text, message] of refused) {
  test(`${what} is no token, and nothing of it is quoted`, () => {
    assert.throws(
      () => bearerToken('readonly-token', '/keys/x', text),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'PARAM_INVALID')
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /password|some-token|with-bytes|tökent/)
        return true
      },
    )
  })
}
