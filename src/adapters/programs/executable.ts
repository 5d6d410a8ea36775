import { createHash } from 'node:crypto'
import { closeSync, createReadStream, lstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { RunproofError } from '../../model/error.ts'
import { lookUpProgram, SYSTEM_PATH } from '../find-program.ts'

/** The first line of a script is read by the kernel up to here. @see execve(2) */
const HEAD_BYTES = 256

export interface Executable {
  /** Absolute, as it was named: programs tell by it which of several they are. */
  readonly named: string
  /** Links followed. */
  readonly real: string
  readonly sha256: string
  /** What runs it, with its first argument; null for a native program, empty for text without a first line that says. */
  readonly script: readonly string[] | null
  /**
   * What its answers may be kept under. Its name is part of it: one file may be many programs (busybox, rustup). Null for a
   * script, since what is behind it changes without it.
   */
  readonly cacheKey: string | null
}

/**
 * A program that could be run, by path or by its name among the system's programs.
 *
 * @throws RunproofError TOOL_MISSING when there is no such file, it is none, or may not be executed; COMMAND_FAILED when it
 *   is not for this machine; FILE_UNREADABLE when its digest cannot be taken
 */
export async function findExecutable(path: string, cwd = process.cwd()): Promise<Executable> {
  const named = lookUpProgram(path, SYSTEM_PATH, cwd)
  if (named === undefined) throw new RunproofError('TOOL_MISSING', whyNot(path), { hint: `try: ls -lL ${path}` })
  const real = realpathSync(named)
  try {
    const head = headOf(real)
    const script = readScript(head)
    if (script === null) refuseForeign(real, head)
    else refuseOrphan(real, script)
    const hash = createHash('sha256')
    await pipeline(createReadStream(real), hash)
    const sha256 = hash.digest('hex')
    const cacheKey =
      script === null
        ? createHash('sha256')
            .update(`${sha256} ${basename(named)}`)
            .digest('hex')
        : null
    return { named, real, sha256, script, cacheKey }
  } catch (error) {
    if (error instanceof RunproofError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new RunproofError('FILE_UNREADABLE', `${real} cannot be read (${code}), so nobody could say what was asked`, {
      hint: `try: ls -l ${real}`,
      cause: error,
    })
  }
}

function whyNot(path: string): string {
  if (!path.includes('/')) return `program ${path} is not in ${SYSTEM_PATH}`
  const itself = lstatSync(path, { throwIfNoEntry: false })
  const followed = statSync(path, { throwIfNoEntry: false })
  if (itself === undefined) return `${path} does not exist`
  if (followed === undefined) return `${path} is a link to nothing`
  if (followed.isDirectory()) return `${path} is a directory, no program`
  return followed.isFile() ? `${path} may not be executed` : `${path} is not a regular file`
}

function headOf(path: string): Buffer {
  const descriptor = openSync(path, 'r')
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    return head.subarray(0, readSync(descriptor, head, 0, HEAD_BYTES, 0))
  } finally {
    closeSync(descriptor)
  }
}

/** Null when it is no text. Text without `#!` is run by `sh`, as a shell would. */
function readScript(head: Buffer): string[] | null {
  if (head.includes(0)) return null
  const [first = ''] = head.toString('latin1').split('\n', 1)
  if (!first.startsWith('#!')) return []
  // The kernel passes the rest as one argument; `env -S` takes it apart, and is what such a line is written for.
  return first.slice(2).trim().split(/\s+/)
}

function refuseOrphan(path: string, [runner]: readonly string[]): void {
  if (runner === undefined || statSync(runner, { throwIfNoEntry: false })?.isFile()) return
  throw new RunproofError('COMMAND_FAILED', `${path} is a script for ${runner}, which is not there`, {
    hint: `try: head -n 1 ${path}`,
  })
}

const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46])
/** `e_machine`; the second of each is what its 64-bit kernel may run as well. @see elf(5) */
const MACHINES: Partial<Record<NodeJS.Architecture, readonly number[]>> = { x64: [62, 3], arm64: [183, 40] }

/** execvp(3), which starts programs here and elsewhere, has `sh` run whatever the kernel refuses. */
function refuseForeign(path: string, head: Buffer): void {
  const isElf = head.subarray(0, 4).equals(ELF) && head.length >= 20
  const machine = isElf ? (head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18)) : undefined
  const runs = MACHINES[process.arch]
  if (machine !== undefined && (runs === undefined || runs.includes(machine))) return
  const what = machine === undefined ? 'neither a program nor a script' : `built for another machine (ELF ${machine})`
  throw new RunproofError('COMMAND_FAILED', `${path} is ${what}, so it cannot be asked`, { hint: `try: file ${path}` })
}
