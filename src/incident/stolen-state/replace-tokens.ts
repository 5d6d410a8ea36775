import { randomSecret } from '../../daemon/random-secret.ts'
import { deployment } from '../../drill/backup-subjects.ts'
import { capture, keptCapture } from '../../model/capture.ts'
import { RunproofError, toRunproofError } from '../../model/error.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'

/** Token files of the control plane: what they held when they were stolen, and what they hold now. */
export interface ReplacedTokens {
  readonly files: readonly string[]
  readonly stolen: readonly Secret[]
  readonly replacements: readonly Secret[]
  /** The run broke off, and nobody has all that was stolen: no run keeps a token. */
  readonly lost: boolean
}
export const replacedTokens = capture<ReplacedTokens>(
  'replaced-tokens',
  'the tokens of the control plane, stolen and new',
)

/** Set right before the first file is replaced: a run that goes on knows then that files may have new tokens already. */
const replacingBegun = keptCapture<{ readonly at: string }>(
  'replacing-begun',
  'that the tokens were about to be replaced',
)
export const TOKEN_CAPTURES = [replacingBegun, replacedTokens]

/** Tokens that got out, by the secrets that give them to a run that goes on. */
export const STOLEN_TOKENS = ['stolen-admin', 'stolen-readonly'] as const

/**
 * Puts new tokens into the files, so that no daemon ever starts with the stolen ones again. One that cannot be replaced keeps nobody
 * from replacing the other.
 *
 * @throws RunproofError FILE_UNREADABLE naming those that still hold a stolen token
 */
export async function replaceTokenFiles(context: StepContext): Promise<void> {
  const { tools, values, run } = context
  const again = values.find(replacingBegun) !== undefined
  const lost = again && tellLost(context)
  if (!again) context.set(replacingBegun, { at: tools.clock.now().toISOString() })
  const files = filesOf(context)
  const stolen: Secret[] = [...givenAsStolen(context)]
  const replaced: string[] = []
  const replacements: Secret[] = []
  const left: string[] = []
  for (const [index, file] of files.entries()) {
    try {
      const old = await tools.files.readSecret(file, `stolen-token-${index}`)
      const next = randomSecret(`new-token-${index}`)
      for (const secret of [old, next]) context.protect(secret)
      await tools.replaceFile.replace(file, next, 'rename')
      if (!stolen.some(one => one.reveal() === old.reveal())) stolen.push(old)
      replacements.push(next)
      replaced.push(file)
    } catch (thrown) {
      if (context.signal.aborted) throw thrown
      left.push(`${file} still holds the stolen token: ${toRunproofError(thrown).message}`)
    }
  }
  context.set(replacedTokens, { files: replaced, stolen, replacements, lost })
  run.fact('rotated.tokenFiles', replaced.length)
  if (left.length > 0)
    throw new RunproofError('FILE_UNREADABLE', left.join('; '), {
      hint: 'replace it by hand, before any daemon starts',
    })
}

/** After a break: the files have new tokens already, which somebody may have been given by now. They stay. */
export async function tokensAfterBreak(context: StepContext): Promise<void> {
  const files = filesOf(context)
  const read = files.map((file, index) => context.tools.files.readSecret(file, `new-token-${index}`))
  const replacements = await Promise.all(read)
  for (const secret of replacements) context.protect(secret)
  const stolen = givenAsStolen(context)
  const again = stolen.find(one => replacements.some(now => now.reveal() === one.reveal()))
  if (again !== undefined)
    throw new RunproofError('PARAM_INVALID', `--secret ${again.name}= is a token that a file holds now`, {
      hint: 'give the one that was stolen, or leave it out: then it is told that nobody showed it',
    })
  context.set(replacedTokens, { files, stolen, replacements, lost: tellLost(context) })
}

function filesOf({ values }: StepContext): readonly string[] {
  const { adminTokenFile, readonlyTokenFile } = values.get(deployment)
  return [adminTokenFile, readonlyTokenFile].filter(file => file !== undefined)
}

function givenAsStolen({ secrets, protect }: StepContext): readonly Secret[] {
  const given = STOLEN_TOKENS.flatMap(name => secrets[name] ?? [])
  for (const secret of given) protect(secret)
  return given
}

/** @returns whether one of the stolen tokens is known to nobody */
function tellLost({ run, secrets }: StepContext): boolean {
  const missing = STOLEN_TOKENS.filter(name => secrets[name] === undefined)
  for (const name of missing)
    run.notTested(
      `whether the ${name.replace('-', ' ')} token is refused: the run broke off after the files were to be replaced, and no run keeps a token; --secret ${name}=file:PATH shows it`,
    )
  for (const name of STOLEN_TOKENS)
    if (secrets[name] !== undefined) run.assume(`that --secret ${name}= is what was stolen: no run keeps a token`)
  return missing.length > 0
}
