import { join } from 'node:path'
import type { Json } from '../model/check.ts'
import type { StepContext } from '../model/runbook.ts'
import { Redactor } from '../scan/redact.ts'

/** Writes a document of the daemon's into the artifacts, without any secret that is known. */
export async function keepRedacted(context: StepContext, name: string, document: Json): Promise<void> {
  const known = context.knownSecrets().map(secret => ({ name: secret.name, value: secret.reveal() }))
  const text = new Redactor(known).redactText(`${JSON.stringify(document, null, 2)}\n`)
  await context.tools.files.write(join(context.run.artifactsDir, name), text)
}
