import { createReadStream, statSync } from 'node:fs'
import path from 'node:path'
import { detectFormat, MAGIC_BYTES } from '../../archive/magic.ts'
import type { ArchiveFormat, FetchArchive, FetchedArchive } from '../../model/archive.ts'
import { RunproofError } from '../../model/error.ts'
import { StreamChild } from './child.ts'
import { interrupted } from './disk-error.ts'
import { digestFile } from './file-digest.ts'
import { OutputFile } from './output-file.ts'
import { peek } from './peek.ts'
import { describeExit } from './through-child.ts'
import { unreadable } from './tree-walk.ts'

/**
 * Brings an archive within reach as a file, says what its first bytes are and digests it. A file stays where it is;
 * standard input, a pipe and the output of a command are copied, and a copy that fails is removed.
 *
 * @throws as the port says
 */
export async function fetchArchive(options: FetchArchive): Promise<FetchedArchive> {
  const started = performance.now()
  const deadline = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs)
  const signal = AbortSignal.any([options.signal, deadline].filter(one => one !== undefined))
  try {
    const fetched = await fetchWithin(options, signal)
    return { ...fetched, durationMs: performance.now() - started }
  } catch (thrown) {
    if (options.signal?.aborted) throw interrupted('fetching the archive')
    if (!deadline?.aborted) throw thrown
    throw new RunproofError('TIMEOUT', `the archive was not there within ${options.timeoutMs} ms`, {
      hint: 'give it more time, or fetch it beforehand and name the file',
      cause: thrown,
    })
  }
}

async function fetchWithin(options: FetchArchive, signal: AbortSignal): Promise<Omit<FetchedArchive, 'durationMs'>> {
  const { from, directory, fileName = 'archive', allowUnknown = false } = options
  const copy = path.join(directory, fileName)
  if (typeof from === 'object') return copyCommand(from, copy, signal, allowUnknown)
  if (from === '-') return copyStream(() => process.stdin, copy, signal, allowUnknown)
  if (isRegular(from)) {
    const { first } = await peek(createReadStream(from, { end: MAGIC_BYTES - 1 }), MAGIC_BYTES).catch(
      (thrown: unknown) => {
        throw archiveUnreadable(from, thrown)
      },
    )
    const format = detectFormat(first, allowUnknown)
    return { path: from, format, copied: false, ...(await digestFile(from, signal)) }
  }
  return copyStream(() => createReadStream(from), copy, signal, allowUnknown)
}

async function copyCommand(
  from: Exclude<FetchArchive['from'], string>,
  copy: string,
  signal: AbortSignal,
  allowUnknown: boolean,
): Promise<Omit<FetchedArchive, 'durationMs'>> {
  await using children = new AsyncDisposableStack()
  let child: StreamChild | undefined
  const start = () => {
    child = children.use(new StreamChild(from.command, { env: from.env, signal }))
    child.stdin.end()
    return child.stdout
  }
  const finished = async () => {
    const exit = await child!.exit
    if (exit.code === 0) return
    throw new RunproofError(
      'FETCH_FAILED',
      `${from.command[0]} ended with ${describeExit(exit)}; its partial output was removed`,
      {
        hint: 'run the fetch command by itself and see what it says',
      },
    )
  }
  // awaited here, since the child is stopped when this function is left
  return await copyStream(start, copy, signal, allowUnknown, finished)
}

/**
 * @param start - gives the stream, which is read at once: what a child writes before it ends, and nobody reads, is thrown away
 *   by Node
 * @param finished - throws when the end of the stream was not the end of the archive
 */
async function copyStream(
  start: () => AsyncIterable<Buffer> & { destroy(): unknown },
  copy: string,
  signal: AbortSignal,
  allowUnknown: boolean,
  finished: () => Promise<void> = async () => undefined,
): Promise<Omit<FetchedArchive, 'durationMs'>> {
  let stop = () => {}
  try {
    await using file = await OutputFile.create(copy)
    signal.throwIfAborted()
    const source = start()
    stop = () => source.destroy()
    signal.addEventListener('abort', stop, { once: true })
    const { first, whole } = await peek(source, MAGIC_BYTES)
    if (first.length < MAGIC_BYTES) await finished()
    const format: ArchiveFormat = detectFormat(first, allowUnknown)
    for await (const chunk of whole) await file.write(chunk)
    await finished()
    signal.throwIfAborted()
    return { path: copy, format, copied: true, ...(await file.finish()) }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function isRegular(file: string): boolean {
  try {
    const stats = statSync(file)
    if (stats.isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' })
    return stats.isFile()
  } catch (thrown) {
    throw archiveUnreadable(file, thrown)
  }
}

function archiveUnreadable(file: string, thrown: unknown): RunproofError {
  const { message, hint } = unreadable(file, thrown)
  return new RunproofError('ARCHIVE_UNREADABLE', message, { hint, cause: thrown })
}
