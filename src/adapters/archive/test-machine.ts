import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { findProgram } from './program.ts'

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

/** Leaves only these programs on PATH until the test ends. */
export function withOnly(t: TestContext, root: string, programs: readonly string[]): void {
  const bin = mkdtempSync(path.join(root, 'bin-'))
  for (const name of programs) {
    const found = findProgram(name)
    if (found !== undefined) symlinkSync(found, path.join(bin, name))
  }
  const before = process.env.PATH
  process.env.PATH = bin
  t.after(() => {
    process.env.PATH = before
  })
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
