import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonAnswer, parseJson } from './json-answer.ts'

const answer = (text: string, contentType?: string, status = 200) => ({
  status,
  headers: contentType === undefined ? {} : { 'content-type': contentType },
  text,
})

test('gives the document', () => {
  assert.deepEqual(jsonAnswer('GET /x', answer('{"a":[1]}', 'application/json; charset=utf-8')), { a: [1] })
  assert.deepEqual(jsonAnswer('GET /x', answer('null')), null)
  assert.deepEqual(jsonAnswer('POST /x', answer('{}', 'application/json', 201), 201), {})
})

const refused = [
  ['another status', answer('{}', 'application/json', 503), /answered 503 \(application\/json\), not 200/],
  ['a page', answer('<html>secret</html>', 'text/html'), /a page \(text\/html\)/],
  ['a page that says it is JSON', answer('\n <!doctype html>', 'application/json'), /a page/],
  ['JSON that says it is a page', answer('{}', 'text/html; charset=utf-8'), /a page/],
  ['cut text', answer('{"secret":', 'application/json'), /no JSON, 10 characters/],
  ['nothing', answer(''), /no JSON, 0 characters/],
] as const
for (const [title, given, message] of refused) {
  test(`refuses ${title}, and quotes nothing of it`, () => {
    assert.throws(
      () => jsonAnswer('GET /x', given),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ANSWER_MALFORMED')
        assert.match(error.message, message)
        assert.doesNotMatch(`${error.message}${error.cause ?? ''}`, /secret/)
        return true
      },
    )
  })
}

test('says whose text is none', () => {
  assert.throws(() => parseJson('x', 'status printed'), { message: 'status printed no JSON, 1 characters' })
})

test('refuses what is nested so deeply that walking it would exhaust the stack, and counts no bracket in a text', () => {
  const nested = (levels: number) => `${'[{"a":'.repeat(levels)}"\\"[[["${'}]'.repeat(levels)}`
  assert.throws(() => parseJson(nested(1_000_000), 'it answered'), {
    code: 'ANSWER_MALFORMED',
    message: 'it answered JSON that is nested deeper than 500 levels, 8000007 characters',
  })
  assert.ok(parseJson(nested(100), 'it answered'))
  assert.ok(parseJson(JSON.stringify(['['.repeat(2_000), '\\"['.repeat(2_000)]), 'it answered'))
})
