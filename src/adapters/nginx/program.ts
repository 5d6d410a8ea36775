import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { NginxMissing, NginxProgram } from '../../model/nginx.ts'
import { lookUpProgram } from '../find-program.ts'
import { runCommand } from '../run-command.ts'

const ASK_WITHIN_MS = 5_000
/** The first that can be told where its first messages go, which are written before the configuration is read. */
const OLDEST = [1, 19, 5]

/** An nginx of this machine, with what its copies depend on. */
export interface MachineNginx extends NginxProgram {
  /** Whether a module is in it, for instance `http_uwsgi`. */
  builtWith(module: string): boolean
  /** The file of a module that can be loaded. */
  module(name: string): string | undefined
}

/** @param path - where to look, as in `PATH` */
export async function findNginx(path?: string): Promise<MachineNginx | NginxMissing> {
  const program = lookUpProgram('nginx', path)
  if (program === undefined) return { missing: 'this machine has no nginx' }
  const { stderr, exitCode } = await runCommand({ argv: [program, '-V'] }, { timeoutMs: ASK_WITHIN_MS })
  return exitCode === 0 ? readVersion(program, stderr) : { missing: `${program} -V fails` }
}

/** What `nginx -V` says. */
export function readVersion(program: string, text: string): MachineNginx | NginxMissing {
  const version = /^nginx version: [^/]+\/(\d+\.\d+\.\d+)/m.exec(text)?.[1]
  if (version === undefined) return { missing: `${program} -V names no version` }
  if (isOlder(version.split('.').map(Number), OLDEST)) {
    return {
      missing: `${program} is version ${version}; ${OLDEST.join('.')} is the first that can be kept to a directory`,
    }
  }
  const options = /^configure arguments: (.*)$/m.exec(text)?.[1] ?? ''
  const option = (name: string) => new RegExp(`(?:^| )--${name}(?: |$|=(\\S*))`).exec(options)
  const added = [...options.matchAll(/(?:^| )--with-(\w+?)_module(?= |$)/g)].map(match => match[1]!)
  const modulesPath = option('modules-path')?.[1] ?? join(option('prefix')?.[1] ?? '/usr/local/nginx', 'modules')
  return {
    path: program,
    version,
    modules: added,
    from: 'machine',
    builtWith: module => option(`without-${module}_module`) === null && !(module === 'http' && option('without-http')),
    module: name => {
      const file = join(modulesPath, basename(name))
      return existsSync(file) ? file : undefined
    },
  }
}

function isOlder(version: readonly number[], than: readonly number[]): boolean {
  const different = version.findIndex((part, index) => part !== than[index])
  return different !== -1 && version[different]! < than[different]!
}
