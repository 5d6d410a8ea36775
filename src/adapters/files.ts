import { createHash, randomBytes } from 'node:crypto'
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  statfs,
} from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import type { Json } from '../model/check.ts'
import { RunproofError, toRunproofError } from '../model/error.ts'
import type { FileFacts, Files } from '../model/files.ts'
import { Secret } from '../model/secret.ts'
import { errnoOf, fileError } from '../model/system-error.ts'

const READ_LIMIT_BYTES = 64 * 1024 * 1024

/** Devices, pipes and files of the kernel are said to be empty; some of them never end. */
async function readUnsized(handle: FileHandle, path: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of handle.createReadStream({ end: maxBytes, autoClose: false })) {
    chunks.push(chunk as Buffer)
    sizeBytes += (chunk as Buffer).length
  }
  if (sizeBytes > maxBytes)
    throw new RunproofError('FILE_UNREADABLE', `${path} has more than the ${maxBytes} bytes that are read`)
  return Buffer.concat(chunks)
}

/** What to do about a secret that could not be read. */
const WAYS: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: path => `there is no such file: ls -l ${dirname(path)}`,
  ENOTDIR: path => `a part of its path is no directory: ls -l ${dirname(path)}`,
  EISDIR: path => `it is a directory, give the file in it: ls -l ${path}`,
  EACCES: path => `this user may not read it: ls -l ${path}`,
}

function withWay(error: RunproofError, path: string): RunproofError {
  const way = WAYS[errnoOf(error.cause) ?? '']
  return way === undefined ? error : new RunproofError(error.code, error.message, { hint: way(path), cause: error })
}

/** The real file system. */
export const files: Files = {
  async facts(path) {
    try {
      return toFacts(await lstat(path))
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT' || errnoOf(thrown) === 'ENOTDIR') return undefined
      throw fileError(thrown, path, 'look at')
    }
  },

  async readText(path, maxBytes) {
    return Buffer.from(await this.readBytes(path, maxBytes)).toString('utf8')
  },

  async readBytes(path, maxBytes = READ_LIMIT_BYTES) {
    try {
      await using handle = await open(path, 'r')
      const facts = await handle.stat()
      if (facts.size > maxBytes)
        throw new RunproofError('FILE_UNREADABLE', `${path} has ${facts.size} bytes, at most ${maxBytes} are read`)
      return facts.size > 0 ? await handle.readFile() : await readUnsized(handle, path, maxBytes)
    } catch (thrown) {
      throw fileError(thrown, path, 'read')
    }
  },

  async readSecret(path, name) {
    const text = await this.readText(path, 1 << 20).catch(thrown => {
      throw withWay(toRunproofError(thrown), path)
    })
    return new Secret(name, text.trim())
  },

  async readJson(path) {
    const text = await this.readText(path)
    try {
      return JSON.parse(text) as Json
    } catch (cause) {
      throw new RunproofError('STATE_MALFORMED', `${path} is not JSON`, { cause })
    }
  },

  async list(directory) {
    try {
      return (await readdir(directory)).sort()
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return []
      throw fileError(thrown, directory, 'list')
    }
  },

  async walk(directory) {
    try {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true })
      return entries
        .filter(entry => !entry.isDirectory())
        .map(entry => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
        .sort()
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return []
      throw fileError(thrown, directory, 'walk')
    }
  },

  async sha256(path) {
    const hash = createHash('sha256')
    try {
      await using handle = await open(path, 'r')
      const { size } = await handle.stat()
      // No larger than the file: a mebibyte for each of a tree's small ones had kept the garbage collector busy for half a second.
      const buffer = Buffer.allocUnsafeSlow(Math.min(Math.max(size + 1, 1 << 12), 1 << 20))
      for (;;) {
        const { bytesRead } = await handle.read(buffer)
        if (bytesRead === 0) break
        hash.update(buffer.subarray(0, bytesRead))
      }
    } catch (thrown) {
      throw fileError(thrown, path, 'read')
    }
    return hash.digest('hex')
  },

  async treeSha256(path) {
    if ((await this.facts(path))?.type === 'file') return this.sha256(path)
    const hash = createHash('sha256')
    for (const name of await this.walk(path)) {
      const facts = await this.facts(join(path, name))
      hash.update(`${name}\0${facts?.mode.toString(8)}\0${await this.sha256(join(path, name))}\n`)
    }
    return hash.digest('hex')
  },

  async makeDirectory(path) {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 })
    } catch (thrown) {
      throw fileError(thrown, path, 'create')
    }
  },

  async write(path, content, mode = 0o600) {
    const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
    try {
      await refuseSpecial(path)
      {
        await using handle = await open(temporary, 'wx', 0o600)
        // Said outright: the process's umask would narrow the mode that open gets.
        await handle.chmod(mode)
        await handle.writeFile(content instanceof Secret ? content.reveal() : content)
        await handle.sync()
      }
      await rename(temporary, path)
      await syncDirectory(dirname(path))
    } catch (thrown) {
      await rm(temporary, { force: true })
      throw fileError(thrown, path, 'write')
    }
  },

  async remove(path) {
    try {
      await rm(path, { recursive: true, force: true })
    } catch (thrown) {
      throw fileError(thrown, path, 'remove')
    }
  },

  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },

  async sizeBytes(path) {
    const facts = await this.facts(path)
    if (facts?.type === 'file') return facts.sizeBytes
    let total = 0
    for (const name of await this.walk(path)) total += (await this.facts(join(path, name)))?.sizeBytes ?? 0
    return total
  },

  async realPath(path) {
    try {
      return await realpath(path)
    } catch (thrown) {
      throw fileError(thrown, path, 'resolve')
    }
  },
}

/** What a file is renamed to is gone: /dev/null for everyone on the machine, when root asks. A link to a file is replaced. */
async function refuseSpecial(path: string): Promise<void> {
  const facts = await stat(path).catch(() => undefined)
  if (facts === undefined) return
  // As /dev/stdout is, also where that is a file.
  const leadsTo = await readlink(path).catch(() => '')
  if (facts.isFile() && !leadsTo.startsWith('/proc/')) return
  throw new RunproofError('FILE_UNREADABLE', `can't write ${path}: it is no ordinary file`, {
    hint: 'name a file, new or to be replaced',
  })
}

/** A rename is durable only when the directory that holds the new name is on disk. */
export async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}

export async function syncFile(path: string): Promise<void> {
  await using handle = await open(path, 'r+')
  await handle.sync()
}

function toFacts(stats: Awaited<ReturnType<typeof lstat>>): FileFacts {
  const type = stats.isFile()
    ? 'file'
    : stats.isDirectory()
      ? 'directory'
      : stats.isSymbolicLink()
        ? 'symlink'
        : 'other'
  return {
    type,
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    sizeBytes: Number(stats.size),
  }
}
