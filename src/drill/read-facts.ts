import { dirname, join } from 'node:path'
import { RunproofError } from '../model/error.ts'
import type { StepContext } from '../model/runbook.ts'
import { FACTS_PAYLOAD_TYPE, type Facts, parseFacts } from './facts.ts'
import { SET } from './write-backup-set.ts'

/**
 * The baseline the operator gave, with its signature where there is one. Facts of an unknown signer are used and told;
 * facts whose signature does not hold are not.
 *
 * @throws RunproofError FACTS_INVALID
 */
export async function readFacts({ params, tools, run }: StepContext): Promise<Facts | undefined> {
  const path =
    params['facts'] ?? (params['backup-set'] === undefined ? undefined : join(params['backup-set'], SET.facts))
  if (path === undefined) return undefined
  const bytes = await tools.files.readBytes(path)
  const facts = parseFacts(parse(bytes, path))

  const envelopePath = join(dirname(path), SET.envelope)
  if ((await tools.files.facts(envelopePath)) === undefined) {
    if (params['facts-key'] !== undefined) {
      throw new RunproofError('FACTS_INVALID', `${envelopePath} is missing, so facts-key= has nothing to verify`, {
        hint: 'the signature lies beside the facts; bring it along, or leave facts-key out to use unsigned facts',
      })
    }
    run.assume(`the facts are true: ${path} is not signed`)
    return facts
  }
  const envelope = await tools.files.readText(envelopePath)
  const key = params['facts-key'] === undefined ? undefined : await tools.files.readText(params['facts-key'])
  if (tools.signer.holds(envelope, FACTS_PAYLOAD_TYPE, bytes, key)) {
    run.fact('facts.signed', true)
    return facts
  }
  if (key !== undefined || envelope.includes(tools.signer.keyId)) {
    throw new RunproofError('FACTS_INVALID', `the signature of ${path} does not hold`, {
      hint: 'the facts were changed after the backup; do not restore against them',
    })
  }
  run.assume(`the facts are true: ${path} was signed by a key that is not known here (facts-key=PEM)`)
  return facts
}

function parse(bytes: Uint8Array, path: string) {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new RunproofError('FACTS_INVALID', `${path} is not JSON`, { cause })
  }
}
