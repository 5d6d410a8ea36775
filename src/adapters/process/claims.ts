import type { Claims } from '../../model/claims.ts'
import type { Files } from '../../model/files.ts'
import type { Lease } from './lease.ts'
import { directoryIdentity } from './made-directory.ts'

export function claimsIn(
  lease: Pick<Lease, 'addMade' | 'dropMade' | 'scratchDir'>,
  files: Pick<Files, 'facts' | 'makeDirectory'>,
): Claims {
  return {
    async makeDirectory(path) {
      const existed = (await files.facts(path)) !== undefined
      await files.makeDirectory(path)
      const made = directoryIdentity(path)
      if (!existed && made !== undefined && !path.startsWith(`${lease.scratchDir}/`)) lease.addMade(made)
    },
    handOver: path => lease.dropMade(path),
  }
}
