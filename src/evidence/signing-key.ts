import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RunproofError } from '../model/error.ts'
import type { Files } from '../model/files.ts'
import type { Signer } from '../model/signer.ts'
import { errnoOf, fileError } from '../model/system-error.ts'
import { keyIdOf, signerOf } from './envelope.ts'

/**
 * The machine's Ed25519 signing key, made on first use in the user's state directory, 0600.
 *
 * @throws RunproofError KEY_UNUSABLE when the file is readable by others, or is no Ed25519 key; FILE_UNREADABLE, DISK_FULL
 *   when it can't be made
 */
export async function machineSigner(stateDir: string, files: Files): Promise<Signer> {
  const path = keyPath(stateDir)
  if ((await files.facts(path)) === undefined) await create(stateDir, path)
  return readSigner(path, files)
}

/** The same key where there is one; looking at evidence makes no key. */
export async function existingSigner(stateDir: string, files: Files): Promise<Signer | undefined> {
  const path = keyPath(stateDir)
  return (await files.facts(path)) === undefined ? undefined : readSigner(path, files)
}

function keyPath(stateDir: string): string {
  return join(stateDir, 'signing-key.pem')
}

async function readSigner(path: string, files: Files): Promise<Signer> {
  const facts = await files.facts(path)
  if (facts?.type !== 'file') {
    throw new RunproofError('KEY_UNUSABLE', `${path} is no regular file`, { hint: 'move it away; a new key is made' })
  }
  if ((facts.mode & 0o077) !== 0) {
    throw new RunproofError('KEY_UNUSABLE', `${path} can be read by others (mode ${facts.mode.toString(8)})`, {
      hint: `chmod 600 ${path}`,
    })
  }
  return signerFromPem(await files.readText(path), path)
}

function signerFromPem(pem: string, path: string): Signer {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`a ${key.asymmetricKeyType} key`)
    return signerOf(key)
  } catch (cause) {
    throw new RunproofError('KEY_UNUSABLE', `${path} holds no Ed25519 private key in PEM`, {
      hint: 'openssl genpkey -algorithm ed25519 makes one',
      cause,
    })
  }
}

/** Key ids that this user trusts: the machine's own key where there is one, and one id or public key PEM file per `--key`. */
export async function trustedKeyIds(signer: Signer | undefined, keys: readonly string[]): Promise<readonly string[]> {
  const ids = signer === undefined ? [] : [signer.keyId]
  for (const key of keys) {
    if (/^sha256:[0-9a-f]{64}$/.test(key)) ids.push(key)
    else ids.push(await keyIdOfFile(key))
  }
  return ids
}

async function keyIdOfFile(path: string): Promise<string> {
  try {
    return keyIdOf(createPublicKey(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new RunproofError('KEY_UNUSABLE', `--key ${path} is neither sha256:<hex> nor a readable public key in PEM`, {
      cause,
    })
  }
}

/**
 * Linking a whole file into place decides who of two first runs makes the key: nobody ever sees half a key, not even after
 * a crash.
 */
async function create(stateDir: string, path: string): Promise<void> {
  const temporary = join(stateDir, `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 })
    {
      await using handle = await open(temporary, 'wx', 0o600)
      const { privateKey } = generateKeyPairSync('ed25519')
      await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }))
      await handle.sync()
    }
    await link(temporary, path)
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw fileError(thrown, path, 'create')
  } finally {
    await rm(temporary, { force: true }).catch(() => {})
  }
}
