import { files } from '../../adapters/files.ts'
import { existingSigner } from '../../evidence/signing-key.ts'
import type { Places } from '../places.ts'
import { gibibytes, nearest, takesDirectories } from '../room.ts'
import { ask, type Finding, missing, ok } from './finding.ts'

/** Evidence with two snapshots and its reports, and what a restored backup needs besides. */
const NEEDED_BYTES = { evidence: 512 * 1024 ** 2, scratch: 1024 ** 3 } as const

/** The key that evidence is signed with. One that is made in the incident is known to nobody. */
export function signingKey(stateDir: string): Promise<Finding> {
  return ask('signing key', async () => {
    const signer = await existingSigner(stateDir, files)
    return signer === undefined
      ? missing(
          'signing key',
          `none in ${stateDir}; a run would make one that nobody knows yet`,
          'runproof run restore-drill',
        )
      : ok('signing key', signer.keyId)
  })
}

export function evidencePlace({ reportsDir }: Places, neededBytes: number = NEEDED_BYTES.evidence): Promise<Finding> {
  return room('evidence', reportsDir, neededBytes, '--reports DIR or RUNPROOF_REPORTS=DIR names another place')
}

export function scratchPlace({ workDir }: Places): Promise<Finding> {
  return room('scratch', workDir, NEEDED_BYTES.scratch, '--work DIR or RUNPROOF_WORK=DIR names another place')
}

function room(what: string, path: string, neededBytes: number, help: string): Promise<Finding> {
  return ask(what, async () => {
    const existing = await nearest(path)
    if (!(await takesDirectories(existing))) return missing(what, `nothing can be made in ${existing}`, help)
    const free = await files.freeBytes(existing)
    const detail = `${path} (${gibibytes(free)} free)`
    return free < neededBytes
      ? missing(what, `${detail}, ${gibibytes(neededBytes)} are needed`, help)
      : ok(what, detail)
  })
}
