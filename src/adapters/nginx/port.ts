import { RunproofError } from '../../model/error.ts'
import type { NginxMissing, NginxPort } from '../../model/nginx.ts'
import type { ContainerNginx } from './container.ts'
import { writePrefix } from './prefix.ts'
import { findNginx, type MachineNginx } from './program.ts'
import { type Ground, startCopy, testCopy } from './run.ts'

interface Sources {
  readonly machine?: () => Promise<MachineNginx | NginxMissing>
  /** Of a container engine, used where the machine has none. Default: none. */
  readonly image?: string | undefined
}

type Found = { readonly program: MachineNginx } | ContainerNginx | NginxMissing

/** The nginx of this machine, else one in a container; found out once. */
export function createNginxPort(ground: Ground, { machine = findNginx, image }: Sources = {}): NginxPort {
  let looking: Promise<Found> | undefined
  const look = async (): Promise<Found> => {
    const program = await machine()
    if (!('missing' in program)) return { program }
    if (image === undefined) return program
    const { findContainerNginx } = await import('./container.ts')
    return findContainerNginx(image)
  }
  const known = () => {
    looking ??= look()
    return looking
  }
  const needed = async () => {
    const found = await known()
    if ('program' in found) return found
    throw new RunproofError('TOOL_MISSING', found.missing, {
      hint: 'install nginx; on Debian: apt-get install nginx-light',
    })
  }
  return {
    async find() {
      const found = await known()
      return 'program' in found ? found.program : found
    },

    async test(source, options) {
      const found = await known()
      if ('missing' in found) return { outcome: 'missing', reason: found.missing }
      if (!('engine' in found)) return testCopy(ground, found.program, source, options)
      const { testInContainer } = await import('./container.ts')
      return testInContainer(ground, found, source, options)
    },

    async prepare(source, options) {
      const found = await needed()
      if (!('engine' in found)) return writePrefix(found.program, source, options)
      throw new RunproofError('TOOL_MISSING', 'an nginx in a container cannot run beside a daemon behind its barrier', {
        hint: 'install nginx; on Debian: apt-get install nginx-light',
      })
    },

    async start(source, options) {
      const found = await needed()
      if (!('engine' in found)) return startCopy(ground, found.program, source, options)
      const { startInContainer } = await import('./container.ts')
      return startInContainer(ground, found, source, options)
    },
  }
}
