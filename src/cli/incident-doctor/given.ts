import { generateKeyPairSync } from 'node:crypto'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { files } from '../../adapters/files.ts'
import { lookUpProgram } from '../../adapters/find-program.ts'
import { readOrdinaryFile } from '../../adapters/ordinary-file.ts'
import { commands } from '../../adapters/run-command.ts'
import { signerOf } from '../../evidence/envelope.ts'
import { existingSigner } from '../../evidence/signing-key.ts'
import { readBaseline } from '../../incident/sweep/baseline.ts'
import { bearerToken } from '../../model/bearer-token.ts'
import type { CheckContext } from '../../model/check.ts'
import { RunproofError } from '../../model/error.ts'
import type { Params } from '../../model/runbook.ts'
import type { Target } from '../../model/target.ts'
import { ask, type Finding, missing, ok } from './finding.ts'

const LARGEST_TOKEN_BYTES = 64 * 1024
const ASK_MS = 10_000

/** The client of the target: that it is there, and that it starts. No daemon is asked. */
export function clientBinary({ bundledBinary, title }: Target, params: Params): Promise<Finding> {
  return ask('client', async () => {
    const named = params['binary'] ?? bundledBinary
    if (named === undefined)
      return missing(
        'client',
        `nothing says where the program of ${title} is: without it only contain-leaked-admin-token can be run, and diagnoses nothing`,
        '--param binary=/usr/local/bin/PROGRAM',
      )
    const found = lookUpProgram(named)
    if (found === undefined) return missing('client', `${named} is not an executable file`, `ls -l ${named}`)
    const { exitCode, stdout } = await commands.run({ argv: [found, '--version'] }, { timeoutMs: ASK_MS })
    if (exitCode !== 0)
      return missing('client', `${found} --version ended with ${exitCode ?? 'a signal'}`, `${found} --version`)
    return ok('client', `${found} ${stdout.split('\n')[0]?.slice(0, 80)}`.trim())
  })
}

/** Every file that a parameter names: that it can be read, and of a token that nobody else can, and that it holds one. */
export async function namedFiles(params: Params): Promise<readonly Finding[]> {
  const named = Object.entries(params).flatMap(([name, file]) =>
    file !== undefined && /(?:^|-)(?:file|key)$/.test(name) ? [{ name, file }] : [],
  )
  const tokens = named.filter(({ name }) => name.endsWith('token-file'))
  return Promise.all([
    ...tokens.map(({ name, file }) => ask(name, () => tokenFile(name, file))),
    ...named.filter(one => !tokens.includes(one)).map(({ name, file }) => ask(name, () => readable(name, file))),
    ...(tokens.length > 1 ? [ask('roles', () => rolesApart(tokens))] : []),
    ...(params['state-root'] === undefined ? [] : [ask('state-root', () => stateRoot(params['state-root']!))]),
  ])
}

async function readable(name: string, file: string): Promise<Finding> {
  await access(file, constants.R_OK).catch(() => refuse(`${file} can't be read by this user`, `ls -l ${file}`))
  return ok(name, file)
}

async function tokenFile(name: string, file: string): Promise<Finding> {
  tokenIn(name, file)
  // The file itself: a link to it says nothing, as with secrets that are mounted by another file's name.
  const facts = await files.facts(await files.realPath(file))
  const mode = facts?.mode ?? 0
  if ((mode & 0o077) !== 0)
    return missing(name, `others can read ${file} (mode ${mode.toString(8)})`, `chmod 600 ${file}`)
  return ok(name, file)
}

function tokenIn(name: string, file: string): string {
  const limits = { maxBytes: LARGEST_TOKEN_BYTES, limit: `at most ${LARGEST_TOKEN_BYTES} are read of a token` }
  return bearerToken(name, file, Buffer.from(readOrdinaryFile(file, limits)).toString('utf8')).reveal()
}

/** A daemon that is given the same token for both roles refuses both. */
async function rolesApart(tokens: readonly { readonly name: string; readonly file: string }[]): Promise<Finding> {
  const values = new Set(tokens.map(({ name, file }) => tokenIn(name, file)))
  const names = tokens.map(({ name }) => name).join(', ')
  return values.size === tokens.length
    ? ok('roles', `${names} differ`)
    : missing('roles', `two of ${names} hold the same token`, 'write a token of its own into each of them')
}

async function stateRoot(path: string): Promise<Finding> {
  if ((await files.facts(path))?.type !== 'directory')
    return missing('state-root', `${path} is no directory`, `ls -ld ${path}`)
  await access(path, constants.R_OK | constants.X_OK).catch(() =>
    refuse(`${path} can't be read by this user`, `ls -ld ${path}; run as the daemon's user`),
  )
  return ok('state-root', path)
}

/** The sources of secrets. No value is shown or kept, and nothing is read from standard input. */
export function secretSources(
  sources: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Promise<readonly Finding[]> {
  return Promise.all(
    Object.entries(sources).map(([name, source]) => ask(`secret ${name}`, () => secretSource(name, source, env))),
  )
}

async function secretSource(name: string, source: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const what = `secret ${name}`
  if (source === 'generate') return ok(what, 'made in the run')
  if (source === 'stdin') return ok(what, 'from standard input, which is not looked at')
  if (source.startsWith('env:')) {
    const variable = source.slice('env:'.length)
    return env[variable]
      ? ok(what, source)
      : missing(what, `${variable} is not set`, `export ${variable}, without its value in the history`)
  }
  if (source.startsWith('file:')) {
    const file = source.slice('file:'.length)
    await readable(what, file)
    const { mode = 0 } = (await files.facts(await files.realPath(file))) ?? {}
    return (mode & 0o077) === 0
      ? ok(what, source)
      : missing(what, `others can read ${file} (mode ${mode.toString(8)})`, `chmod 600 ${file}`)
  }
  if (/^keyring:./.test(source)) {
    const { readKeyring } = await import('../../adapters/keyring.ts')
    await readKeyring(source.slice('keyring:'.length), env, ASK_MS)
    return ok(what, source)
  }
  // Not repeated: it may be the value itself.
  throw new RunproofError('USAGE', 'its source is none of env:VAR, file:PATH, keyring:NAME, stdin and generate', {
    hint: `--secret ${name}=env:VAR`,
  })
}

/** What lasted in the daemon before, which a search for persistence is held against. */
export function baseline(params: Params, target: Target, stateDir: string): Promise<Finding> {
  const directory = params['baseline']!
  return ask('baseline', async () => {
    const signer = (await existingSigner(stateDir, files)) ?? signerOf(generateKeyPairSync('ed25519').privateKey)
    const context = { tools: { files, signer }, target } as unknown as CheckContext
    const { signer: by, takenAtMs, kinds, from } = await readBaseline(context, directory, params['baseline-key'])
    if (by !== 'trusted')
      return missing(
        'baseline',
        by === 'none' ? `${from} is not signed` : `${from} is signed by a key that this machine does not know`,
        '--param baseline-key=PEM names the public key of the machine that made it',
      )
    if (kinds.length === 0) return missing('baseline', `${from} knows of nothing that lasts`, 'runproof run backup')
    return ok('baseline', `${from}, of ${new Date(takenAtMs).toISOString()}: ${kinds.join(', ')}`)
  })
}

function refuse(message: string, hint: string): never {
  throw new RunproofError('FILE_UNREADABLE', message, { hint })
}
