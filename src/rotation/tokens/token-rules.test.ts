import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Secret } from '../../model/secret.ts'
import { whyUnfit } from './token-rules.ts'

const ADMIN = 'the-admin-token-of-now'
const READONLY = 'the-readonly-token-of-now'

describe('a new token', () => {
  const cases: readonly (readonly [title: string, value: string, why: RegExp | undefined])[] = [
    ['fits', 'sixteen-or-more-characters', undefined],
    ['fits with exactly sixteen characters', 'x'.repeat(16), undefined],
    ['is too short', 'x'.repeat(15), /has 15 characters/],
    ['is too long', 'x'.repeat(4097), /has 4097 characters/],
    ['has a line break in it', 'first-line-of-it\nsecond-line', /a line break/],
    ['has a line break at its end', 'a-token-and-a-break\n', /a line break/],
    ['has a NUL', 'a-token-with\0a-nul-in-it', /a NUL/],
    ['has a blank', 'a token with blanks', /a blank/],
    ['has a tab', 'a-token-with\ta-tab-in-it', /a blank/],
    ['has a blank that does not look like one', 'a-token-with\u00a0in-it', /a blank/],
    ['has a character that no header carries', 'a-token-with-ü-in-it', /no header/],
    ['has a control character', 'a-token-with-\u007f-in-it', /no header/],
    ['is that of the other role', READONLY, /of the other role/],
    ['is the one of now', ADMIN, /that it is to replace/],
  ]
  for (const [title, value, why] of cases) {
    test(title, () => {
      const said = whyUnfit(new Secret('new', value), new Secret('now', ADMIN), new Secret('other', READONLY))
      if (why === undefined) assert.equal(said, undefined)
      else assert.match(said ?? 'it fits', why)
      assert.ok(said === undefined || !said.includes(value.slice(0, 8)))
    })
  }
})
