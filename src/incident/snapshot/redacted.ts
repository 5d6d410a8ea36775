import { join } from 'node:path'
import type { Json } from '../../model/check.ts'
import { parseJson } from '../../model/json-answer.ts'
import type { StepContext } from '../../model/runbook.ts'
import { Redactor } from '../../scan/redact.ts'

/** Writes a document of the daemon's into the artifacts, without any secret that is known. */
export async function keepRedacted(context: StepContext, name: string, document: Json): Promise<void> {
  const known = context.knownSecrets().map(secret => ({ name: secret.name, value: secret.reveal() }))
  const text = new Redactor(known).redactText(`${JSON.stringify(document, null, 2)}\n`)
  await context.tools.files.write(join(context.run.artifactsDir, name), text)
}

/** Members whose values are sent along by hooks and connectors: their names tell enough. */
const SENT_ALONG = /^(headers|env|environment)$/i

/**
 * A document of the daemon's without what its hooks send along, which nobody here can know to be a secret. What is no document is
 * evidence as it is.
 *
 * @throws RunproofError ANSWER_MALFORMED for what begins as a document and cannot be read as one
 */
export function withoutSentAlong(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text
  return JSON.stringify(strip(parseJson(text, 'what hooks send along could not be taken out of it:')), null, 2)
}

function strip(value: Json): Json {
  if (Array.isArray(value)) return value.map(strip)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, SENT_ALONG.test(name) ? namesOf(member!) : strip(member!)]),
  )
}

function namesOf(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '[left out]'
  return Object.fromEntries(Object.keys(value).map(name => [name, '[left out]']))
}
