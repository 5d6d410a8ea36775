import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { lookUpProgram } from '../find-program.ts'

/** A file system of a few bytes. @returns undefined, with the test skipped, where it cannot be mounted */
export function mountTmpfs(t: TestContext, size: string): string | undefined {
  const directory = mkdtempSync(path.join(tmpdir(), 'runproof-disk-'))
  const mounted =
    process.getuid?.() === 0 &&
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory]).status === 0
  t.after(() => {
    if (mounted) spawnSync('umount', ['--lazy', directory])
    rmdirSync(directory)
  })
  if (mounted) return directory
  t.skip('needs root to mount a tmpfs')
  return undefined
}

/**
 * Runs a module on a machine without these programs: hidden in a mount namespace, since they are looked for in fixed places.
 *
 * @param module - its text; `import`s by URL
 * @returns what it wrote, or undefined, with the test skipped, where nothing can be hidden
 */
export function runWithout(t: TestContext, programs: readonly string[], module: string): string | undefined {
  const found = programs.flatMap(name => lookUpProgram(name) ?? []).map(file => realpathSync(file))
  const hide =
    'for file do mount --bind /dev/null "$file" || exit 77; done; exec "$NODE" --input-type=module -e "$MODULE"'
  const ran = spawnSync('unshare', ['--mount', '--map-root-user', 'sh', '-c', hide, 'sh', ...found], {
    env: { PATH: process.env.PATH, NODE: process.execPath, MODULE: module },
    encoding: 'utf8',
  })
  if (ran.status === 0) return ran.stdout
  if (ran.status === 77 || ran.stderr.startsWith('unshare:')) {
    t.skip('needs a mount namespace to hide programs in')
    return undefined
  }
  throw new Error(`the module ended with ${ran.status}: ${ran.stderr}`)
}

/** Names of the processes this one has started and that still run; the dead that nobody waited for count too. */
export function livingChildren(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
        const [, program, , parent] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat) ?? []
        return Number(parent) === process.pid ? [program!] : []
      } catch {
        return []
      }
    })
}
