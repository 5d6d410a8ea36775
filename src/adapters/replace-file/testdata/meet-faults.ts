/**
 * Meets what is wrong with a place, as far as this process may make it so: with `mounts` in a mount namespace of its own, else as
 * the user that it runs as. Prints one JSON object: by case, what the replacement said and what the file held then.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toRunproofError } from '../../../model/error.ts'
import type { ReplaceStyle } from '../../../model/replace-file.ts'
import { Secret } from '../../../model/secret.ts'
import { replaceFile } from '../replace-file.ts'

const [kind, root] = process.argv.slice(2) as ['mounts' | 'user', string]
const NEXT = new Secret('token', 'the-new-token-of-the-file')
const said: Record<string, unknown> = {}

async function meet(name: string, path: string, style: ReplaceStyle, content = NEXT): Promise<void> {
  const rehearsed = await outcomeOf(replaceFile.rehearse(path, style))
  const outcome = await outcomeOf(replaceFile.replace(path, content, style))
  const held = readFileSync(path, 'utf8')
  const names = readdirSync(join(path, '..')).filter(name => name.includes('.runproof-'))
  said[name] = { ...outcome, rehearsed, held: held.length > 100 ? held.slice(0, 9) : held, names }
}

function outcomeOf(work: Promise<unknown>): Promise<object> {
  return work.then(
    () => ({ done: true }),
    thrown => {
      const { code, message, hint } = toRunproofError(thrown)
      return { code, message, hint }
    },
  )
}

const run = (...argv: readonly [string, ...string[]]) => execFileSync(argv[0], argv.slice(1), { stdio: 'pipe' })
function place(name: string): string {
  mkdirSync(join(root, name))
  const path = join(root, name, 'token')
  writeFileSync(path, 'the-old-token')
  return path
}

if (kind === 'mounts') {
  const mounted = place('mounted')
  run('mount', '--bind', mounted, mounted)
  await meet('mounted', mounted, 'rename')
  await meet('mounted in place', mounted, 'in-place')

  const readOnly = place('read-only')
  run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', join(readOnly, '..'))
  writeFileSync(readOnly, 'the-old-token')
  run('mount', '-o', 'remount,ro', join(readOnly, '..'))
  await meet('read-only', readOnly, 'rename')
  await meet('read-only in place', readOnly, 'in-place')

  const full = place('full')
  run('mount', '-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', join(full, '..'))
  writeFileSync(full, 'the-old-token')
  try {
    writeFileSync(join(full, '..', 'filler'), Buffer.alloc(64 * 1024))
  } catch {
    // It is full now.
  }
  await meet('full', full, 'rename')
  await meet('full in place', full, 'in-place', new Secret('token', 'a-long-token-'.repeat(1000)))
} else {
  for (const name of ['directory-of-others', 'file-of-others'])
    for (const style of ['rename', 'in-place'] as const)
      await meet(`${name} ${style}`, join(root, name, 'token'), style)
}
process.stdout.write(JSON.stringify(said))
