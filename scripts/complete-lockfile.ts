interface LockedPackage {
  readonly version?: string
  readonly dev?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly [member: string]: unknown
}

interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

/**
 * The lockfile with an entry for every optional package of another platform.
 *
 * npm leaves out those its registry does not offer to the machine that writes the file, and `npm ci` then refuses it
 * everywhere ("Missing: … from lock file", seen with npm 11.19). An entry that names a platform is enough: it is skipped
 * on all others. It has no digest, since nothing was there to digest.
 *
 * @throws Error for an optional package whose name tells no platform
 */
export function completeLockfile(text: string): string {
  const lock: Lockfile = JSON.parse(text)
  const packages: Record<string, LockedPackage> = { ...lock.packages }
  for (const [place, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      if (`node_modules/${name}` in packages || `${place}/node_modules/${name}` in packages) continue
      packages[`node_modules/${name}`] = {
        version,
        ...(parent.dev ? { dev: true } : {}),
        optional: true,
        ...platform(name),
      }
    }
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, undefined, 2)}\n`
}

function platform(name: string): { cpu: string[]; libc?: string[]; os: string[] } {
  const os = /(?<=-)(?:aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)(?=-)/.exec(name)?.[0]
  const cpu = /(?<=-)(?:arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?=-|$)/.exec(name)?.[0]
  if (os === undefined || cpu === undefined)
    throw new Error(`${name}: its name tells no platform; add it to the lockfile by hand`)
  // Without it a glibc machine of the same processor would go and fetch the musl one.
  const libc = /musl/.test(name) ? ['musl'] : /gnu/.test(name) ? ['glibc'] : undefined
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc }), os: [os] }
}
