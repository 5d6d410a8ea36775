import { accessSync, constants, readFileSync } from 'node:fs'
import path from 'node:path'
import { $ } from 'zx'
import { withServicesHeld } from './services-held.ts'
import { TOOLS } from './test-tools.ts'

/** Services that come with a package, which would run from the next start of the machine on. */
const SERVICES: Readonly<Record<string, string>> = { 'nginx-light': 'nginx.service' }

/**
 * Installs what is missing where that needs no question: as root on Debian. Elsewhere, and on failure, says what to do.
 *
 * @returns lines to show; none when everything is there
 */
export async function installMissingTools(): Promise<string[]> {
  const missing = TOOLS.filter(([program]) => !isOnPath(program))
  if (missing.length === 0) return []
  const packages = [...new Set(missing.map(([, name]) => name))]
  const names = missing.map(([program]) => program).join(', ')
  const byHand = `missing: ${names}; tests that need them are skipped; install: ${packages.join(' ')}`
  if (process.getuid?.() !== 0 || !isDebian() || !isOnPath('apt-get')) return [byHand]

  const options = ['-o', 'Acquire::http::Timeout=15', '-o', 'Acquire::Retries=1', '-o', 'DPkg::Lock::Timeout=60', '-qq']
  const quietly = $({
    quiet: true,
    nothrow: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  const update = await quietly`apt-get ${options} update`
  const installed = () => quietly`apt-get ${options} install -y --no-install-recommends ${packages}`
  const install = await withServicesHeld(installed).catch(({ message }: Error) => message)
  if (typeof install === 'string')
    return [`nothing was installed, since services could not be held: ${install}`, byHand]
  const services = packages.flatMap(name => SERVICES[name] ?? [])
  if (services.length > 0 && isOnPath('systemctl')) await quietly`systemctl --quiet disable ${services}`
  if (install.exitCode === 0) return [`installed ${packages.join(' ')}`]
  const why = (install.stderr.trim() || update.stderr.trim()).split('\n').at(-1)
  return [`apt-get could not install ${packages.join(' ')}: ${why}`, byHand]
}

/** Servers lie where not every PATH leads, and one that is there already is not ours to change. */
function isOnPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return folders.some(folder => folder !== '' && isExecutable(path.join(folder, program)))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isDebian(): boolean {
  try {
    return /^ID(_LIKE)?=.*\bdebian\b/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}
