import { daemon } from '../../daemon/subjects.ts'
import { toRunproofError } from '../../model/error.ts'
import type { StepContext } from '../../model/runbook.ts'
import type { Secret } from '../../model/secret.ts'
import { type Exchange, swapBegun } from './subjects.ts'

const TOKENS = { admin: 'admin token', readonly: 'read-only token' } as const

/**
 * Where each secret is after a rotation that broke down: read from the files as they are now, and not from how far the rotation
 * thinks that it came.
 *
 * @param replacedAt - when the file was replaced, as far as is known
 */
export async function tellState(
  context: StepContext,
  exchange: Exchange,
  replacedAt: string | undefined,
): Promise<void> {
  const { role, file, from, to, other } = exchange
  const { params, run, values } = context
  const token = TOKENS[role]
  const held = await heldIn(context, file)
  const isOld = !(held instanceof Error) && held !== undefined && held.reveal() === from?.reveal()
  if (!(held instanceof Error) && held?.reveal() === to.reveal())
    run.assume(
      `${file} holds the new ${token}${replacedAt === undefined ? '' : ` since ${replacedAt}`}, and the old one is stored nowhere`,
    )
  else if (isOld) run.assume(`${file} holds the old ${token}; the new one is in no file of the daemon`)
  else run.assume(`${file} holds neither the old ${token} nor the new one: ${whatElse(held)}`)

  const { adminTokenFile, readonlyTokenFile } = values.get(daemon)
  const otherFile = role === 'admin' ? readonlyTokenFile! : adminTokenFile!
  const otherToken = TOKENS[role === 'admin' ? 'readonly' : 'admin']
  const beside = await heldIn(context, otherFile)
  run.assume(
    !(beside instanceof Error) && beside?.reveal() === other.reveal()
      ? `${otherFile} holds the ${otherToken} that it held before: nothing was written to it`
      : `${otherFile} no longer holds the ${otherToken} of before, and this run has not written to it: ${whatElse(beside)}`,
  )
  // Of a file that was written in place and written back, readers may have seen more.
  const neverOther = isOld && (values.find(swapBegun) === undefined || params['style'] !== 'in-place')
  run.assume(
    neverOther
      ? `the daemon goes by the old ${token}, as before: it was given no other to read`
      : `which ${token} the daemon goes by has to be asked, with the one in ${file}: this run ended before it was sure`,
  )
}

/** What it holds, undefined for nothing that could be a secret, or why it could not be read. */
async function heldIn({ tools }: StepContext, file: string): Promise<Secret | Error | undefined> {
  try {
    return await tools.files.readSecret(file, 'held-now')
  } catch (thrown) {
    const error = toRunproofError(thrown)
    return error.code === 'SECRET_TOO_SHORT' ? undefined : error
  }
}

function whatElse(held: Secret | Error | undefined): string {
  if (held instanceof Error) return `it could not be read (${toRunproofError(held).code})`
  return held === undefined ? 'it is empty, or too short for a secret' : 'somebody else has written it'
}
