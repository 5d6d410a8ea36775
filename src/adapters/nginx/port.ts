import { RunproofError } from '../../model/error.ts'
import type { NginxMissing, NginxPort } from '../../model/nginx.ts'
import { writePrefix } from './prefix.ts'
import { findNginx, type MachineNginx } from './program.ts'
import { type Ground, startCopy, testCopy } from './run.ts'

/** The nginx of this machine, found out once. */
export function createNginxPort(
  ground: Ground,
  find: () => Promise<MachineNginx | NginxMissing> = findNginx,
): NginxPort {
  let found: Promise<MachineNginx | NginxMissing> | undefined
  const known = () => {
    found ??= find()
    return found
  }
  const needed = async () => {
    const program = await known()
    if (!('missing' in program)) return program
    throw new RunproofError('TOOL_MISSING', program.missing, {
      hint: 'install nginx; on Debian: apt-get install nginx-light',
    })
  }
  return {
    find: known,
    async test(source, options) {
      const program = await known()
      if ('missing' in program) return { outcome: 'missing', reason: program.missing }
      return testCopy(ground, program, source, options)
    },
    prepare: async (source, options) => writePrefix(await needed(), source, options),
    start: async (source, options) => startCopy(ground, await needed(), source, options),
  }
}
