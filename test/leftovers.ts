import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Processes that name the path in their arguments, their environment or their mounts. */
export function processesNaming(path: string): string[] {
  return readdirSync('/proc').flatMap(pid => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    const words = read(pid, 'cmdline').replaceAll('\0', ' ').trim()
    // A zombie has neither words nor mounts: it ended, and only waits to be read.
    const named =
      [words, read(pid, 'environ')].some(text => text.includes(path)) ||
      // Below it: a file system that a test mounted there is seen by every namespace made meanwhile, whoever made it.
      foreignMounts(pid).includes(`${path}/`)
    return named ? [`${pid} ${words}`] : []
  })
}

/** What of a run can still be seen, once nothing more is under way: processes, mounts, and files in its work directory. */
export async function leftovers(workDir: string, deadlineMs = 3_000): Promise<string[]> {
  const processes = await untilEmpty(() => processesNaming(workDir), deadlineMs)
  const mounts = read('self', 'mountinfo')
    .split('\n')
    .filter(line => line.includes(workDir))
  const files = existsSync(workDir) ? readdirSync(workDir).map(name => join(workDir, name)) : []
  return [...processes, ...mounts, ...files]
}

/** The kernel ends what is bound to a killed process in its own time. */
export async function untilEmpty(look: () => string[], deadlineMs: number): Promise<string[]> {
  const deadline = performance.now() + deadlineMs
  for (;;) {
    const found = look()
    if (found.length === 0 || performance.now() > deadline) return found
    await sleep(20)
  }
}

function foreignMounts(pid: string): string {
  const mounts = read(pid, 'mountinfo')
  return mounts === read('self', 'mountinfo') ? '' : mounts
}

function read(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}
