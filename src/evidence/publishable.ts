import type { Json } from '../model/check.ts'

/**
 * A copy that can be published: every text in it, member names also, has passed the redactor and is well-formed Unicode.
 *
 * Texts are redacted one by one and not as one JSON document: a value that looks like a number or like punctuation would tear
 * the document, and a value with quotes in it would not be found. A target may answer with lone surrogates, which have no
 * canonical form.
 *
 * @throws TypeError for what JSON can't say
 */
export function publishable<Value>(value: Value, redact: (text: string) => string): Value {
  return clean(JSON.parse(JSON.stringify(value)) as Json, redact) as Value
}

function clean(value: Json, redact: (text: string) => string): Json {
  if (typeof value === 'string') return redact(value.toWellFormed())
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(one => clean(one, redact))
  const members = Object.entries(value as Record<string, Json>)
  return Object.fromEntries(members.map(([name, member]) => [redact(name.toWellFormed()), clean(member, redact)]))
}
