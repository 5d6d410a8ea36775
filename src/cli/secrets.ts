import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { files } from '../adapters/files.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import { Secret } from '../model/secret.ts'

/**
 * Resolves `name=source` references. Values come from the environment, a file, the session's keyring, standard input or a
 * generator, never from the command line.
 *
 * @throws RunproofError USAGE for a name the runbook does not know or a source of unknown form; SECRET_MISSING;
 *   SECRET_TOO_SHORT; SECRET_UNREADABLE or TIMEOUT where a keyring can't be read
 */
export async function readSecrets(
  references: Readonly<Record<string, string>>,
  known: readonly string[],
  env: NodeJS.ProcessEnv,
  stdin: Readable,
): Promise<Readonly<Record<string, Secret>>> {
  if (Object.values(references).filter(source => source === 'stdin').length > 1) {
    throw new RunproofError('USAGE', '--secret: only one value can come from stdin')
  }
  const secrets: Record<string, Secret> = {}
  for (const [name, source] of Object.entries(references)) {
    if (!known.includes(name)) {
      // Not repeated: a value that holds a `=` looks like a name.
      throw new RunproofError(
        'USAGE',
        `--secret: unknown name; this runbook takes ${known.length === 0 ? 'no secrets' : known.join(', ')}`,
        { hint: '--secret NAME=env:VAR' },
      )
    }
    secrets[name] = new Secret(name, await read(name, source, env, stdin), { generated: source === 'generate' })
  }
  return secrets
}

async function read(name: string, source: string, env: NodeJS.ProcessEnv, stdin: Readable): Promise<string> {
  if (source === 'generate') return randomBytes(32).toString('base64url')
  if (source === 'stdin') return trimNewline(await text(stdin))
  if (source.startsWith('file:')) return trimNewline(await readFile(name, source.slice('file:'.length)))
  if (source.startsWith('env:')) {
    const value = env[source.slice('env:'.length)]
    if (value === undefined)
      throw new RunproofError('SECRET_MISSING', `--secret ${name}=${source}: that variable is not set`)
    return value
  }
  if (/^keyring:./.test(source)) {
    const { readKeyring } = await import('../adapters/keyring.ts')
    return trimNewline(await readKeyring(source.slice('keyring:'.length), env))
  }
  // The text is not repeated: it may be the value itself.
  throw new RunproofError(
    'USAGE',
    `--secret ${name}: the source must be env:VAR, file:PATH, keyring:NAME, stdin or generate`,
    {
      hint: 'a value on the command line can be read by every user of this machine',
    },
  )
}

async function readFile(name: string, path: string): Promise<string> {
  try {
    return await files.readText(path, 1 << 20)
  } catch (cause) {
    const { code, message, hint } = toRunproofError(cause)
    throw new RunproofError(code, `--secret ${name}: ${message}; nothing was started`, {
      ...(hint === undefined ? {} : { hint }),
      cause,
    })
  }
}

function trimNewline(value: string): string {
  return value.replace(/\r?\n$/, '')
}
