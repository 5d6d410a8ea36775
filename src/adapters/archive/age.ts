import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Decryption } from '../../model/archive.ts'
import { RunproofError } from '../../model/error.ts'
import { lookUpProgram } from '../find-program.ts'
import { throughChild } from './through-child.ts'
import { unreadable } from './tree-walk.ts'

/** Encrypts to recipients: with the age program where it is installed (measured 15 times as fast), else in JavaScript. */
export async function* encrypted(
  source: AsyncIterable<Buffer>,
  recipients: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const age = lookUpProgram('age')
  if (age !== undefined) {
    const argv: [string, ...string[]] = [
      age,
      '--encrypt',
      ...recipients.flatMap(recipient => ['--recipient', recipient]),
    ]
    yield* throughChild(source, argv, exit => new RunproofError('COMMAND_FAILED', `age --encrypt ended with ${exit}`), {
      signal,
    })
    return
  }
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  yield* buffersOf(await encrypter.encrypt(webStream(source)))
}

/** @throws RunproofError PARAM_INVALID when a recipient is none; told before any work, since a typo would cost a whole backup */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  const { Encrypter } = await import('age-encryption')
  for (const recipient of recipients) {
    try {
      new Encrypter().addRecipient(recipient)
    } catch (cause) {
      throw new RunproofError('PARAM_INVALID', `${JSON.stringify(recipient)} is not an age recipient`, {
        hint: 'a recipient begins with age1; print it with: age-keygen -y IDENTITY_FILE',
        cause,
      })
    }
  }
}

/** @throws RunproofError DECRYPT_FAILED, TOOL_MISSING, FILE_UNREADABLE */
export async function* decrypted(
  source: AsyncIterable<Buffer>,
  how: Decryption | undefined,
  name: string,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  if (how === undefined) {
    throw new RunproofError('DECRYPT_FAILED', `${name} is encrypted with age and nothing was given to decrypt it`, {
      hint: 'give decrypt-command=, for instance: age --decrypt --identity FILE',
    })
  }
  const failed = (detail: string, cause?: unknown) =>
    new RunproofError('DECRYPT_FAILED', `${name} could not be decrypted: ${detail}`, {
      hint: 'is it the right key, and is the file complete?',
      cause,
    })
  if ('command' in how) {
    yield* throughChild(source, how.command, exit => failed(`${how.command[0]} ended with ${exit}`), {
      env: how.env,
      signal,
    })
    return
  }
  const age = lookUpProgram('age')
  if (age !== undefined) {
    yield* throughChild(
      source,
      [age, '--decrypt', '--identity', how.identityFile],
      exit => failed(`age ended with ${exit}`),
      { signal },
    )
    return
  }
  yield* decryptedHere(source, await readIdentities(how.identityFile), failed)
}

async function* decryptedHere(
  source: AsyncIterable<Buffer>,
  identities: readonly string[],
  failed: (detail: string, cause?: unknown) => RunproofError,
): AsyncGenerator<Buffer> {
  const { Decrypter } = await import('age-encryption')
  let sourceError: unknown
  const guarded = async function* () {
    try {
      yield* source
    } catch (thrown) {
      sourceError = thrown
      throw thrown
    }
  }
  try {
    const decrypter = new Decrypter()
    for (const identity of identities) decrypter.addIdentity(identity)
    yield* buffersOf(await decrypter.decrypt(webStream(guarded())))
  } catch (cause) {
    throw sourceError ?? failed('no identity fits, or the data is damaged', cause)
  }
}

async function readIdentities(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch((thrown: unknown) => {
    throw unreadable(file, thrown)
  })
  const lines = text.split('\n').map(line => line.trim())
  return lines.filter(line => line !== '' && !line.startsWith('#'))
}

/** Copies, since a web stream reads ahead and chunks are only lent. */
function webStream(source: AsyncIterable<Buffer>): ReadableStream<Uint8Array> {
  const copies = async function* () {
    for await (const chunk of source) yield Buffer.from(chunk)
  }
  return Readable.toWeb(Readable.from(copies(), { objectMode: false }))
}

async function* buffersOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const bytes of stream) yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
